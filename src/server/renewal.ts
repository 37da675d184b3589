// The documents of a collection that are past half of their life, signed again. Only dates and versions change; a new snapshot brings a
// new timestamp with it. An expired root or targets does not stop this: what the owner will repair must not rot further.
import { type Gun, parseRoleName } from "../bytes/index.ts";
import { nextTimestamp } from "../publish/index.ts";
import type { CollectionState, Commit, StoredDocument } from "../storage/index.ts";
import type { Dialect, DialectName, Document, Snapshot, Timestamp } from "../tuf/index.ts";
import { lifetimesMs, renewalTime } from "./lifetimes.ts";
import { onlineKeys, signOnlineChecked } from "./online-roles.ts";
import { serverDialect } from "./remembered-roots.ts";
import type { RoleSigner } from "./role-signer.ts";

export interface Renewed {
  readonly documents: readonly (Document<Snapshot> | Document<Timestamp>)[];
  readonly forgotten: Commit["forgotten"];
  readonly usedKeys: readonly string[];
  /** When the next document comes to half of its life. */
  readonly renewAt: number;
  /** Something is due and could not be signed. */
  readonly isIncomplete: boolean;
}

const nothing: Renewed = {
  documents: [],
  forgotten: [],
  usedKeys: [],
  renewAt: Number.POSITIVE_INFINITY,
  isIncomplete: false,
};

export async function renewedDocuments(state: CollectionState, signer: RoleSigner, now: number): Promise<Renewed> {
  const parts: Renewed[] = [];
  for (const dialect of ["notary1", "tuf1"] as const) {
    const stored = (role: string) => state.current.find((each) => each.dialect === dialect && each.role === role);
    const found = { root: stored("root"), snapshot: stored("snapshot"), timestamp: stored("timestamp") };
    if (found.root === undefined || found.snapshot === undefined || found.timestamp === undefined) continue;
    const { root, snapshot, timestamp } = found;
    parts.push(await renewDialect(state.gun, serverDialect(dialect), { root, snapshot, timestamp }, signer, now));
  }
  return {
    documents: parts.flatMap((part) => part.documents),
    forgotten: parts.flatMap((part) => part.forgotten),
    usedKeys: [...new Set(parts.flatMap((part) => part.usedKeys))],
    renewAt: Math.min(...parts.map((part) => part.renewAt), now + lifetimesMs.tuf1.snapshot),
    isIncomplete: parts.some((part) => part.isIncomplete),
  };
}

interface StoredChain {
  readonly root: StoredDocument;
  readonly snapshot: StoredDocument;
  readonly timestamp: StoredDocument;
}

async function renewDialect(
  gun: Gun,
  dialect: Dialect,
  stored: StoredChain,
  signer: RoleSigner,
  now: number,
): Promise<Renewed> {
  const root = dialect.decodeRoot(stored.root.bytes);
  const oldSnapshot = dialect.decodeSnapshot(stored.snapshot.bytes);
  const oldTimestamp = dialect.decodeTimestamp(stored.timestamp.bytes);
  const snapshotKeys = await onlineKeys(signer, gun, root.signed, "snapshot");
  const timestampKeys = await onlineKeys(signer, gun, root.signed, "timestamp");

  const snapshotTime = renewalTime(oldSnapshot, stored.snapshot.storedAt);
  const renewsSnapshot = snapshotKeys !== undefined && timestampKeys !== undefined && snapshotTime <= now;
  const timestampTime = renewalTime(oldTimestamp, stored.timestamp.storedAt);
  if (!renewsSnapshot && timestampTime > now) {
    const next = snapshotKeys === undefined ? timestampTime : Math.min(snapshotTime, timestampTime);
    return { ...nothing, renewAt: next };
  }
  if (timestampKeys === undefined) return { ...nothing, renewAt: now, isIncomplete: true };

  const snapshot = renewsSnapshot
    ? await signOnlineChecked(dialect, root, following(dialect, oldSnapshot.signed, now), snapshotKeys)
    : oldSnapshot;
  const next = nextTimestamp(dialect, {
    previous: oldTimestamp.signed,
    snapshot,
    expiresAt: now + lifetimesMs[dialect.name].timestamp,
  });
  const timestamp = await signOnlineChecked(dialect, root, next, timestampKeys);
  const times = [renewalTime(timestamp, now)];
  if (snapshotKeys !== undefined) times.push(renewsSnapshot ? renewalTime(snapshot, now) : snapshotTime);
  return {
    documents: renewsSnapshot ? [snapshot, timestamp] : [timestamp],
    forgotten: renewsSnapshot ? [] : [replaced(dialect.name, oldTimestamp)],
    usedKeys: [...timestampKeys.ids, ...(renewsSnapshot ? snapshotKeys.ids : [])],
    renewAt: Math.min(...times),
    isIncomplete: false,
  };
}

function following(dialect: Dialect, previous: Snapshot, now: number): Snapshot {
  const expires = dialect.formatExpiry(now + lifetimesMs[dialect.name].snapshot);
  return { ...previous, version: previous.version + 1, expires };
}

/** A timestamp that only pointed at the same snapshot as its successor says nothing that anybody could need. */
function replaced(dialect: DialectName, timestamp: Document<Timestamp>): Commit["forgotten"][number] {
  return { dialect, role: parseRoleName("timestamp"), version: timestamp.signed.version };
}
