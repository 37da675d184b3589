// `reads`: what a registry's worth of readers costs. The current timestamp, and snapshot and targets by hash as old clients ask for
// them, from every server in one interleaved run; and the same timestamp over a new TLS connection for each request.
import { findPeer } from "../../interop/peers/find.ts";
import { notaryClient } from "../../interop/peers/notary-client.ts";
import { startNotaryMemory, startNotaryPostgres } from "../../interop/peers/notary-server.ts";
import { type Scratch, scratch } from "../../interop/peers/scratch.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { type LoadResult, load, serverCpu } from "../load.ts";
import { benchTags, fillByNotary } from "../notary-fill.ts";
import { benchClient, fillOurs, startOurServer } from "../ours.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";
import { type Bodies, startBareNode, startNginx } from "../yardsticks.ts";

/** A server with both collections on it. */
interface Served {
  readonly name: string;
  readonly url: string;
  readonly tlsUrl: string | undefined;
  readonly pids: readonly number[];
  /** Case -> URL path. */
  readonly paths: ReadonlyMap<string, string>;
}

const guns = { small: "bench.example/reads/thousand", large: "bench.example/reads/hundred-thousand" } as const;
const timestampCase = "timestamp.json";
const tlsCase = "timestamp.json, TLS connection each";

export async function benchReads(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-reads");
  await using running = new AsyncDisposableStack();
  const served = await startAll(directory, running, settings);
  const cases = [...(served[0]?.paths.keys() ?? [])];
  const all: Figure[] = [];
  for (const name of [...cases, tlsCase]) {
    const reconnect = name === tlsCase;
    const subjects = served.flatMap((server) => {
      const path = server.paths.get(reconnect ? timestampCase : name);
      const base = reconnect ? server.tlsUrl : server.url;
      if (path === undefined || base === undefined) return [];
      const connections = name.includes("100,000") ? 8 : 32;
      const options = { connections, seconds: settings.short ? 1 : 3, reconnect, pids: server.pids };
      return [{ name: server.name, measure: () => load(base + path, options) }];
    });
    const results = await interleave(settings.short ? 2 : settings.rounds, subjects);
    const pick = (of: (result: LoadResult) => number) =>
      new Map([...results].map(([subject, rounds]) => [subject, rounds.map(of)]));
    all.push(
      ...figures(
        name,
        "req/s",
        pick((result) => result.perSecond),
      ),
    );
    all.push(
      ...figures(
        name,
        "CPU us",
        pick((result) => result.cpuUsPerRequest),
      ),
    );
    all.push(
      ...figures(
        name,
        "p99 ms",
        pick((result) => result.p99Ms),
      ),
    );
  }
  const notes = [
    "one processor for every server stack, another for the load; 32 connections, 8 for 100,000 tags",
    "notary-pg is notary-server, notary-signer and PostgreSQL; notary-mem keeps nothing on disk",
  ];
  return { part: "reads", figures: all, targets: targets(all), notes };
}

/** Requests a second of one core are taken from the processor time of each: the rate itself moves with the machine's other work. */
function targets(all: readonly Figure[]): readonly Target[] {
  const ratio = (name: string, unit: string): number | undefined => {
    const [ours, node] = [findValue(all, name, "countersign", unit), findValue(all, name, "node", unit)];
    return ours === undefined || node === undefined ? undefined : ours / node;
  };
  const lower = (name: string, unit: string, label: string, must: number, moonshot: number): readonly Target[] => {
    const value = ratio(name, unit);
    return value === undefined ? [] : [{ name: label, of: "x node", value, must, moonshot, better: "lower" }];
  };
  const perCore = (name: string, label: string, must: number, moonshot: number): readonly Target[] => {
    const value = ratio(name, "CPU us");
    return value === undefined
      ? []
      : [{ name: label, of: "x node", value: 1 / value, must, moonshot, better: "higher" }];
  };
  return [
    ...perCore(timestampCase, "timestamp GET, req/s a core", 0.5, 0.8),
    ...perCore("snapshot by hash", "snapshot GET, req/s a core", 0.5, 0.8),
    ...perCore("targets by hash, 1,000 tags", "targets GET, 1,000 tags, req/s a core", 0.6, 0.9),
    ...perCore("targets by hash, 100,000 tags", "targets GET, 100,000 tags, req/s a core", 0.6, 0.9),
    ...lower(timestampCase, "CPU us", "CPU a timestamp GET", 2, 1.25),
    ...lower(timestampCase, "p99 ms", "p99 at 32 connections", 4, 1.5),
    ...perCore(tlsCase, "one TLS connection a request", 0.8, 0.95),
  ];
}

