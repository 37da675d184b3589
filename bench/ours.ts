// Our own server and client for the bench: the built package, as users run it, and collections of many tags filled in one publish by the
// flow that `countersign sign` runs.
import { countersignClient, type OurClient, type OurServer, startOurServer } from "../interop/peers/countersign.ts";
import { testPassphrase } from "../interop/peers/notary-client.ts";
import type { Scratch } from "../interop/peers/scratch.ts";
import { parseDigest, parseGun, parseTargetName, systemClock } from "../src/bytes/index.ts";
import { connect, contentOfDigest, initCollection, keyPlaces, openKeyRing, signTargets } from "../src/flows/index.ts";
import { benchTarget } from "./notary-fill.ts";

export { type OurServer, startOurServer };

export function benchClient(
  directory: Scratch,
  server: OurServer,
  program: string,
  cpu?: number,
  name = "our-home",
): OurClient {
  const { url, authority } = server;
  return countersignClient({ url, authority, home: directory.at(name), program, cpu });
}

/** Makes the collection with the client's keys and publishes the tags in one go: two publishes, as people do it. */
export async function fillOurs(
  client: OurClient,
  server: OurServer,
  name: string,
  tags: readonly string[],
): Promise<void> {
  const env = { COUNTERSIGN_HOME: client.home, HOME: client.home };
  const connections = connect({ env, clock: systemClock, server: server.url, tlsCa: server.authority });
  try {
    const gun = parseGun(name);
    const ports = await connections.portsFor(gun);
    const places = keyPlaces(connections.home.locations, env);
    const passphrases = async () => testPassphrase;
    await initCollection(ports, { gun, places, passphrases, rootKey: undefined, kit: undefined });
    const ring = await openKeyRing(places, passphrases);
    const targets = tags.map((tag) => {
      const { sha256, length } = benchTarget(tag);
      const digest = parseDigest(`sha256:${sha256.toString("hex")}`);
      return { name: parseTargetName(tag), content: contentOfDigest(tag, digest, length) };
    });
    await signTargets(ports, { gun, targets, role: undefined, pins: [], publisher: undefined, ring });
  } finally {
    connections.close();
  }
}
