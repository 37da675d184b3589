// The servers under a publishing load, each with everything it stands on, pinned to one processor: ours, and notary-server in its two
// shapes. Without TLS, so that what is measured is the publishing.
import { findPeer } from "../interop/peers/find.ts";
import { startNotaryMemory, startNotaryPostgres } from "../interop/peers/notary-server.ts";
import { startPostgres } from "../interop/peers/postgres.ts";
import type { Scratch } from "../interop/peers/scratch.ts";
import type { BenchSettings } from "./bench-settings.ts";
import { serverCpu } from "./load.ts";
import { startOurServer } from "./ours.ts";
import type { TrustServerAt } from "./prepared.ts";

export interface Contender {
  readonly name: ContenderName;
  readonly pids: readonly number[];
  readonly at: TrustServerAt;
}

export type ContenderName = "countersign" | "countersign-pg" | "notary-mem" | "notary-pg";

/** Those of the names whose programs are on this machine. */
export async function startContenders(
  directory: Scratch,
  running: AsyncDisposableStack,
  settings: BenchSettings,
  names: readonly ContenderName[],
): Promise<readonly Contender[]> {
  const contenders: Contender[] = [];
  for (const name of names) {
    const contender = await start(name, directory, running, settings);
    if (contender !== undefined) contenders.push(contender);
  }
  return contenders;
}

async function start(
  name: ContenderName,
  directory: Scratch,
  running: AsyncDisposableStack,
  settings: BenchSettings,
): Promise<Contender | undefined> {
  if (name === "countersign") {
    const options = { program: settings.program, cpu: serverCpu, tls: false };
    const server = running.use(await startOurServer(directory, options));
    return { name, pids: [server.process.pid], at: { ...server, takesBoth: true } };
  }
  if (name === "countersign-pg") {
    if (findPeer("postgres") === undefined) return undefined;
    const postgres = running.use(await startPostgres(directory, serverCpu));
    const env = { COUNTERSIGN_DATABASE: await postgres.createDatabase("countersign") };
    const options = { name, program: settings.program, cpu: serverCpu, tls: false, env };
    const server = running.use(await startOurServer(directory, options));
    return { name, pids: [server.process.pid, postgres.process.pid], at: { ...server, takesBoth: true } };
  }
  const isHere = (["notary-server", "openssl"] as const).every((peer) => findPeer(peer) !== undefined);
  if (!isHere || (name === "notary-pg" && !(findPeer("postgres") && findPeer("notary-signer")))) return undefined;
  const startPeer = name === "notary-mem" ? startNotaryMemory : startNotaryPostgres;
  const peer = running.use(await startPeer(directory, { cpu: serverCpu }));
  return { name, pids: peer.processes.map(({ pid }) => pid), at: { ...peer, takesBoth: false } };
}
