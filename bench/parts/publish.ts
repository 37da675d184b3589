// `publish`: many publishers at once. Each of 64 owns a collection and adds one tag after the other; then new collections are born, one
// after the other per publisher. Everything is signed before the clock starts: what is measured is the server, and what it
// acknowledged is durable (but for notary-mem).
import { findPeer } from "../../interop/peers/find.ts";
import { startNotaryMemory, startNotaryPostgres } from "../../interop/peers/notary-server.ts";
import { type Scratch, scratch } from "../../interop/peers/scratch.ts";
import type { Publication } from "../../src/publish/index.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { cpuMs } from "../cpu.ts";
import { serverCpu } from "../load.ts";
import { startOurServer } from "../ours.ts";
import {
  type BenchPublisher,
  openBenchPublisher,
  type PublishTarget,
  prepareRow,
  type TrustServerAt,
} from "../prepared.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";

interface Contender {
  readonly name: string;
  readonly pids: readonly number[];
  readonly at: TrustServerAt;
}

interface Rate {
  readonly perSecond: number;
  readonly cpuMsEach: number;
}

const publishers = 64;
const distinctCase = "64 publishers, a collection each";
const bornCase = "new collections, 16 at once";

export async function benchPublish(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-publish");
  await using running = new AsyncDisposableStack();
  const contenders = await startAll(directory, running, settings);
  const all: Figure[] = [];
  let round = 0;
  const measureAll = async (name: string, measure: (contender: Contender, label: string) => Promise<Rate>) => {
    const subjects = contenders.map((contender) => ({
      name: contender.name,
      measure: () => measure(contender, `${contender.name}-${round++}`),
    }));
    const results = await interleave(settings.short ? 2 : settings.rounds, subjects);
    const pick = (of: (rate: Rate) => number) =>
      new Map([...results].map(([subject, rates]) => [subject, rates.map(of)]));
    all.push(
      ...figures(
        name,
        "a second",
        pick(({ perSecond }) => perSecond),
      ),
    );
    all.push(
      ...figures(
        name,
        "server CPU ms each",
        pick(({ cpuMsEach }) => cpuMsEach),
      ),
    );
  };
  const rowLength = settings.short ? 2 : 8;
  await measureAll(distinctCase, (contender, label) => distinctPublishers(contender, label, rowLength));
  await measureAll(bornCase, (contender, label) => newCollections(contender, label, settings.short ? 40 : 200));
  const notes = [
    `each round ${publishers} x ${rowLength} publishes; ours in both dialects, with preflight by readers' code on the server`,
    "the client's processor may be the limit of the fastest server here",
  ];
  return { part: "publish", figures: all, targets: targets(all), notes };
}

function targets(all: readonly Figure[]): readonly Target[] {
  const ours = findValue(all, distinctCase, "countersign", "a second");
  const cpu = findValue(all, distinctCase, "countersign", "server CPU ms each");
  const [born, bornPg] = ["countersign", "notary-pg"].map((name) => findValue(all, bornCase, name, "a second"));
  const rows: readonly (Target | undefined)[] = [
    ours === undefined
      ? undefined
      : {
          name: "64 publishers, distinct, durable, embedded",
          of: "a second",
          value: ours,
          must: 350,
          moonshot: 1000,
          better: "higher",
        },
    cpu === undefined
      ? undefined
      : {
          name: "publish, server CPU, up to 100 tags, durable",
          of: "ms",
          value: cpu,
          must: 3.3,
          moonshot: 1,
          better: "lower",
        },
    born === undefined || bornPg === undefined
      ? undefined
      : {
          name: "time of new collections",
          of: "x pg",
          value: bornPg / born,
          must: 0.1,
          moonshot: 0.02,
          better: "lower",
        },
  ];
  return rows.filter((row) => row !== undefined);
}

async function distinctPublishers({ at, pids }: Contender, label: string, rowLength: number): Promise<Rate> {
  using publisher = await openBenchPublisher(at);
  const rows: { target: PublishTarget; row: readonly Publication[] }[] = [];
  for (let index = 0; index < publishers; index++) {
    const target = publisher.collection(`bench.example/publish/${label}/${index}`);
    const first = await target.begin();
    await target.publish(first);
    rows.push({ target, row: await prepareRow(first, publisher.signers, rowLength) });
  }
  return timed(pids, publishers * rowLength, () =>
    Promise.all(
      rows.map(async ({ target, row }) => {
        for (const publication of row) await target.publish(publication);
      }),
    ),
  );
}

async function newCollections({ at, pids }: Contender, label: string, count: number): Promise<Rate> {
  using publisher: BenchPublisher = await openBenchPublisher(at);
  const names = Array.from({ length: count }, (_, index) => `bench.example/born/${label}/${index}`).values();
  const worker = async () => {
    for (const name of names) {
      const target = publisher.collection(name);
      await target.publish(await target.begin());
    }
  };
  return timed(pids, count, () => Promise.all(Array.from({ length: 16 }, worker)));
}

async function timed(pids: readonly number[], count: number, work: () => Promise<unknown>): Promise<Rate> {
  const before = cpuMs(pids);
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: count / seconds, cpuMsEach: (cpuMs(pids) - before) / count };
}

async function startAll(
  directory: Scratch,
  running: AsyncDisposableStack,
  settings: BenchSettings,
): Promise<readonly Contender[]> {
  const contenders: Contender[] = [];
  const server = running.use(
    await startOurServer(directory, { program: settings.program, cpu: serverCpu, tls: false }),
  );
  contenders.push({ name: "countersign", pids: [server.process.pid], at: { ...server, takesBoth: true } });
  if (findPeer("notary-server") === undefined || findPeer("openssl") === undefined) return contenders;
  const peers = [{ name: "notary-mem", start: startNotaryMemory }];
  if (findPeer("postgres") && findPeer("notary-signer")) peers.push({ name: "notary-pg", start: startNotaryPostgres });
  for (const { name, start } of peers) {
    const peer = running.use(await start(directory, { cpu: serverCpu }));
    contenders.push({ name, pids: peer.processes.map(({ pid }) => pid), at: { ...peer, takesBoth: false } });
  }
  return contenders;
}
