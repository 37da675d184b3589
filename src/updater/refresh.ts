// One refresh: root chain, timestamp, snapshot, targets, each checked against its parent before it is decoded and cached once it is
// trusted, in that order (TUF 1.0.34, 5.3 to 5.6; notary-v1, 9.2).
//
// The dialects differ in when newer roots are looked for. tuf1 asks for the next root first, every time. In notary1 the snapshot
// names the root by hash, so roots are walked only when it names another one, or when something does not verify (the keys may have
// been rotated), and then everything below is done again once.
import {
  CountersignError,
  type ErrorCode,
  equalBytes,
  isCountersignError,
  parseRoleName,
  type RoleName,
} from "../bytes/index.ts";
import type { Document, MetaEntry, Snapshot, Targets, Timestamp, TrustedSet } from "../tuf/index.ts";
import { checkRootVersion, checkTargetsVersion, rememberRoot, rememberTargets } from "./memory.ts";
import type { MetadataSource } from "./ports.ts";
import { type Start, walkRoots } from "./root-chain.ts";
import { type Run, wantedOf } from "./run.ts";

const rootRole = parseRoleName("root");
const timestampRole = parseRoleName("timestamp");
const snapshotRole = parseRoleName("snapshot");
const targetsRole = parseRoleName("targets");

/** Brings the trusted set up to `targets`. @throws metadata.*, threshold.*, certificate.*, json.*, download.*, limit.exceeded */
export async function refresh(run: Run, start: Start): Promise<void> {
  const { set } = start;
  const walked = await bringRootsUpToDate(run, start);
  try {
    await refreshBelowRoot(run, set);
  } catch (error) {
    if (walked || !isCountersignError(error) || error.kind !== "untrusted") throw error;
    if (!(await walkUnlessOffline(run, start))) throw error;
    finishRoots(run, set);
    await refreshBelowRoot(run, set);
  }
}

/** True when newer roots have been asked for. */
async function bringRootsUpToDate(run: Run, start: Start): Promise<boolean> {
  const { set } = start;
  const isBehind = start.isBehind || set.root.signed.version < run.memory.current.rootVersion;
  const mustWalk = run.dialect.name === "tuf1" || isBehind;
  if (mustWalk) await walkUnlessOffline(run, start);
  try {
    finishRoots(run, set);
    return mustWalk;
  } catch (error) {
    if (mustWalk || !isCountersignError(error, "metadata.expired", "certificate.invalid")) throw error;
    await walkUnlessOffline(run, start);
    finishRoots(run, set);
    return true;
  }
}

async function walkUnlessOffline(run: Run, start: Start): Promise<boolean> {
  try {
    return await walkRoots(run, start);
  } catch (error) {
    if (run.outOfReach === undefined || error !== run.outOfReach) throw error;
    return false;
  }
}

function finishRoots(run: Run, set: TrustedSet): void {
  set.finishRoots();
  checkRootVersion(run.memory.current, run.dialect.name, set.root.signed.version);
  run.memory.change((memory) => rememberRoot(memory, set.root));
}

async function refreshBelowRoot(run: Run, set: TrustedSet): Promise<void> {
  await refreshTimestamp(run, set);
  await refreshSnapshot(run, set);
  await refreshTargets(run, set, targetsRole, rootRole);
}

async function refreshTimestamp(run: Run, set: TrustedSet): Promise<Document<Timestamp>> {
  const cached = await run.readCached(timestampRole);
  const stored = cached !== undefined && set.loadCachedTimestamp(cached) ? cached : undefined;
  if (cached !== undefined && stored === undefined) await run.forget(timestampRole);
  const received = await fetchTimestamp(run, stored);
  const timestamp = set.updateTimestamp(received);
  // An equal version keeps the old one (5.4.3.1), and then there is nothing to write.
  if (stored === undefined || !equalBytes(timestamp.bytes, stored)) await run.keep(timestampRole, timestamp.bytes);
  return timestamp;
}

async function fetchTimestamp(run: Run, stored: Uint8Array | undefined): Promise<Uint8Array> {
  try {
    const bytes = await run.fetch((source) => source.fetchTimestamp({ maxBytes: run.limits.timestampBytes }));
    if (bytes === undefined) throw missing(run, timestampRole);
    return bytes;
  } catch (error) {
    // Offline, and allowed to be: the cached timestamp answers as long as it has not expired.
    if (stored === undefined || run.outOfReach === undefined || error !== run.outOfReach) throw error;
    return stored;
  }
}

