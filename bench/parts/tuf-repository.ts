// `tuf-repository`: collections of many files, flat and in hashed bins. What the publisher pays for one more file and for signing everything
// again, and what readers pay for a lookup, beside python-tuf and tuf-js over the same bytes.
import { mkdirSync, writeFileSync } from "node:fs";
import { type Scratch, scratch } from "../../interop/peers/scratch.ts";
import type { BinLayout } from "../../src/publish/index.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { cpuMs, residentBytes } from "../cpu.ts";
import { type FileCollection, filePublisher, knownFile } from "../file-collections.ts";
import { type OurServer, startOurServer } from "../ours.ts";
import { type RecordingMirror, recordingMirror } from "../recording-mirror.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave, median } from "../rounds.ts";
import type { ReadingMode } from "../tuf-clients/measure-on-request.ts";
import { type ReaderName, type RepositoryReader, startReaders } from "../tuf-clients/readers.ts";

interface Size {
  readonly count: number;
  /** As many bins as keep both the list of bins and one bin short. */
  readonly bitLength: number;
  /** The server takes 32 MiB in one document. */
  readonly isFlatToo: boolean;
  /** Readings by tuf-js of the flat layout: its time grows with the square. */
  readonly flatByTufJs: "all" | "one cold" | "none";
}

const sizes: readonly (Size & { readonly isShort: boolean })[] = [
  { count: 1_000, bitLength: 4, isFlatToo: true, flatByTufJs: "all", isShort: true },
  { count: 10_000, bitLength: 7, isFlatToo: true, flatByTufJs: "one cold", isShort: true },
  { count: 100_000, bitLength: 9, isFlatToo: true, flatByTufJs: "none", isShort: false },
  { count: 1_000_000, bitLength: 11, isFlatToo: false, flatByTufJs: "none", isShort: false },
];

const modes: readonly ReadingMode[] = ["cold", "warm", "refresh"];

export async function benchTufRepository(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-tuf-repository");
  await using server = await startOurServer(directory, { program: settings.program, tls: false });
  using publisher = filePublisher(directory, server);
  const all: Figure[] = [];
  for (const size of sizes.filter(({ isShort }) => isShort || !settings.short)) {
    for (const layout of layoutsOf(size)) {
      const name = `${layout.kind}-${size.count}`;
      const collection = await publisher.fill(name, size.count, layout);
      all.push(...(await publishing(collection, size, layout, server, settings)));
      const readers = readersOf(size, layout, settings);
      all.push(...(await reading(collection, { size, layout, readers, directory, server, name }, settings)));
    }
  }
  const notes = [
    "publishing in process, nothing cached but keys, one server for all; documents fetched for it, without the server's own status",
    "readers in processes of their own that stay, over HTTP from one mirror that has everything in memory; size limits of all of them raised",
    "a cold lookup writes five documents; ours waits until the disk has them all, python-tuf and tuf-js do not: on a busy disk see the CPU",
    "flat readers at their own limits stop at 5 MB, some 34,000 files; a million flat would be 135 MB in one document, which the server refuses",
  ];
  return { part: "tuf-repository", figures: all, targets: targets(all), notes };
}

function layoutsOf({ bitLength, isFlatToo }: Size): readonly BinLayout[] {
  return [...(isFlatToo ? [{ kind: "flat" } as const] : []), { kind: "succinct", bitLength }];
}

function readersOf({ flatByTufJs }: Size, { kind }: BinLayout, { short }: BenchSettings): readonly ReaderName[] {
  const isWanted = kind !== "flat" || flatByTufJs === "all" || (flatByTufJs === "one cold" && !short);
  return ["countersign", "python-tuf", ...(isWanted ? (["tuf-js"] as const) : [])];
}

function caseName(what: string, { count }: Pick<Size, "count">, { kind }: Pick<BinLayout, "kind">): string {
  return `${what}, ${count.toLocaleString("en")} ${kind === "flat" ? "flat" : "in bins"}`;
}

