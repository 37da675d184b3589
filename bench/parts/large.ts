// `large`: what one more tag costs the server in a collection that has 100,000, and what the server keeps in memory for it. Ours takes
// the collection in both dialects; its targets document is 9.6 MB in each.
import { scratch } from "../../interop/peers/scratch.ts";
import type { Publication } from "../../src/publish/index.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { type Contender, startContenders } from "../contenders.ts";
import { cpuMs, residentBytes } from "../cpu.ts";
import { openBenchPublisher, prepareRow } from "../prepared.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";
import { sendOk, Wire } from "../wire.ts";

const tags = 100_000;
const publishCase = "publish one more into 100,000";
const memoryCase = "server's memory";
const atRest = "resident MB at rest";
const held = "resident MB with 100,000 tags";

export async function benchLarge(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-large");
  await using running = new AsyncDisposableStack();
  const contenders = await startContenders(directory, running, settings, ["countersign", "notary-pg"]);
  const rounds = settings.short ? 2 : 5;
  const idle = memoryOf(contenders);
  const subjects = [];
  for (const contender of contenders) subjects.push(await filled(contender, rounds, running));
  const costs = await interleave(rounds, subjects);
  const all: readonly Figure[] = [
    ...figures(publishCase, "server CPU ms", costs),
    ...figures(memoryCase, atRest, idle),
    ...figures(memoryCase, held, memoryOf(contenders)),
  ];
  const ratio = (name: string, unit: string, otherUnit: string) =>
    (findValue(all, name, "countersign", unit) ?? Number.NaN) /
    (findValue(all, name, "notary-pg", otherUnit) ?? Number.NaN);
  const targets: readonly Target[] = [
    {
      name: "publish into 100,000 tags, server CPU",
      of: "x pg",
      value: ratio(publishCase, "server CPU ms", "server CPU ms"),
      must: 0.2,
      moonshot: 0.1,
      better: "lower",
    },
    {
      name: "resident memory with 100,000 tags",
      of: "x idle pg",
      value: ratio(memoryCase, held, atRest),
      must: 4,
      moonshot: 2,
      better: "lower",
    },
  ];
  const notes = ["both dialects on our side, one on the other; memory of all processes, after the publishes"];
  return { part: "large", figures: all, targets: targets.filter(({ value }) => !Number.isNaN(value)), notes };
}

function memoryOf(contenders: readonly Contender[]): ReadonlyMap<string, readonly number[]> {
  return new Map(contenders.map(({ name, pids }) => [name, [residentBytes(pids) / 1e6]]));
}

/** A collection with all the tags, and as many publishes of one more, ready to be sent one by one. */
async function filled({ name, at, pids }: Contender, publishes: number, running: AsyncDisposableStack) {
  const publisher = running.use(await openBenchPublisher(at));
  const target = publisher.collection("bench.example/large");
  const first = await target.begin();
  const row = await prepareRow(first, publisher.signers, publishes, tags);
  // What lies ready is sent on a new connection: signing a large document takes longer than servers keep an idle one.
  const send = async (publication: Publication | undefined): Promise<number> => {
    if (publication === undefined) throw new Error("no publish is left");
    const request = target.request(publication);
    using wire = await Wire.open(at.url);
    const before = cpuMs(pids);
    await sendOk(wire, request);
    return cpuMs(pids) - before;
  };
  await send(first);
  await send(row.shift());
  return { name, measure: () => send(row.shift()) };
}
