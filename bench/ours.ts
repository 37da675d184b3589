// Our own server and client for the bench: the built package, as users run it, and collections of many tags filled in one publish.
import { countersignClient, type OurClient, type OurServer, startOurServer } from "../interop/peers/countersign.ts";
import type { Scratch } from "../interop/peers/scratch.ts";

export { startOurServer };

export function benchClient(directory: Scratch, server: OurServer, program: string, cpu?: number): OurClient {
  const { url, authority } = server;
  return countersignClient({ url, authority, home: directory.at("our-home"), program, cpu });
}