async function refreshSnapshot(run: Run, set: TrustedSet): Promise<Document<Snapshot>> {
  const cached = await run.readCached(snapshotRole);
  if (cached !== undefined && !set.loadCachedSnapshot(cached)) await run.forget(snapshotRole);
  const entry = requireExpected(set, snapshotRole);
  return cachedOrFetched(run, set, snapshotRole, cached, entry, run.limits.snapshotBytes, {
    accept: (bytes) => set.updateSnapshot(bytes),
    ask: (source, wanted, options) => source.fetchSnapshot(wanted, options),
  });
}

/**
 * The document of a targets role, reached through `delegator`: from the cache when it still is the one that the snapshot lists.
 * @throws metadata.unlisted when the snapshot does not list it, metadata.rollback, and what updateTargets throws
 */
export async function refreshTargets(
  run: Run,
  set: TrustedSet,
  role: RoleName,
  delegator: RoleName,
): Promise<Document<Targets>> {
  const entry = requireExpected(set, role);
  const cached = await run.readCached(role);
  if (cached !== undefined) set.loadCachedTargets(role, cached);
  const document = await cachedOrFetched(run, set, role, cached, entry, run.limits.targetsBytes, {
    accept: (bytes) => {
      const trusted = set.updateTargets(role, bytes, delegator);
      checkTargetsVersion(run.memory.current, trusted);
      return trusted;
    },
    ask: (source, wanted, options) => source.fetchTargets(role, wanted, options),
  });
  run.memory.change((memory) => rememberTargets(memory, document));
  return document;
}

interface Step<T extends Document> {
  readonly accept: (bytes: Uint8Array) => T;
  readonly ask: (
    source: MetadataSource,
    ...rest: Parameters<MetadataSource["fetchSnapshot"]>
  ) => Promise<Uint8Array | undefined>;
}

// The cached bytes go through the same checks as fetched ones; when they fail them they are simply not the document asked for.
async function cachedOrFetched<T extends Document>(
  run: Run,
  set: TrustedSet,
  role: RoleName,
  cached: Uint8Array | undefined,
  entry: MetaEntry,
  limit: number,
  step: Step<T>,
): Promise<T> {
  if (cached !== undefined) {
    try {
      return step.accept(cached);
    } catch (error) {
      if (!isCountersignError(error) || error.kind !== "untrusted" || isFinal(error.code, entry)) throw error;
    }
  }
  const document = step.accept(await fetchListed(run, set, role, entry, limit, step.ask));
  await run.keep(role, document.bytes);
  return document;
}

async function fetchListed(
  run: Run,
  set: TrustedSet,
  role: RoleName,
  entry: MetaEntry,
  limit: number,
  ask: Step<Document>["ask"],
): Promise<Uint8Array> {
  const listed = entry.length ?? limit;
  const wanted = wantedOf(entry, set.root.signed.consistentSnapshot);
  try {
    const bytes = await run.fetch((source) => ask(source, wanted, { maxBytes: Math.min(listed, limit) }));
    if (bytes === undefined) throw missing(run, role);
    return bytes;
  } catch (error) {
    // Longer than its parent says is a lie about the document, not a weakness of the network.
    if (!isCountersignError(error, "download.too_large") || listed > limit || entry.length === undefined) throw error;
    throw new CountersignError("metadata.length_mismatch", `${role} is longer than the ${entry.length} bytes listed`, {
      cause: error,
    });
  }
}

// With a hash in the parent a fetch could only bring the very bytes that just failed; asking for them again would be a round trip
// for the same answer.
function isFinal(code: ErrorCode, entry: MetaEntry): boolean {
  const later: readonly ErrorCode[] = ["metadata.expired", "metadata.rollback", "metadata.root_mismatch"];
  return entry.hashes.size > 0 && later.includes(code);
}

function requireExpected(set: TrustedSet, role: RoleName): MetaEntry {
  const entry = set.expected(role);
  if (entry === undefined) {
    throw new CountersignError(
      "metadata.unlisted",
      `${role} is not in snapshot version ${set.snapshot?.signed.version ?? "unknown"}`,
    );
  }
  return entry;
}

function missing(run: Run, role: RoleName): CountersignError {
  return new CountersignError("metadata.missing", `${run.gun} (${run.dialect.name}): the server has no ${role}`, {
    hints: ["the publisher may just have published: try again; if it persists, the server's data is incomplete"],
  });
}
