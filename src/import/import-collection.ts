// One collection: read and verified at its source, held against evidence taken before, kept, and then carried on or started anew at the
// destination. Evidence is on disk before the destination hears of anything, since the source may be gone tomorrow.
import { type CountersignError, type Gun, isCountersignError } from "../bytes/index.ts";
import { carryOn, type ReadPorts, rootKeysAtHand } from "../flows/index.ts";
import type { KeyRing } from "../publish/index.ts";
import type { MetadataSource, Pin } from "../updater/index.ts";
import type { Archive } from "./archive.ts";
import { type Evidence, judgeEvidence, requireOneStory, takeEvidence } from "./evidence.ts";
import { passingFailures } from "./patience.ts";
import { type AnchorKind, type Destination, type EvidenceRecord, lastingPins } from "./record.ts";
import type { CollectionOutcome, EvidenceFacts } from "./report.ts";
import { type StartAnewRequest, startAnew } from "./start-anew.ts";

export interface CollectionSource {
  /** A server's address, or a directory. */
  readonly description: string;
  readonly documents: MetadataSource;
  /** What the client trusted whose cache this is; used where nothing is pinned. */
  readonly cachedPins: readonly Pin[];
  patiently<T>(work: () => Promise<T>): Promise<T>;
}

export interface CollectionDestination {
  readonly ports: ReadPorts;
  readonly ring: KeyRing;
  readonly publisher: string | undefined;
  /** undefined: never; what the keys at hand do not reach stays evidence. */
  readonly anew: StartAnewRequest["keys"] | undefined;
  patiently<T>(work: () => Promise<T>): Promise<T>;
}

export interface CollectionImport {
  readonly gun: Gun;
  readonly source: CollectionSource;
  /** undefined: evidence only. */
  readonly destination: CollectionDestination | undefined;
  readonly archive: Archive;
  readonly pins: readonly Pin[];
  readonly trustOnFirstUse: boolean;
  /** Reads and does again what an earlier run has done. */
  readonly again: boolean;
  readonly now: number;
  readonly signal?: AbortSignal;
}

/** @throws what stops the whole import: disk.*, config.invalid, storage.*, bug.*, an abort */
export async function importCollection(wanted: CollectionImport): Promise<CollectionOutcome> {
  const { gun, source, destination, archive } = wanted;
  const about = { gun, source: source.description };
  const earlier = await archive.record(gun);
  if (earlier !== undefined && !wanted.again && isDone(earlier, wanted)) {
    return { ...about, kind: "already", evidence: factsOfRecord(earlier), warnings: [] };
  }
  let kept: { readonly evidence: Evidence; readonly record: EvidenceRecord };
  try {
    const evidence = await source.patiently(() => take(wanted));
    if (earlier !== undefined) requireOneStory(await earlierEvidence(archive, earlier), evidence);
    const record = recordOf(wanted, evidence, earlier?.destination);
    await archive.keep(record, evidence.bytes);
    kept = { evidence, record };
  } catch (error) {
    if (!isCountersignError(error) || stopsEverything(error)) throw error;
    return { ...about, kind: sourceFailure(error), error, warnings: [] };
  }
  const { evidence, record } = kept;
  const facts = factsOfRecord(record);
  const warnings = warningsOf(evidence);
  if (destination === undefined) return { ...about, kind: "verified", evidence: facts, warnings };
  try {
    const { kind, more } = await destination.patiently(() => bringHome(wanted, destination, evidence));
    await archive.keep({ ...record, destination: arrivedAt(destination, kind, wanted.now) });
    return { ...about, kind, evidence: facts, warnings: [...warnings, ...more] };
  } catch (error) {
    if (!isCountersignError(error) || stopsEverything(error)) throw error;
    return { ...about, kind: destinationFailure(error), evidence: facts, error, warnings };
  }
}

function take({ gun, source, pins, trustOnFirstUse, now, signal }: CollectionImport): Promise<Evidence> {
  const inForce = pins.length > 0 ? pins : source.cachedPins;
  const stop = signal === undefined ? {} : { signal };
  return takeEvidence({ gun, source: source.documents, pins: inForce, trustOnFirstUse, now, ...stop });
}

async function earlierEvidence(archive: Archive, record: EvidenceRecord): Promise<Evidence> {
  const bytes = await archive.evidence(record);
  return judgeEvidence(bytes, {
    gun: record.gun,
    pins: record.pins,
    trustOnFirstUse: false,
    now: Date.parse(record.takenAt),
  });
}