async function publishing(
  collection: FileCollection,
  size: Size,
  layout: BinLayout,
  { process: { pid } }: OurServer,
  { rounds }: BenchSettings,
): Promise<readonly Figure[]> {
  const cost = { ms: [] as number[], cpu: [] as number[], kB: [] as number[], requests: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const [before, started] = [cpuMs([pid]), performance.now()];
    const fetched = await collection.addOne(`extra-${round}`);
    cost.ms.push(performance.now() - started);
    cost.cpu.push(cpuMs([pid]) - before);
    cost.kB.push(fetched.bytes / 1000);
    cost.requests.push(fetched.requests);
  }
  const ours = (what: string, unit: string, values: readonly number[]) =>
    figures(caseName(what, size, layout), unit, new Map([["countersign", values]]));
  const started = performance.now();
  await collection.renew();
  const renewing = performance.now() - started;
  return [
    ...ours("one more", "ms", cost.ms),
    ...ours("one more", "server CPU ms", cost.cpu),
    ...ours("one more", "kB fetched", cost.kB),
    ...ours("one more", "fetches", cost.requests),
    ...ours("all signed again", "ms", [renewing]),
    ...ours("publishing", "server resident MB", [residentBytes([pid]) / 1e6]),
  ];
}

interface Scene {
  readonly size: Size;
  readonly layout: BinLayout;
  readonly readers: readonly ReaderName[];
  readonly directory: Scratch;
  readonly server: OurServer;
  readonly name: string;
}

async function reading(
  { path }: FileCollection,
  { size, layout, readers: names, directory, server, name }: Scene,
  settings: BenchSettings,
): Promise<readonly Figure[]> {
  await using running = new AsyncDisposableStack();
  const mirror = running.use(await recordingMirror(`${server.url}${path}/metadata`));
  const root = directory.at(`${name}.root.json`);
  writeFileSync(root, Buffer.from(await (await fetch(`${mirror.url}/1.root.json`)).arrayBuffer()));
  const placeOf = (reader: ReaderName) => {
    const own = directory.at(`${name}-${reader}`);
    mkdirSync(own);
    return { root, url: mirror.url, directory: own, target: knownFile };
  };
  const readers = await startReaders(names, placeOf, running);
  const all: Figure[] = [];
  for (const mode of modes) {
    const able = readers.filter((reader) => mode === "cold" || !isOneCold(reader.name, size, layout));
    const results = new Map<string, Reading[]>();
    const once = able.filter((reader) => isOneCold(reader.name, size, layout));
    const often = able.filter((reader) => !once.includes(reader));
    for (const reader of once) results.set(reader.name, [await readOnce(reader, mode, mirror)]);
    const subjects = often.map((reader) => ({ name: reader.name, measure: () => readOnce(reader, mode, mirror) }));
    for (const reader of often) await warmUp(reader, mode);
    const rounds = howOften(size, layout, settings);
    const cpuBefore = new Map(often.map((reader) => [reader, reader.cpu()]));
    for (const [reader, readings] of await interleave(rounds, subjects)) results.set(reader, [...readings]);
    const what = mode === "refresh" ? "refresh" : `${mode} lookup`;
    const cpu = [...cpuBefore].map(([reader, before]) => [reader.name, [(reader.cpu() - before) / rounds]] as const);
    all.push(...figures(caseName(what, size, layout), "CPU ms", new Map(cpu)));
    for (const [unit, of] of units) {
      const values = new Map([...results].map(([reader, readings]) => [reader, readings.map((one) => one[of])]));
      all.push(...figures(caseName(what, size, layout), unit, values));
    }
  }
  const peaks = new Map(readers.map((reader) => [reader.name, [reader.peakMemory()]]));
  return [...all, ...figures(caseName("reader's peak", size, layout), "MB", peaks)];
}

/** Not measured: a long-lived reader has its code compiled, and the mirror its documents. */
async function warmUp(reader: RepositoryReader, mode: ReadingMode): Promise<void> {
  const started = performance.now();
  for (let reading = 0; reading < 20 && performance.now() - started < 1_000; reading++) await reader.read(mode);
}

/** What takes milliseconds moves more with the neighbours' noise than what takes seconds. */
function howOften({ count }: Size, { kind }: BinLayout, { rounds }: BenchSettings): number {
  if (kind !== "flat") return 9;
  return count < 100_000 ? rounds : 3;
}

