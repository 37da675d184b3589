// `contended`: 64 publishers on one collection. Each reads it, adds a tag, signs and uploads, and begins anew when somebody was faster:
// over Notary's routes, as old clients do, and over ours with both dialects, one tag a publish and a release of 32. What counts are
// acknowledged tags; every answer that is neither that nor a lost race is counted as an error, and each acknowledged tag must be there
// at the end.
import { scratch } from "../../interop/peers/scratch.ts";
import { parseRoleName } from "../../src/bytes/index.ts";
import { dialectNamed } from "../../src/dialects/index.ts";
import type { Signer } from "../../src/keys/index.ts";
import { type DialectName, type Document, signDocument, type Targets } from "../../src/tuf/index.ts";
import { decodeBundle } from "../../src/updater/index.ts";
import type { BenchSettings } from "../bench-settings.ts";
import { type Contender, startContenders } from "../contenders.ts";
import { benchTarget } from "../notary-fill.ts";
import { openBenchPublisher } from "../prepared.ts";
import { type Figure, figures, findValue, type PartReport, type Target } from "../report.ts";
import { interleave } from "../rounds.ts";
import { getRequest, uploadRequest, Wire } from "../wire.ts";

/** Acknowledged tags a second, answers of 500 and above, and lost races for each acknowledged publish. */
interface Outcome {
  readonly perSecond: number;
  readonly failures: number;
  readonly lostEach: number;
}

interface Case {
  readonly name: string;
  /** Notary's routes and its dialect alone. */
  readonly isOldWire: boolean;
  readonly tagsEach: number;
}

const publishers = 64;
const targetsRole = parseRoleName("targets");
const oldWire: Case = { name: "64 publishers, one collection, old wire", isOldWire: true, tagsEach: 1 };
const ourApi: Case = { name: "64 publishers, one collection, our API", isOldWire: false, tagsEach: 1 };
const releases: Case = { name: "same, 32 tags a publish", isOldWire: false, tagsEach: 32 };

export async function benchContended(settings: BenchSettings): Promise<PartReport> {
  using directory = scratch("bench-contended");
  await using running = new AsyncDisposableStack();
  const contenders = await startContenders(directory, running, settings, [
    "countersign",
    "countersign-pg",
    "notary-pg",
  ]);
  const seconds = settings.short ? 2 : 10;
  const rounds = settings.short ? 1 : 3;
  const all: Figure[] = [];
  let round = 0;
  for (const one of [oldWire, ourApi, releases]) {
    const subjects = contenders
      .filter(({ at }) => one.isOldWire || at.takesBoth)
      .map((contender) => ({
        name: contender.name,
        measure: () => contend(contender, `bench.example/one/${contender.name}-${round++}`, one, seconds),
      }));
    const results = await interleave(rounds, subjects);
    const pick = (of: (outcome: Outcome) => number) =>
      new Map([...results].map(([subject, outcomes]) => [subject, outcomes.map(of)]));
    const [perSecond, failures] = [pick((outcome) => outcome.perSecond), pick((outcome) => outcome.failures)];
    all.push(...figures(one.name, "tags a second", perSecond), ...figures(one.name, "answers of 5xx", failures));
    all.push(
      ...figures(
        one.name,
        "lost races a publish",
        pick(({ lostEach }) => lostEach),
      ),
    );
  }
  const notes = [`each round ${seconds} s; over our API every tag is published in both dialects`];
  return { part: "contended", figures: all, targets: targets(all), notes };
}

function targets(all: readonly Figure[]): readonly Target[] {
  return [...targetsOf(all, "countersign"), ...targetsOf(all, "countersign-pg")].filter(
    ({ value }) => !Number.isNaN(value),
  );
}

function targetsOf(all: readonly Figure[], subject: string): readonly Target[] {
  const value = (one: Case, unit: string) => findValue(all, one.name, subject, unit) ?? Number.NaN;
  const rate = (one: Case, moonshot: number): Target => ({
    name: `${one.name}, ${subject}`,
    of: "tags a second",
    value: value(one, "tags a second"),
    // The table has no "must" for our own API: what holds for the old wire is the least.
    must: 8,
    moonshot,
    better: "higher",
  });
  return [
    rate(oldWire, 25),
    {
      name: `answers of 5xx to them, ${subject}`,
      of: "",
      value: value(oldWire, "answers of 5xx"),
      must: 0,
      moonshot: 0,
      better: "lower",
    },
    rate(ourApi, 500),
    rate(releases, 500),
  ];
}