type Arrival = { readonly kind: "carriedOn" | "startedAnew" | "already"; readonly more: readonly string[] };

async function bringHome(
  { source }: CollectionImport,
  { ports, ring, publisher, anew }: CollectionDestination,
  evidence: Evidence,
): Promise<Arrival> {
  const { gun, bundle, state } = evidence;
  if (anew === undefined || rootKeysAtHand(state, ring).isEnough) {
    const report = await carryOn(ports, { gun, history: bundle.documents, state, ring, publisher });
    if (report.kind === "already") return { kind: "already", more: [] };
    // Both dialects may have found the same.
    return { kind: "carriedOn", more: [...new Set(report.findings.map(({ message }) => message))] };
  }
  const { leftOut } = await startAnew(ports, { evidence, source: source.description, keys: anew, publisher });
  const delegations = [...state.targets.keys()].filter((role) => role !== "targets");
  return {
    kind: "startedAnew",
    more: [
      "readers have to pin the new root: the old one does not lead to it",
      ...(delegations.length === 0
        ? []
        : [`delegations are not carried over, their tags are in targets now: ${delegations.join(", ")}`]),
      ...(leftOut.length === 0 ? [] : [`${leftOut.length} names that cannot be tags here were left out`]),
    ],
  };
}

/** Done for the same purpose: evidence where evidence is asked for, arrival at this very server otherwise. */
function isDone({ destination, source }: EvidenceRecord, wanted: CollectionImport): boolean {
  // Another source is looked at: a mirror that tells another story has to come to light.
  if (source !== wanted.source.description) return false;
  if (wanted.destination === undefined) return true;
  return destination?.server === wanted.destination.ports.server.url.href;
}

function recordOf(wanted: CollectionImport, evidence: Evidence, destination: Destination | undefined): EvidenceRecord {
  const { gun, source, pins, now } = wanted;
  const { anchor, state, at, sha256, roots, targets } = evidence;
  const rootKeys = state.root.signed.roles.root.keyIds.flatMap((id): readonly Pin[] => {
    const key = state.root.signed.keys.get(id)?.publicKey;
    return key === undefined ? [] : [{ kind: "key", id: key.id }];
  });
  const kind: AnchorKind = anchor.kind === "firstUse" ? "firstUse" : pins.length === 0 ? "cachedRoot" : "pinned";
  return {
    gun,
    source: source.description,
    takenAt: new Date(now).toISOString(),
    judgedAt: new Date(at).toISOString(),
    anchor: kind,
    pins: lastingPins(anchor, rootKeys),
    evidence: sha256,
    firstRoot: roots.first,
    lastRoot: roots.last,
    tags: targets.length,
    destination,
  };
}

function arrivedAt({ ports }: CollectionDestination, kind: Arrival["kind"], now: number): Destination {
  const at = new Date(now).toISOString();
  return { kind: kind === "startedAnew" ? kind : "carriedOn", server: ports.server.url.href, at };
}

export function factsOfRecord(record: EvidenceRecord): EvidenceFacts {
  const { evidence, anchor, judgedAt, takenAt, firstRoot, lastRoot, tags } = record;
  const isExpired = Date.parse(judgedAt) < Date.parse(takenAt);
  return { sha256: evidence, anchor, judgedAt, isExpired, firstRoot, lastRoot, tags };
}

function warningsOf(evidence: Evidence): readonly string[] {
  const { first, isWhole } = evidence.roots;
  return [
    ...(isWhole ? [] : [`the source has no roots below version ${first}: readers with older caches cannot follow`]),
    ...[...(evidence.state.lapsed ?? [])].map(
      ([role, { isSigned }]) =>
        `readers pass over ${role}, which ${isSigned ? "has expired" : "is signed by too few of its keys"}`,
    ),
  ];
}

/** This machine cannot go on, whatever the collection. */
function stopsEverything(error: CountersignError): boolean {
  return error.kind === "local" || error.kind === "bug";
}

function destinationFailure(error: CountersignError): "unreachable" | "keysMissing" | "failed" {
  if (error.kind === "key") return "keysMissing";
  return isCountersignError(error, ...passingFailures) ? "unreachable" : "failed";
}

function sourceFailure(error: CountersignError): "missing" | "unreachable" | "refused" {
  if (error.code === "collection.missing") return "missing";
  return isCountersignError(error, ...passingFailures) ? "unreachable" : "refused";
}
