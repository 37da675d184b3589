// `storage`: what a collection of ten tags takes on the server's disk, and what the servers take in memory beside it. Both sides make
// the collection first and publish the tags second, as people do.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { findPeer } from "../../interop/peers/find.ts";
import { notaryClient } from "../../interop/peers/notary-client.ts";
import { startNotaryPostgres } from "../../interop/peers/notary-server.ts";
import { scratch } from "../../interop/peers/scratch.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { residentBytes } from "../cpu.ts";
import { serverCpu } from "../load.ts";
import { benchTags, fillByNotary } from "../notary-fill.ts";
import { benchClient, fillOurs, startOurServer } from "../ours.ts";
import { type Figure, figures, findValue, type PartReport } from "../report.ts";

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

  if (findPeer("notary") && findPeer("notary-server") && findPeer("notary-signer") && findPeer("postgres")) {
    const stack = running.use(await startNotaryPostgres(directory, { tls: true, cpu: serverCpu }));
    const { url, authority } = stack;
    const client = notaryClient({ url, authority, trustDirectory: directory.at("notary-trust") });
    const before = await stack.databaseBytes();
    for (let index = 0; index < collections; index++) await fillByNotary(client, gun(index), tags);
    const pids = stack.processes.map(({ pid }) => pid);
    add("notary-pg", (await stack.databaseBytes()) - before, residentBytes(pids));
  }
  const value = (subject: string) => findValue(all, "a collection of 10 tags", subject, "bytes on disk");
  const [mine, theirs] = [value("countersign"), value("notary-pg")];
  const ratio = mine === undefined || theirs === undefined ? [] : [mine / theirs];
  return {
    part: "storage",
    figures: all,
    targets: ratio.map((one) => {
      return {
        name: "database bytes, per dialect",
        of: "x pg",
        value: one,
        must: 0.8,
        moonshot: 0.5,
        better: "lower" as const,
      };
    }),
    notes: [`over ${collections} collections; ours per dialect, of two; without write-ahead logs`],
  };
}

function directoryBytes(path: string): number {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