async function startAll(
  directory: Scratch,
  running: AsyncDisposableStack,
  settings: BenchSettings,
): Promise<readonly Served[]> {
  const tagCounts = settings.short ? [1_000] : [1_000, 100_000];
  const served: Served[] = [];
  const { program } = settings;
  const plain = running.use(await startOurServer(directory, { program, tls: false, cpu: serverCpu, name: "plain" }));
  const secure = running.use(await startOurServer(directory, { program, tls: true, cpu: serverCpu, name: "tls" }));
  const [client, secureClient] = [
    benchClient(directory, plain, program),
    benchClient(directory, secure, program, undefined, "tls"),
  ];
  for (const count of tagCounts) await fillOurs(client, plain, gunOf(count), benchTags(count));
  await fillOurs(secureClient, secure, gunOf(1_000), benchTags(1_000));
  const paths = await casePaths(plain.url, tagCounts);
  const pids = [plain, secure].map((server) => server.process.pid);
  served.push({ name: "countersign", url: plain.url, tlsUrl: secure.url, pids, paths: paths.paths });

  for (const tls of [false, true]) {
    const servers = [
      { name: "node", start: () => startBareNode(directory, paths.bodies, tls) },
      ...(findPeer("nginx") ? [{ name: "nginx", start: () => startNginx(directory, paths.bodies, tls) }] : []),
    ];
    for (const { name, start } of servers) {
      const { url, processes } = running.use(await start());
      const pids = processes.map(({ pid }) => pid);
      const plainOne = served.find((one) => one.name === name);
      if (plainOne === undefined) served.push({ name, url, tlsUrl: undefined, pids, paths: paths.paths });
      else served[served.indexOf(plainOne)] = { ...plainOne, tlsUrl: url, pids: [...plainOne.pids, ...pids] };
    }
  }
  if (findPeer("notary-server") && findPeer("notary") && findPeer("openssl")) {
    const memory = running.use(await startNotaryMemory(directory, { cpu: serverCpu }));
    served.push(await notaryServed("notary-mem", directory, memory, undefined, tagCounts));
    if (findPeer("postgres") && findPeer("notary-signer")) {
      const options = { tls: true, alsoPlain: true, cpu: serverCpu };
      const postgres = running.use(await startNotaryPostgres(directory, options));
      const plainFront = { ...postgres, url: postgres.plainUrl ?? postgres.url, authority: undefined };
      served.push(await notaryServed("notary-pg", directory, plainFront, postgres.url, tagCounts));
    }
  }
  return served;
}

async function notaryServed(
  name: string,
  directory: Scratch,
  server: Awaited<ReturnType<typeof startNotaryMemory>>,
  tlsUrl: string | undefined,
  tagCounts: readonly number[],
): Promise<Served> {
  const { url, authority, processes } = server;
  const client = notaryClient({ url, authority, trustDirectory: directory.at(`trust-${name}`) });
  for (const count of tagCounts) await fillByNotary(client, gunOf(count), benchTags(count));
  const { paths } = await casePaths(url, tagCounts);
  return { name, url, tlsUrl, pids: processes.map(({ pid }) => pid), paths };
}

function gunOf(count: number): string {
  return count === 1_000 ? guns.small : guns.large;
}

/** Walks each collection as a client does, for the paths by hash. */
async function casePaths(url: string, tagCounts: readonly number[]) {
  const paths = new Map<string, string>();
  const bodies = new Map<string, Uint8Array>();
  const read = async (path: string): Promise<Buffer> => {
    const response = await fetch(url + path);
    if (!response.ok) throw new Error(`${url}${path}: ${response.status}`);
    const body = Buffer.from(await response.arrayBuffer());
    bodies.set(path, body);
    return body;
  };
  for (const count of tagCounts) {
    const base = `/v2/${gunOf(count)}/_trust/tuf`;
    const timestamp = listedHash(await read(`${base}/timestamp.json`), "snapshot");
    const snapshotPath = `${base}/snapshot.${timestamp}.json`;
    const targetsPath = `${base}/targets.${listedHash(await read(snapshotPath), "targets")}.json`;
    await read(targetsPath);
    if (count === 1_000) paths.set(timestampCase, `${base}/timestamp.json`).set("snapshot by hash", snapshotPath);
    paths.set(`targets by hash, ${count.toLocaleString("en")} tags`, targetsPath);
  }
  return { paths, bodies } satisfies { paths: ReadonlyMap<string, string>; bodies: Bodies };
}

/** The hex SHA-256 that a notary1 document lists for another. */
function listedHash(document: Buffer, role: string): string {
  const { signed }: { signed: { meta: Record<string, { hashes: { sha256: string } }> } } = JSON.parse(
    document.toString(),
  );
  return Buffer.from(signed.meta[role]?.hashes.sha256 ?? "", "base64").toString("hex");
}
