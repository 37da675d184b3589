// `contended`: 64 publishers on one collection. Each reads it, adds a tag, signs and uploads, and begins anew when somebody was faster:
// over Notary's routes, as old clients do, and over ours with both dialects. What counts are acknowledged publishes; every answer
// that is neither that nor a lost race is counted as an error, and each acknowledged tag must be there at the end.
import { scratch } from "../../interop/peers/scratch.ts";
import { parseRoleName } from "../../src/bytes/index.ts";
import { dialectNamed } from "../../src/dialects/index.ts";
import type { Signer } from "../../src/keys/index.ts";
import { type DialectName, type Document, signDocument, type Targets } from "../../src/tuf/index.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { type Contender, startContenders } from "../contenders.ts";
import { benchTarget } from "../notary-fill.ts";
import { openBenchPublisher } from "../prepared.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";
import { getRequest, uploadRequest, Wire } from "../wire.ts";

/** Acknowledged publishes a second, answers of 500 and above, and lost races for each acknowledged publish. */
interface Outcome {
  readonly perSecond: number;
  readonly failures: number;
  readonly lostEach: number;
}

type WireFormat = "old" | "ours";

const publishers = 64;
const targetsRole = parseRoleName("targets");
const cases: Readonly<Record<WireFormat, string>> = {
  old: "64 publishers, one collection, old wire",
  ours: "64 publishers, one collection, our API",
};

export async function benchContended(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-contended");
  await using running = new AsyncDisposableStack();
  const contenders = await startContenders(directory, running, settings, [
    "countersign",
    "countersign-pg",
    "notary-pg",
  ]);
  const seconds = settings.short ? 3 : 10;
  const rounds = settings.short ? 1 : 3;
  const all: Figure[] = [];
  let round = 0;
  for (const format of ["old", "ours"] as const) {
    const subjects = contenders
      .filter(({ at }) => format === "old" || at.takesBoth)
      .map((contender) => ({
        name: contender.name,
        measure: () => contend(contender, `bench.example/one/${contender.name}-${round++}`, format, seconds),
      }));
    const results = await interleave(rounds, subjects);
    const pick = (of: (outcome: Outcome) => number) =>
      new Map([...results].map(([subject, outcomes]) => [subject, outcomes.map(of)]));
    const name = cases[format];
    const [perSecond, failures] = [pick((one) => one.perSecond), pick((one) => one.failures)];
    all.push(...figures(name, "acknowledged a second", perSecond), ...figures(name, "answers of 5xx", failures));
    const lost = pick(({ lostEach }) => lostEach);
    all.push(...figures(name, "lost races each", lost));
  }
  const notes = [`each round ${seconds} s; a publish of ours over our API carries one tag in both dialects`];
  return { part: "contended", figures: all, targets: targets(all), notes };
}

function targets(all: readonly Figure[]): readonly Target[] {
  return [...targetsOf(all, "countersign"), ...targetsOf(all, "countersign-pg")].filter(
    ({ value }) => !Number.isNaN(value),
  );
}

function targetsOf(all: readonly Figure[], subject: string): readonly Target[] {
  const value = (format: WireFormat, unit: string) => findValue(all, cases[format], subject, unit) ?? Number.NaN;
  return [
    {
      name: `${cases.old}, ${subject}`,
      of: "a second",
      value: value("old", "acknowledged a second"),
      must: 8,
      moonshot: 25,
      better: "higher",
    },
    {
      name: `answers of 5xx to them, ${subject}`,
      of: "",
      value: value("old", "answers of 5xx"),
      must: 0,
      moonshot: 0,
      better: "lower",
    },
    // The table has no "must" for our own API: what holds for the old wire is the least.
    {
      name: `${cases.ours}, ${subject}`,
      of: "tags a second",
      value: value("ours", "acknowledged a second"),
      must: 8,
      moonshot: 500,
      better: "higher",
    },
  ];
}

