// Where trust begins: the cached root or a first root that the pins vouch for, and from there one version at a time
// (TUF 1.0.34, 5.2 and 5.3; notary-v1, 8 and 9.3). Every accepted root is cached before the next one is asked for, so that an
// interrupted walk goes on where it stopped.
//
// A first root is the newest one if the pins vouch for it, else the earliest one they vouch for: an owner may have moved on from
// every pinned key, and then the chain has to prove it.
import { CountersignError, isCountersignError, parseRoleName } from "../bytes/index.ts";
import { TrustedSet } from "../tuf/index.ts";
import { rememberAnchor, rememberedPins } from "./memory.ts";
import { type Anchor, formatPin, pinMismatch, vouchingPins } from "./pins.ts";
import type { Run } from "./run.ts";

const rootRole = parseRoleName("root");
const timestampRole = parseRoleName("timestamp");
const snapshotRole = parseRoleName("snapshot");

export interface Start {
  readonly set: TrustedSet;
  readonly anchor: Anchor;
  readonly isFromCache: boolean;
  /** The source is known to have newer roots. */
  readonly isBehind: boolean;
}

/** @throws pin.missing, pin.mismatch, collection.missing, download.*, metadata.*, threshold.*, json.* */
export async function startFromRoot(run: Run): Promise<Start> {
  if (run.pins.length === 0 && !run.trustOnFirstUse) {
    throw new CountersignError("pin.missing", `${run.gun} is not pinned: nothing says which root keys are its owner's`);
  }
  return begin(run, (await startFromCache(run)) ?? (await startFromSource(run)));
}

/**
 * A start without the cached root, for when the snapshot lists another root than that one and no newer root exists: somebody padded
 * or replaced the file. Not for trust on first use, which has only that file to hold on to.
 */
export async function restartFromSource(run: Run): Promise<Start> {
  run.roots.length = 0;
  return begin(run, await startFromSource(run));
}

function begin(run: Run, start: Start): Start {
  rememberChain(run, start);
  run.roots.push(start.set.root);
  return start;
}

function rememberChain(run: Run, { set, anchor }: Start): void {
  const pins = anchor.kind === "pinned" ? anchor.pins.map(formatPin) : [];
  run.memory.change((memory) => rememberAnchor(memory, run.dialect.name, pins, set.root));
}

/** Accepts newer roots until there is none. True when at least one was found. @throws what updateRoot throws, limit.exceeded */
export async function walkRoots(run: Run, start: Start): Promise<boolean> {
  const { set } = start;
  for (let walked = 0; walked <= run.limits.rootRotations; walked++) {
    const version = set.root.signed.version + 1;
    const bytes = await run.fetch((source) => source.fetchRoot(version, { maxBytes: run.limits.rootBytes }));
    if (bytes === undefined) return walked > 0;
    if (walked === run.limits.rootRotations) break;
    const root = set.updateRoot(bytes);
    // Before the root is stored (5.3.11): a run that ends between must not leave the old ones under the new root.
    if (set.onlineKeysRotated) {
      await run.forget(timestampRole);
      await run.forget(snapshotRole);
    }
    await run.keep(rootRole, root.bytes);
    run.roots.push(root);
    rememberChain(run, start);
    await run.memory.save();
  }
  throw new CountersignError(
    "limit.exceeded",
    `${run.gun} has more than ${run.limits.rootRotations} new root versions (now at ${set.root.signed.version})`,
    { hints: ["what was verified is kept: run again to go on from there"] },
  );
}

async function startFromCache(run: Run): Promise<Start | undefined> {
  const bytes = await run.readCached(rootRole);
  if (bytes === undefined) return undefined;
  try {
    const set = TrustedSet.fromRoot(bytes, run);
    const anchor = anchorOf(run, set);
    return anchor && { set, anchor, isFromCache: true, isBehind: false };
  } catch (error) {
    if (!isCountersignError(error) || error.kind !== "untrusted") throw error;
    await run.dropCached(rootRole, error);
    return undefined;
  }
}

// A cached root may be far from the pins. It counts while it is, to the byte, where a chain led that a standing pin admitted, or when
// the pins vouch for it themselves. So a root that somebody put into the cache counts for nothing, and taking a pin away also
// takes away what was trusted because of it.
function anchorOf(run: Run, set: TrustedSet): Anchor | undefined {
  const admitted = rememberedPins(run.memory.current, run.dialect.name, set.root);
  if (run.pins.length === 0) return { kind: "firstUse" }; // the first use is over: what was seen then is held on to
  const standing = run.pins.filter((pin) => admitted?.includes(formatPin(pin)));
  const pins = standing.length > 0 ? standing : vouchingPins(run.dialect, set.root, run, run.pins);
  return pins.length === 0 ? undefined : { kind: "pinned", pins };
}

async function startFromSource(run: Run): Promise<Start> {
  const newest = (await fetchRoot(run, undefined)) ?? (await fetchRoot(run, 1));
  if (newest === undefined) {
    throw new CountersignError("collection.missing", `there is no collection ${run.gun} (${run.dialect.name})`);
  }
  const start = accept(run, newest) ?? (await earliestVouchedRoot(run));
  if (start === undefined) throw pinMismatch(run.gun, run.dialect.decodeRoot(newest), run.pins);
  await run.keep(rootRole, start.set.root.bytes);
  return start;
}

async function earliestVouchedRoot(run: Run): Promise<Start | undefined> {
  for (let version = 1; version <= run.limits.rootRotations; version++) {
    const bytes = await fetchRoot(run, version);
    if (bytes === undefined) return undefined;
    const start = accept(run, bytes);
    if (start !== undefined) return { ...start, isBehind: true };
  }
  return undefined;
}

function fetchRoot(run: Run, version: number | undefined): Promise<Uint8Array | undefined> {
  return run.fetch((source) => source.fetchRoot(version, { maxBytes: run.limits.rootBytes }));
}

// Verifies the root against itself first: what the pins say of a root that does not reach its own threshold is of no interest.
function accept(run: Run, bytes: Uint8Array): Start | undefined {
  const set = TrustedSet.fromRoot(bytes, run);
  if (run.pins.length === 0) return { set, anchor: { kind: "firstUse" }, isFromCache: false, isBehind: false };
  const pins = vouchingPins(run.dialect, set.root, run, run.pins);
  return pins.length === 0 ? undefined : { set, anchor: { kind: "pinned", pins }, isFromCache: false, isBehind: false };
}
