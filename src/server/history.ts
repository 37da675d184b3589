// What a collection was on another server, brought along by its owner so that its chain goes on here: old readers then meet versions above
// those they remember, and roots that lead from theirs to the new one. Nothing is believed: the chain is verified as a reader would have,
// at the last moment when all of it was in force, and every document that readers can reach has to come along. notary-v1, 9 and 14.
import {
  CountersignError,
  encodeHex,
  type Gun,
  isCountersignError,
  parseRoleName,
  type RoleName,
  sha256,
} from "../bytes/index.ts";
import type { StoredDocument } from "../storage/index.ts";
import { type Dialect, type Document, requireEntry, type Targets, TrustedSet } from "../tuf/index.ts";
import { refuse, refusingAt } from "./refusal.ts";
import type { UploadedDocument } from "./upload.ts";

export interface History {
  /** Roots ascending, then what was current. */
  readonly documents: readonly StoredDocument[];
  readonly current: readonly StoredDocument[];
}

const rootRole = parseRoleName("root");
const timestampRole = parseRoleName("timestamp");
const snapshotRole = parseRoleName("snapshot");
const targetsRole = parseRoleName("targets");

/** `parts` are notary1's. @throws RefusedUpload when a reader could not have verified it, or something is missing or too much */
export function verifiedHistory(gun: Gun, dialect: Dialect, parts: readonly UploadedDocument[], now: number): History {
  const roots = parts.filter(({ role }) => role === rootRole).map(({ bytes }) => bytes);
  const below = new Map(parts.filter(({ role }) => role !== rootRole).map(({ role, bytes }) => [role, bytes]));
  const [first, ...others] = roots;
  if (first === undefined) return refuse("root", missing(rootRole));
  const [timestamp, snapshot, targets] = [timestampRole, snapshotRole, targetsRole].map((role) => {
    const bytes = below.get(role);
    return bytes ?? refuse("validation", missing(role));
  });
  if (timestamp === undefined || snapshot === undefined || targets === undefined)
    return refuse("validation", missing(targetsRole));

  return refusingAt("validation", () => {
    const at = lastInForce(dialect, roots.at(-1) ?? first, { timestamp, snapshot, targets }, now);
    const set = TrustedSet.fromRoot(first, { gun, dialect, now: at });
    const versions = [set.root.signed.version, ...others.map((bytes) => set.updateRoot(bytes).signed.version)];
    set.finishRoots();
    set.updateTimestamp(timestamp);
    set.updateSnapshot(snapshot);
    const stored = (role: RoleName, version: number, bytes: Uint8Array): StoredDocument => {
      return { dialect: dialect.name, role, version, bytes, sha256: encodeHex(sha256(bytes)), storedAt: now };
    };
    const roles = readRoles(set, below);
    const lost = [...below.keys()].find((role) => role !== timestampRole && role !== snapshotRole && !roles.has(role));
    if (lost !== undefined) throw new CountersignError("metadata.unlisted", `history: no reader reaches ${lost}`);
    const all = [...roots.map((bytes, index) => stored(rootRole, versions[index] ?? 0, bytes))];
    const current = [
      stored(timestampRole, set.timestamp?.signed.version ?? 0, timestamp),
      stored(snapshotRole, set.snapshot?.signed.version ?? 0, snapshot),
      ...[...roles].map(([role, { signed, bytes }]) => stored(role, signed.version, bytes)),
    ];
    return { documents: [...all, ...current], current: [...all.slice(-1), ...current] };
  });
}

/**
 * `targets` and all delegated roles that the snapshot lists. One that its owner let expire, or signed too little, comes along as it is:
 * readers ask for it by the hash in the snapshot, and pass over it.
 */
function readRoles(
  set: TrustedSet,
  below: ReadonlyMap<RoleName, Uint8Array>,
): ReadonlyMap<RoleName, Document<Targets>> {
  const top = below.get(targetsRole);
  if (top === undefined) throw missing(targetsRole);
  const roles = new Map<RoleName, Document<Targets>>([[targetsRole, set.updateTargets(targetsRole, top, rootRole)]]);
  for (const [parent, document] of roles) {
    for (const { name } of document.signed.delegations?.roles ?? []) {
      const entry = set.expected(name);
      if (roles.has(name) || entry === undefined || !set.targets.has(parent)) continue;
      const bytes = below.get(name);
      if (bytes === undefined) throw missing(name);
      requireEntry(name, bytes, entry, "the snapshot");
      roles.set(name, readRole(set, name, bytes, parent));
    }
  }
  return roles;
}

function readRole(set: TrustedSet, role: RoleName, bytes: Uint8Array, parent: RoleName): Document<Targets> {
  try {
    return set.updateTargets(role, bytes, parent);
  } catch (error) {
    if (!isCountersignError(error, "metadata.expired", "threshold.unmet", "signature.none")) throw error;
    return set.dialect.decodeTargets(role, bytes);
  }
}

function lastInForce(
  dialect: Dialect,
  root: Uint8Array,
  {
    timestamp,
    snapshot,
    targets,
  }: { readonly timestamp: Uint8Array; readonly snapshot: Uint8Array; readonly targets: Uint8Array },
  now: number,
): number {
  const ends = [
    dialect.decodeRoot(root),
    dialect.decodeTimestamp(timestamp),
    dialect.decodeSnapshot(snapshot),
    dialect.decodeTargets(targetsRole, targets),
  ].map(({ signed }) => signed.expires.at);
  return Math.min(now, ...ends.map((end) => end - 1));
}

function missing(role: RoleName): CountersignError {
  return new CountersignError("metadata.missing", `the history comes without ${role}`, {
    hints: ["bring every root, and what the old server served: timestamp, snapshot, targets and all delegations"],
  });
}
