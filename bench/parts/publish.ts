// `publish`: many publishers at once. Each of 64 owns a collection and adds one tag after the other; then new collections are born: two
// requests for the server's keys and one upload each. Everything is signed while no clock runs and sent by a load that costs little:
// what is measured is the server, and what it acknowledged is durable (but for notary-mem).
import { scratch } from "../../interop/peers/scratch.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { type Contender, type ContenderName, startContenders } from "../contenders.ts";
import { cpuMs } from "../cpu.ts";
import { openBenchPublisher, type PublishTarget, prepareRow } from "../prepared.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";
import { getRequest, sendOk, Wire } from "../wire.ts";

interface Rate {
  readonly perSecond: number;
  readonly cpuMsEach: number;
}

const publishers = 64;
const births = 16;
const distinctCase = "64 publishers, a collection each";
const bornCase = "new collections, 16 at once";

export async function benchPublish(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-publish");
  await using running = new AsyncDisposableStack();
  const names: readonly ContenderName[] = ["countersign", "countersign-pg", "notary-mem", "notary-pg"];
  const contenders = await startContenders(directory, running, settings, names);
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
    const perSecond = pick((rate) => rate.perSecond);
    const cpu = pick(({ cpuMsEach }) => cpuMsEach);
    all.push(...figures(name, "a second", perSecond), ...figures(name, "server CPU ms each", cpu));
  };
  const rowLength = settings.short ? 3 : 16;
  await measureAll(distinctCase, (contender, label) => distinctPublishers(contender, label, rowLength));
  await measureAll(bornCase, (contender, label) => newCollections(contender, label, settings.short ? 64 : 200));
  const notes = [
    `each round ${publishers} x ${rowLength} publishes; ours in both dialects, with preflight on the server`,
  ];
  return { part: "publish", figures: all, targets: targets(all), notes };
}

function targets(all: readonly Figure[]): readonly Target[] {
  const value = (name: string, subject: string, unit: string) => findValue(all, name, subject, unit) ?? Number.NaN;
  const rate = (name: string, subject: string) => value(name, subject, "a second");
  const rows: readonly Target[] = [
    {
      name: "64 publishers, distinct, durable, embedded",
      of: "a second",
      value: rate(distinctCase, "countersign"),
      must: 350,
      moonshot: 1000,
      better: "higher",
    },
    {
      name: "same on PostgreSQL",
      of: "x pg",
      value: rate(distinctCase, "countersign-pg") / rate(distinctCase, "notary-pg"),
      must: 10,
      moonshot: 30,
      better: "higher",
    },
    {
      name: "same, server CPU a publish",
      of: "ms",
      value: value(distinctCase, "countersign", "server CPU ms each"),
      must: 3.3,
      moonshot: 1,
      better: "lower",
    },
    {
      name: "time of new collections",
      of: "x pg",
      value: rate(bornCase, "notary-pg") / rate(bornCase, "countersign"),
      must: 0.1,
      moonshot: 0.02,
      better: "lower",
    },
    {
      name: "same on PostgreSQL, time of new collections",
      of: "x pg",
      value: rate(bornCase, "notary-pg") / rate(bornCase, "countersign-pg"),
      must: 0.1,
      moonshot: 0.02,
      better: "lower",
    },
  ];
  return rows.filter((row) => !Number.isNaN(row.value));
}

async function distinctPublishers({ at, pids }: Contender, label: string, rowLength: number): Promise<Rate> {
  using publisher = await openBenchPublisher(at);
  const rows: (readonly Buffer[])[] = [];
  for (let index = 0; index < publishers; index++) {
    const target = publisher.collection(`bench.example/publish/${label}/${index}`);
    const first = await target.begin();
    await target.publish(first);
    const row = await prepareRow(first, publisher.signers, rowLength);
    rows.push(row.map((publication) => target.request(publication)));
  }
  await using wires = await openWires(at.url, publishers);
  // Under this load notary-server answers some uploads with an error though nobody else publishes there: they do not count.
  let acknowledged = 0;
  const rate = await timed(pids, publishers * rowLength, () =>
    wires.together(async (wire, index) => {
      for (const request of rows[index] ?? []) {
        const { status, body } = await wire.send(request);
        if (status === 200) acknowledged++;
        else if (at.takesBoth) throw new Error(`status ${status}: ${body.toString().slice(0, 300)}`);
      }
    }),
  );
  const share = acknowledged / (publishers * rowLength);
  return { perSecond: rate.perSecond * share, cpuMsEach: rate.cpuMsEach / share };
}

interface Newborn {
  readonly target: PublishTarget;
  readonly keys: Uint8Array[];
  upload: Uint8Array | undefined;
}

/** The clock stands still while the publishers sign. */
async function newCollections({ at, pids }: Contender, label: string, count: number): Promise<Rate> {
  using publisher = await openBenchPublisher(at);
  await using wires = await openWires(at.url, births);
  const newborn: Newborn[] = Array.from({ length: count }, (_, index) => ({
    target: publisher.collection(`bench.example/born/${label}/${index}`),
    keys: [],
    upload: undefined,
  }));
  const asked = await timed(pids, count, () => {
    const queue = newborn.values();
    return wires.together(async (wire) => {
      for (const each of queue) {
        for (const role of ["timestamp", "snapshot"]) {
          const answer = await sendOk(wire, getRequest(`/v2/${each.target.gun}/_trust/tuf/${role}.key`));
          each.keys.push(answer.body);
        }
      }
    });
  });
  for (const each of newborn) {
    const [timestampKey, snapshotKey] = each.keys;
    if (timestampKey === undefined || snapshotKey === undefined) continue;
    each.upload = each.target.request(await each.target.first(timestampKey, snapshotKey));
  }
  const uploaded = await timed(pids, count, () => {
    const queue = newborn.values();
    return wires.together(async (wire) => {
      for (const { upload } of queue) if (upload !== undefined) await sendOk(wire, upload);
    });
  });
  return {
    perSecond: 1 / (1 / asked.perSecond + 1 / uploaded.perSecond),
    cpuMsEach: asked.cpuMsEach + uploaded.cpuMsEach,
  };
}

interface Wires extends AsyncDisposable {
  /** Runs the work on all of them at once. */
  together(work: (wire: Wire, index: number) => Promise<void>): Promise<unknown>;
}

async function openWires(url: string, count: number): Promise<Wires> {
  const wires = await Promise.all(Array.from({ length: count }, () => Wire.open(url)));
  return {
    together: (work) => Promise.all(wires.map(work)),
    [Symbol.asyncDispose]: async () => {
      for (const wire of wires) wire[Symbol.dispose]();
    },
  };
}

async function timed(pids: readonly number[], count: number, work: () => Promise<unknown>): Promise<Rate> {
  const before = cpuMs(pids);
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: count / seconds, cpuMsEach: (cpuMs(pids) - before) / count };
}