async function contend({ at }: Contender, name: string, format: WireFormat, seconds: number): Promise<Outcome> {
  using publisher = await openBenchPublisher(at);
  const target = publisher.collection(name);
  await target.publish(await target.begin());
  const [, signer] = publisher.signers;
  if (signer === undefined) throw new Error("no targets key");
  const collection: Collection = {
    base: `/v2/${name}/_trust`,
    dialects: format === "old" ? ["notary1"] : ["notary1", "tuf1"],
    signer,
  };
  const count = { acknowledged: 0, lost: 0, failures: 0 };
  const acknowledged: string[] = [];
  const until = performance.now() + seconds * 1_000;
  const publisherLoop = async (index: number) => {
    using wire = await Wire.open(at.url);
    for (let serial = 0; performance.now() < until; ) {
      const tag = `v${index}-${serial}`;
      const before = await read(wire, collection);
      if (before === undefined) {
        count.failures++;
        continue;
      }
      const { status, body } = await wire.send(await withTag(before, tag, collection));
      if (status === 200) {
        count.acknowledged++;
        acknowledged.push(tag);
        serial++;
      } else if (status === 409 || (status === 400 && body.includes('"VERSION"'))) count.lost++;
      else count.failures++;
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: publishers }, (_, index) => publisherLoop(index)));
  const took = (performance.now() - started) / 1_000;
  await requireAll(at.url, collection, acknowledged);
  return {
    perSecond: count.acknowledged / took,
    failures: count.failures,
    lostEach: count.lost / Math.max(1, count.acknowledged),
  };
}

interface Collection {
  readonly base: string;
  readonly dialects: readonly DialectName[];
  readonly signer: Signer;
}

/** As Notary's client reads: the timestamp, and below it by hash; of tuf1 the current targets. undefined: the server failed. */
async function read(wire: Wire, { base, dialects }: Collection): Promise<readonly Document<Targets>[] | undefined> {
  const documents: Document<Targets>[] = [];
  for (const name of dialects) {
    const dialect = dialectNamed(name);
    if (name === "tuf1") {
      const { status, body } = await wire.send(getRequest(`${base}/tuf1/metadata/targets.json`));
      if (status !== 200) return undefined;
      documents.push(dialect.decodeTargets(targetsRole, body));
      continue;
    }
    const timestamp = await wire.send(getRequest(`${base}/tuf/timestamp.json`));
    if (timestamp.status !== 200) return undefined;
    const snapshotHash = hashIn(dialect.decodeTimestamp(timestamp.body).signed.snapshot.hashes);
    const snapshot = await wire.send(getRequest(`${base}/tuf/snapshot.${snapshotHash}.json`));
    if (snapshot.status !== 200) return undefined;
    const hash = hashIn(dialect.decodeSnapshot(snapshot.body).signed.meta.get(targetsRole)?.hashes);
    const targets = await wire.send(getRequest(`${base}/tuf/targets.${hash}.json`));
    if (targets.status !== 200) return undefined;
    documents.push(dialect.decodeTargets(targetsRole, targets.body));
  }
  return documents;
}

function hashIn(hashes: ReadonlyMap<string, Uint8Array> | undefined): string {
  return Buffer.from(hashes?.get("sha256") ?? []).toString("hex");
}

async function withTag(
  before: readonly Document<Targets>[],
  tag: string,
  { base, dialects, signer }: Collection,
): Promise<Buffer> {
  const { sha256, length } = benchTarget(tag);
  const target = { length, hashes: new Map([["sha256", sha256]]), custom: undefined };
  const parts = await Promise.all(
    before.map(async ({ dialect: name, signed }) => {
      const dialect = dialectNamed(name);
      const expires = dialect.formatExpiry(Date.now() + 365 * 24 * 60 * 60 * 1_000);
      const next = {
        ...signed,
        version: signed.version + 1,
        expires,
        targets: new Map([...signed.targets, [tag, target]]),
      };
      const keys = [{ signer, key: dialect.makeKey(signer.publicKey) }];
      const { bytes } = await signDocument(dialect, targetsRole, next, keys);
      return { filename: dialects.length === 1 ? "targets" : `${name}/targets`, bytes };
    }),
  );
  return uploadRequest(dialects.length === 1 ? `${base}/tuf/` : `${base}/publish`, parts);
}

async function requireAll(url: string, collection: Collection, acknowledged: readonly string[]): Promise<void> {
  using wire = await Wire.open(url);
  for (const { dialect, signed } of (await read(wire, collection)) ?? []) {
    const names = new Set<string>(signed.targets.keys());
    const lost = acknowledged.filter((tag) => !names.has(tag));
    if (lost.length > 0) throw new Error(`${dialect}: acknowledged and gone: ${lost.slice(0, 5).join(" ")}`);
  }
}