async function contend({ at }: Contender, name: string, one: Case, seconds: number): Promise<Outcome> {
  using publisher = await openBenchPublisher(at);
  const target = publisher.collection(name);
  await target.publish(await target.begin());
  const [, signer] = publisher.signers;
  if (signer === undefined) throw new Error("no targets key");
  const collection: Collection = {
    base: `/v2/${name}/_trust`,
    isOldWire: one.isOldWire,
    signer,
  };
  const count = { acknowledged: 0, lost: 0, failures: 0 };
  const acknowledged: string[] = [];
  const until = performance.now() + seconds * 1_000;
  const publisherLoop = async (index: number) => {
    using wire = await Wire.open(at.url);
    for (let serial = 0; performance.now() < until; ) {
      const tags = Array.from({ length: one.tagsEach }, (_, nth) => `v${index}-${serial}-${nth}`);
      const before = await read(wire, collection);
      if (before === undefined) {
        count.failures++;
        continue;
      }
      const { status, body } = await wire.send(await withTags(before, tags, collection));
      if (status === 200) {
        count.acknowledged++;
        acknowledged.push(...tags);
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
    perSecond: acknowledged.length / took,
    failures: count.failures,
    lostEach: count.lost / Math.max(1, count.acknowledged),
  };
}

interface Collection {
  readonly base: string;
  readonly isOldWire: boolean;
  readonly signer: Signer;
}

/** The targets of each dialect. undefined: the server failed. */
async function read(wire: Wire, collection: Collection): Promise<readonly Document<Targets>[] | undefined> {
  if (collection.isOldWire) return readByHash(wire, collection.base);
  const documents: Document<Targets>[] = [];
  for (const dialect of ["notary1", "tuf1"] satisfies readonly DialectName[]) {
    const { status, body } = await wire.send(getRequest(`${collection.base}/bundle?dialect=${dialect}`));
    const targets = status === 200 && decodeBundle(body).documents.find(({ role }) => role === "targets");
    if (!targets) return undefined;
    documents.push(dialectNamed(dialect).decodeTargets(targetsRole, targets.bytes));
  }
  return documents;
}

/** As Notary's client reads: the timestamp, and below it by hash. */
async function readByHash(wire: Wire, base: string): Promise<readonly Document<Targets>[] | undefined> {
  const notary1 = dialectNamed("notary1");
  const timestamp = await wire.send(getRequest(`${base}/tuf/timestamp.json`));
  if (timestamp.status !== 200) return undefined;
  const snapshotHash = hashIn(notary1.decodeTimestamp(timestamp.body).signed.snapshot.hashes);
  const snapshot = await wire.send(getRequest(`${base}/tuf/snapshot.${snapshotHash}.json`));
  if (snapshot.status !== 200) return undefined;
  const hash = hashIn(notary1.decodeSnapshot(snapshot.body).signed.meta.get(targetsRole)?.hashes);
  const targets = await wire.send(getRequest(`${base}/tuf/targets.${hash}.json`));
  return targets.status === 200 ? [notary1.decodeTargets(targetsRole, targets.body)] : undefined;
}

function hashIn(hashes: ReadonlyMap<string, Uint8Array> | undefined): string {
  return Buffer.from(hashes?.get("sha256") ?? []).toString("hex");
}

async function withTags(
  before: readonly Document<Targets>[],
  tags: readonly string[],
  { base, isOldWire, signer }: Collection,
): Promise<Buffer> {
  const added = tags.map((tag) => {
    const { sha256, length } = benchTarget(tag);
    return [tag, { length, hashes: new Map([["sha256", sha256]]), custom: undefined }] as const;
  });
  const parts = await Promise.all(
    before.map(async ({ dialect: name, signed }) => {
      const dialect = dialectNamed(name);
      const expires = dialect.formatExpiry(Date.now() + 365 * 24 * 60 * 60 * 1_000);
      const next = {
        ...signed,
        version: signed.version + 1,
        expires,
        targets: new Map([...signed.targets, ...added]),
      };
      const keys = [{ signer, key: dialect.makeKey(signer.publicKey) }];
      const { bytes } = await signDocument(dialect, targetsRole, next, keys);
      return { filename: isOldWire ? "targets" : `${name}/targets`, bytes };
    }),
  );
  return uploadRequest(isOldWire ? `${base}/tuf/` : `${base}/publish`, parts);
}

async function requireAll(url: string, collection: Collection, acknowledged: readonly string[]): Promise<void> {
  using wire = await Wire.open(url);
  for (const { dialect, signed } of (await read(wire, collection)) ?? []) {
    const names = new Set<string>(signed.targets.keys());
    const lost = acknowledged.filter((tag) => !names.has(tag));
    if (lost.length > 0) throw new Error(`${dialect}: acknowledged and gone: ${lost.slice(0, 5).join(" ")}`);
  }
}
