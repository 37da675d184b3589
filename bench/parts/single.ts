// `single`: one publisher alone, one tag after the other: from a new collection up to 100 tags, and on top of 1,000. Nothing is shared
// with anybody, each publish waits for its own place on the disk, and what is counted is the processor time of all that serves it.
import { scratch } from "../../interop/peers/scratch.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { type Contender, startContenders } from "../contenders.ts";
import { cpuMs } from "../cpu.ts";
import { openBenchPublisher, prepareRow } from "../prepared.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";
import { sendOk, Wire } from "../wire.ts";

interface Cost {
  readonly cpuMsEach: number;
  readonly wallMsEach: number;
}

interface Size {
  readonly name: string;
  /** Published at once before the clock starts. */
  readonly before: number;
  readonly publishes: number;
}

const upTo100: Size = { name: "one tag after the other, 1 to 100", before: 0, publishes: 100 };
const into1000: Size = { name: "one more tag into 1,000", before: 1_000, publishes: 20 };

export async function benchSingle(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-single");
  await using running = new AsyncDisposableStack();
  const contenders = await startContenders(directory, running, settings, [
    "countersign",
    "countersign-pg",
    "notary-pg",
  ]);
  const all: Figure[] = [];
  let round = 0;
  // In this order: by the time of the small ones every server has warmed up.
  for (const size of [into1000, upTo100]) {
    const subjects = contenders.map((contender) => ({
      name: contender.name,
      measure: () => publishAlone(contender, `bench.example/single/${contender.name}-${round++}`, size),
    }));
    const results = await interleave(settings.short ? 2 : settings.rounds, subjects);
    const pick = (of: (cost: Cost) => number) =>
      new Map([...results].map(([subject, costs]) => [subject, costs.map(of)]));
    const [cpu, wall] = [pick(({ cpuMsEach }) => cpuMsEach), pick(({ wallMsEach }) => wallMsEach)];
    all.push(...figures(size.name, "server CPU ms", cpu), ...figures(size.name, "wall ms", wall));
  }
  const target: Target = {
    name: "publish, server CPU, up to 100 tags, durable",
    of: "ms",
    value: findValue(all, upTo100.name, "countersign", "server CPU ms") ?? Number.NaN,
    must: 3.3,
    moonshot: 1,
    better: "lower",
  };
  return { part: "single", figures: all, targets: [target], notes: ["both dialects on our side, one on the other"] };
}

async function publishAlone({ at, pids }: Contender, gun: string, { before, publishes }: Size): Promise<Cost> {
  using publisher = await openBenchPublisher(at);
  using wire = await Wire.open(at.url);
  const target = publisher.collection(gun);
  const first = await target.begin();
  const row = await prepareRow(first, publisher.signers, publishes, before);
  const requests = [first, ...row].map((publication) => target.request(publication));
  const unmeasured = before === 0 ? 1 : 2;
  for (const request of requests.slice(0, unmeasured)) await sendOk(wire, request);
  const cpuBefore = cpuMs(pids);
  const started = performance.now();
  for (const request of requests.slice(unmeasured)) await sendOk(wire, request);
  const wallMs = performance.now() - started;
  return { cpuMsEach: (cpuMs(pids) - cpuBefore) / publishes, wallMsEach: wallMs / publishes };
}