interface Reading {
  readonly ms: number;
  readonly kB: number;
  readonly requests: number;
}

const units = [
  ["ms", "ms"],
  ["kB", "kB"],
  ["requests", "requests"],
] as const satisfies readonly (readonly [string, keyof Reading])[];

async function readOnce(reader: RepositoryReader, mode: ReadingMode, mirror: RecordingMirror): Promise<Reading> {
  mirror.taken();
  const ms = await reader.read(mode);
  const { requests, bytes } = mirror.taken();
  return { ms, kB: bytes / 1000, requests };
}

function isOneCold(reader: ReaderName, { flatByTufJs }: Size, { kind }: BinLayout): boolean {
  return reader === "tuf-js" && kind === "flat" && flatByTufJs === "one cold";
}

function targets(all: readonly Figure[]): readonly Target[] {
  const list: Target[] = [];
  for (const { count } of sizes) {
    for (const kind of ["flat", "succinct"] as const) {
      for (const what of ["cold lookup", "warm lookup", "refresh"]) {
        const name = caseName(what, { count }, { kind });
        const [ours, python] = ["countersign", "python-tuf"].map((subject) => findValue(all, name, subject, "ms"));
        if (ours === undefined || python === undefined) continue;
        list.push({ name, of: "x python-tuf", value: ours / python, must: 1, moonshot: 0.5, better: "lower" });
        const cpu = ["countersign", "python-tuf"].map(
          (subject) => findValue(all, name, subject, "CPU ms") ?? Number.NaN,
        );
        const value = (cpu[0] ?? Number.NaN) / (cpu[1] ?? Number.NaN);
        const ofCpu = { of: "x python-tuf's CPU", value, must: 1, moonshot: 0.5, better: "lower" } as const;
        if (Number.isFinite(value) && what === "cold lookup") list.push({ name, ...ofCpu });
      }
    }
  }
  const at = (what: string, count: number, kind: BinLayout["kind"], unit: string, subject = "countersign") =>
    findValue(all, caseName(what, { count }, { kind }), subject, unit);
  const absolute = (name: string, of: string, value: number | undefined, must: number, moonshot: number) => {
    if (value !== undefined) list.push({ name, of, value, must, moonshot, better: "lower" });
  };
  const [ours, tufJs] = [at("cold lookup", 10_000, "flat", "ms"), at("cold lookup", 10_000, "flat", "ms", "tuf-js")];
  if (ours !== undefined && tufJs !== undefined) {
    const times = { must: 100, moonshot: 1_000, better: "higher" } as const;
    list.push({ name: "cold lookup, 10,000 flat", of: "x faster than tuf-js", value: tufJs / ours, ...times });
  }
  const million = "1,000,000 in bins";
  absolute(`cold lookup, ${million}`, "kB", at("cold lookup", 1_000_000, "succinct", "kB"), 150, 136);
  absolute(`cold lookup, ${million}`, "requests", at("cold lookup", 1_000_000, "succinct", "requests"), 5, 5);
  absolute(`one more, ${million}`, "ms", at("one more", 1_000_000, "succinct", "ms"), 1_000, 250);
  absolute(`server after ${million}`, "MB", at("publishing", 1_000_000, "succinct", "server resident MB"), 1_000, 300);
  list.push(...growth(all));
  return list;
}

/** What ten times as many files cost, beside ten times as much. */
function growth(all: readonly Figure[]): readonly Target[] {
  const counts = sizes.map(({ count }) => count);
  return (["flat", "succinct"] as const).flatMap((kind) =>
    ["cold lookup", "one more"].flatMap((what): readonly Target[] => {
      const steps = counts.flatMap((count, index) => {
        const next = counts[index + 1];
        if (next === undefined) return [];
        const [few, many] = [count, next].map((each) =>
          findValue(all, caseName(what, { count: each }, { kind }), "countersign", "ms"),
        );
        return few === undefined || many === undefined ? [] : [many / few];
      });
      if (steps.length === 0) return [];
      const name = `${what}, ${kind === "flat" ? "flat" : "in bins"}, ten times as many files`;
      return [{ name, of: "times as long", value: median(steps), must: 12, moonshot: 4, better: "lower" }];
    }),
  );
}
