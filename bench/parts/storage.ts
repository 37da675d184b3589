// `storage`: what a collection of ten tags takes on the server's disk, and what the servers take in memory beside it. Both sides make
// the collection first and publish the tags second, as people do; what is uploaded to both is the same, but for the second dialect.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { findPeer, type PeerName } from "../../interop/peers/find.ts";
import { startNotaryPostgres } from "../../interop/peers/notary-server.ts";
import { startPostgres } from "../../interop/peers/postgres.ts";
import { type Scratch, scratch } from "../../interop/peers/scratch.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { residentBytes } from "../cpu.ts";
import { serverCpu } from "../load.ts";
import { startOurServer } from "../ours.ts";
import { openBenchPublisher, prepareRow, type TrustServerAt } from "../prepared.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { sendOk, Wire } from "../wire.ts";

const tags = 10;
const bytesCase = `a collection of ${tags} tags`;

interface Taken {
  /** For all collections, in one dialect. */
  readonly bytes: number;
  readonly residentBytes: number;
}

export async function benchStorage(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-storage");
  // Few enough to be quick, and enough that a page more or less of the database does not matter.
  const collections = settings.short ? 60 : 1_000;
  const all: Figure[] = [];
  const add = (subject: string, { bytes, residentBytes: resident }: Taken) => {
    all.push(...figures(bytesCase, "bytes on disk", new Map([[subject, [bytes / collections]]])));
    all.push(...figures("server after that", "resident MB", new Map([[subject, [resident / 1e6]]])));
  };
  const isHere = (...peers: readonly PeerName[]) => peers.every((peer) => findPeer(peer) !== undefined);
  add("countersign", await onSqlite(directory, settings.program, collections));
  if (isHere("postgres")) add("countersign-pg", await onPostgres(directory, settings.program, collections));
  if (isHere("postgres", "notary-server", "notary-signer", "openssl")) {
    add("notary-pg", await atNotary(directory, collections));
  }
  const value = (subject: string) => findValue(all, bytesCase, subject, "bytes on disk") ?? Number.NaN;
  const target = (name: string, subject: string): Target => {
    return { name, of: "x pg", value: value(subject) / value("notary-pg"), must: 0.8, moonshot: 0.5, better: "lower" };
  };
  const targets = [
    target("database bytes, per dialect", "countersign"),
    target("same on PostgreSQL", "countersign-pg"),
  ];
  return {
    part: "storage",
    figures: all,
    targets: targets.filter((each) => !Number.isNaN(each.value)),
    notes: [`over ${collections} collections; ours per dialect, of two; without write-ahead logs`],
  };
}

// Ours hold two dialects, each with every document: the reference counts per dialect.

async function onSqlite(directory: Scratch, program: string, collections: number): Promise<Taken> {
  await using server = await startOurServer(directory, { program, cpu: serverCpu, tls: false });
  await fill({ ...server, takesBoth: true }, collections);
  const resident = residentBytes([server.process.pid]);
  // Stopped in good order, so that the write-ahead log is home; PostgreSQL's figure leaves its own log out too.
  await server.process.stop();
  return { bytes: directoryBytes(server.dataDirectory) / 2, residentBytes: resident };
}

async function onPostgres(directory: Scratch, program: string, collections: number): Promise<Taken> {
  await using postgres = await startPostgres(directory, serverCpu);
  const env = { COUNTERSIGN_DATABASE: await postgres.createDatabase("countersign") };
  await using server = await startOurServer(directory, { name: "pg", program, cpu: serverCpu, tls: false, env });
  const size = async () => Number(await postgres.query("countersign", "SELECT pg_database_size('countersign')"));
  const before = await size();
  await fill({ ...server, takesBoth: true }, collections);
  const resident = residentBytes([server.process.pid, postgres.process.pid]);
  return { bytes: ((await size()) - before) / 2, residentBytes: resident };
}

async function atNotary(directory: Scratch, collections: number): Promise<Taken> {
  await using stack = await startNotaryPostgres(directory, { cpu: serverCpu });
  const before = await stack.databaseBytes();
  await fill({ ...stack, takesBoth: false }, collections);
  const resident = residentBytes(stack.processes.map(({ pid }) => pid));
  return { bytes: (await stack.databaseBytes()) - before, residentBytes: resident };
}

async function fill(at: TrustServerAt, collections: number): Promise<void> {
  using publisher = await openBenchPublisher(at);
  using wire = await Wire.open(at.url);
  for (let index = 0; index < collections; index++) {
    const target = publisher.collection(`bench.example/storage/collection-${index}`);
    const first = await target.begin();
    for (const publication of [first, ...(await prepareRow(first, publisher.signers, 0, tags))]) {
      await sendOk(wire, target.request(publication));
    }
  }
}

function directoryBytes(path: string): number {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
