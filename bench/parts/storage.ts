// `storage`: what a collection of ten tags takes on the server's disk, and what the servers take in memory beside it. Both sides make
// the collection first and publish the tags second, as people do.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { findPeer } from "../../interop/peers/find.ts";
import { notaryClient } from "../../interop/peers/notary-client.ts";
import { startNotaryPostgres } from "../../interop/peers/notary-server.ts";
import { startPostgres } from "../../interop/peers/postgres.ts";
import { scratch } from "../../interop/peers/scratch.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { residentBytes } from "../cpu.ts";
import { serverCpu } from "../load.ts";
import { benchTags, fillByNotary } from "../notary-fill.ts";
import { benchClient, fillOurs, startOurServer } from "../ours.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";

const tags = benchTags(10);

export async function benchStorage(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-storage");
  await using running = new AsyncDisposableStack();
  const collections = settings.short ? 15 : 200;
  const all: Figure[] = [];
  const add = (subject: string, bytes: number, resident: number) => {
    all.push(...figures("a collection of 10 tags", "bytes on disk", new Map([[subject, [bytes / collections]]])));
    all.push(...figures("server at rest", "resident MB", new Map([[subject, [resident / 1e6]]])));
  };
  const gun = (index: number) => `bench.example/storage/collection-${index}`;

  const server = running.use(await startOurServer(directory, { program: settings.program, cpu: serverCpu }));
  const ours = benchClient(directory, server, settings.program);
  for (let index = 0; index < collections; index++) await fillOurs(ours, server, gun(index), tags);
  const resident = residentBytes([server.process.pid]);
  // Stopped in good order, so that the write-ahead log is home; PostgreSQL's figure leaves its own log out too.
  await server.process.stop();
  // Two dialects, each with every document: the reference counts per dialect.
  add("countersign", directoryBytes(server.dataDirectory) / 2, resident);

  if (findPeer("postgres")) {
    const postgres = running.use(await startPostgres(directory, serverCpu));
    const env = { COUNTERSIGN_DATABASE: await postgres.createDatabase("countersign") };
    const size = async () => Number(await postgres.query("countersign", "SELECT pg_database_size('countersign')"));
    const options = { name: "trust-server-pg", program: settings.program, cpu: serverCpu, env };
    const onPostgres = running.use(await startOurServer(directory, options));
    const before = await size();
    const client = benchClient(directory, onPostgres, settings.program, undefined, "our-home-pg");
    for (let index = 0; index < collections; index++) await fillOurs(client, onPostgres, gun(index), tags);
    add("countersign-pg", ((await size()) - before) / 2, residentBytes([onPostgres.process.pid, postgres.process.pid]));
  }

  if (findPeer("notary") && findPeer("notary-server") && findPeer("notary-signer") && findPeer("postgres")) {
    const stack = running.use(await startNotaryPostgres(directory, { tls: true, cpu: serverCpu }));
    const { url, authority } = stack;
    const client = notaryClient({ url, authority, trustDirectory: directory.at("notary-trust") });
    const before = await stack.databaseBytes();
    for (let index = 0; index < collections; index++) await fillByNotary(client, gun(index), tags);
    const pids = stack.processes.map(({ pid }) => pid);
    add("notary-pg", (await stack.databaseBytes()) - before, residentBytes(pids));
  }
  const value = (subject: string) => findValue(all, "a collection of 10 tags", subject, "bytes on disk") ?? Number.NaN;
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

function directoryBytes(path: string): number {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
