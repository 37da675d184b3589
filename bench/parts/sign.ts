// `sign`: one more tag added to a collection and published, as a whole process from start to end beside `notary addhash -p`, and what
// that publish costs the servers in processor time.
import { findPeer } from "../../interop/peers/find.ts";
import { notaryClient } from "../../interop/peers/notary-client.ts";
import { startNotaryPostgres } from "../../interop/peers/notary-server.ts";
import { scratch } from "../../interop/peers/scratch.ts";
import { type BenchSettings, tagSizes } from "../bench-settings.ts";
import { cpuMs } from "../cpu.ts";
import { loadCpu, serverCpu } from "../load.ts";
import { benchTags, benchTarget, fillByNotary } from "../notary-fill.ts";
import { benchClient, fillOurs, startOurServer } from "../ours.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";

interface Published {
  readonly wallMs: number;
  readonly serverMs: number;
}

interface Publisher {
  readonly name: string;
  readonly pids: readonly number[];
  fill(gun: string, tags: readonly string[]): Promise<void>;
  sign(gun: string, tag: string): Promise<number>;
}

export async function benchSign(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-sign");
  await using running = new AsyncDisposableStack();
  const publishers: Publisher[] = [];
  const server = running.use(await startOurServer(directory, { program: settings.program, cpu: serverCpu }));
  const ours = benchClient(directory, server, settings.program, loadCpu);
  publishers.push({
    name: "countersign",
    pids: [server.process.pid],
    fill: (gun, tags) => fillOurs(ours, server, gun, tags),
    sign: async (gun, tag) => {
      const { sha256, length } = benchTarget(tag);
      const content = ["--digest", `sha256:${sha256.toString("hex")}`, "--length", String(length)];
      return (await ours.ok("sign", `${gun}:${tag}`, ...content)).wallMs;
    },
  });
  if (findPeer("notary") && findPeer("notary-server") && findPeer("notary-signer") && findPeer("postgres")) {
    const stack = running.use(await startNotaryPostgres(directory, { tls: true, cpu: serverCpu }));
    const { url, authority, processes } = stack;
    const client = notaryClient({ url, authority, trustDirectory: directory.at("notary-trust"), cpu: loadCpu });
    publishers.push({
      name: "notary-pg",
      pids: processes.map(({ pid }) => pid),
      fill: (gun, tags) => fillByNotary(client, gun, tags),
      sign: async (gun, tag) => {
        const { sha256, length } = benchTarget(tag);
        const args = ["addhash", "-p", gun, tag, String(length), "--sha256", sha256.toString("hex")];
        return (await client.ok(...args)).wallMs;
      },
    });
  }

  const all: Figure[] = [];
  let next = 0;
  for (const count of settings.short ? tagSizes.short : tagSizes.full) {
    const gun = `bench.example/sign/tags-${count}`;
    for (const publisher of publishers) await publisher.fill(gun, benchTags(count));
    const subjects = publishers.map(({ name, pids, sign }) => ({
      name,
      measure: async (): Promise<Published> => {
        const before = cpuMs(pids);
        const wallMs = await sign(gun, `w${next++}`);
        return { wallMs, serverMs: cpuMs(pids) - before };
      },
    }));
    await interleave(1, subjects);
    const rounds = settings.short || count >= 10_000 ? settings.rounds : settings.rounds * 2;
    const results = await interleave(rounds, subjects);
    const pick = (of: (one: Published) => number) =>
      new Map([...results].map(([name, rounds]) => [name, rounds.map(of)]));
    all.push(
      ...figures(
        caseName(count),
        "ms",
        pick(({ wallMs }) => wallMs),
      ),
    );
    // The clock of /proc ticks in 10 ms: a mean over the rounds says more than any single one.
    const means = new Map([...pick(({ serverMs }) => serverMs)].map(([name, rounds]) => [name, [mean(rounds)]]));
    all.push(...figures(caseName(count), "server CPU ms", means));
  }
  const notes = [
    "ours signs two dialects, adds snapshot and timestamp in both and reads the collection back before it says done",
  ];
  return { part: "sign", figures: all, targets: targets(all), notes };
}

function targets(all: readonly Figure[]): readonly Target[] {
  const largest = caseName(100_000);
  const ratio = (unit: string): number | undefined => {
    const [ours, theirs] = [findValue(all, largest, "countersign", unit), findValue(all, largest, "notary-pg", unit)];
    return ours === undefined || theirs === undefined ? undefined : ours / theirs;
  };
  const [wall, cpu] = [ratio("ms"), ratio("server CPU ms")];
  const rows: readonly (Target | undefined)[] = [
    cpu === undefined
      ? undefined
      : {
          name: "publish into 100,000 tags, server CPU",
          of: "x pg",
          value: cpu,
          must: 0.2,
          moonshot: 0.1,
          better: "lower",
        },
    wall === undefined
      ? undefined
      : {
          name: "add and publish into 100,000",
          of: "x notary",
          value: wall,
          must: 0.4,
          moonshot: 0.15,
          better: "lower",
        },
  ];
  return rows.filter((row) => row !== undefined);
}

function caseName(count: number): string {
  return `add and publish, ${count.toLocaleString("en")} tags`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
