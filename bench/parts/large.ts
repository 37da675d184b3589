// `large`: what one more tag costs the server in a collection that has very many, and what the server keeps in memory for it. Ours takes
// the collection in both dialects; the targets document of 100,000 tags is 9.6 MB in each.
import { scratch } from "../../interop/peers/scratch.ts";
import { type BenchSettings, tagSizes } from "../bench-settings.ts";
import { type Contender, startContenders } from "../contenders.ts";
import { cpuMs, residentBytes } from "../cpu.ts";
import { openBenchPublisher, prepareRow } from "../prepared.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { Wire } from "../wire.ts";

interface Cost {
  readonly cpuMs: readonly number[];
  readonly idleBytes: number;
  readonly heldBytes: number;
}

const memoryCase = "server's memory";

export async function benchLarge(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-large");
  await using running = new AsyncDisposableStack();
  const contenders = await startContenders(directory, running, settings, ["countersign", "notary-pg"]);
  const tags = tagSizes[settings.short ? "short" : "full"].at(-1) ?? 1;
  const publishCase = `publish one more into ${tags.toLocaleString("en")}`;
  const all: Figure[] = [];
  for (const contender of contenders) {
    const cost = await publishInto(contender, tags, settings.short ? 2 : 5);
    const add = (name: string, unit: string, values: readonly number[]) =>
      all.push(...figures(name, unit, new Map([[contender.name, values]])));
    add(publishCase, "server CPU ms", cost.cpuMs);
    add(memoryCase, "resident MB at rest", [cost.idleBytes / 1e6]);
    add(memoryCase, `resident MB with ${tags.toLocaleString("en")} tags`, [cost.heldBytes / 1e6]);
  }
  const ratio = (name: string, unit: string, otherUnit: string) =>
    (findValue(all, name, "countersign", unit) ?? Number.NaN) /
    (findValue(all, name, "notary-pg", otherUnit) ?? Number.NaN);
  const held = `resident MB with ${tags.toLocaleString("en")} tags`;
  const targets: readonly Target[] = [
    {
      name: `${publishCase}, server CPU`,
      of: "x pg",
      value: ratio(publishCase, "server CPU ms", "server CPU ms"),
      must: 0.2,
      moonshot: 0.1,
      better: "lower",
    },
    {
      name: `resident memory with ${tags.toLocaleString("en")} tags`,
      of: "x idle pg",
      value: ratio(memoryCase, held, "resident MB at rest"),
      must: 4,
      moonshot: 2,
      better: "lower",
    },
  ];
  const notes = ["both dialects on our side, one on the other; memory of all processes, after the publishes"];
  return { part: "large", figures: all, targets: targets.filter(({ value }) => !Number.isNaN(value)), notes };
}

async function publishInto({ at, pids }: Contender, tags: number, count: number): Promise<Cost> {
  const idleBytes = residentBytes(pids);
  using publisher = await openBenchPublisher(at);
  const target = publisher.collection("bench.example/large");
  const first = await target.begin();
  await target.publish(first);
  const row = await prepareRow(first, publisher.signers, count, tags);
  using wire = await Wire.open(at.url);
  const costs: number[] = [];
  for (const publication of row) {
    const request = target.request(publication);
    const before = cpuMs(pids);
    const { status, body } = await wire.send(request);
    if (status !== 200) throw new Error(`status ${status}: ${body.toString().slice(0, 300)}`);
    costs.push(cpuMs(pids) - before);
  }
  return { cpuMs: costs.slice(1), idleBytes, heldBytes: residentBytes(pids) };
}
