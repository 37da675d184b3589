// What a reader remembers of a collection across runs AND across dialects. Publishers keep root and targets versions level in both
// dialects, so a version seen in one binds the other: without this a mirror could roll a reader back by serving it the dialect
// that lags. The file is a small JSON text that an adapter stores as opaque bytes.
//
// Versions are only ever forgotten by the owner's authenticated act: a root never seen before that changes the timestamp or
// snapshot keys (recovery from a fast-forward attack, TUF 1.0.34 section 5.3.11), or a newer parent that drops a delegation.
import {
  CountersignError,
  compareUtf8,
  decodeArray,
  decodeInteger,
  decodeMap,
  decodeMember,
  decodeObject,
  decodeString,
  encodeHex,
  encodeUtf8,
  type JsonPath,
  type JsonValue,
  jsonPath,
  parseJson,
  sha256,
} from "../bytes/index.ts";
import type { DialectName, Document, Root, Targets } from "../tuf/index.ts";

export interface MemoryStore {
  read(): Promise<Uint8Array | undefined>;
  /** Atomic: the old or the new bytes, never a mixture. */
  write(bytes: Uint8Array): Promise<void>;
}

export interface Memory {
  /** Highest root version seen in either dialect; 0 = none. */
  readonly rootVersion: number;
  /** `timestamp:ID` and `snapshot:ID` for each key of these roles at that version, by canonical id, sorted. */
  readonly onlineKeys: readonly string[];
  /** Highest version of each targets role seen in either dialect. */
  readonly targets: ReadonlyMap<string, number>;
  /** By dialect. */
  readonly anchors: ReadonlyMap<string, RememberedAnchor>;
}

/** Why a cached root is believed: which pins admitted its chain, and which bytes the chain led to. */
export interface RememberedAnchor {
  /** As text; none = trust on first use. */
  readonly pins: readonly string[];
  /** Hex sha256 of the newest root that was accepted. */
  readonly root: string;
}

export const emptyMemory: Memory = { rootVersion: 0, onlineKeys: [], targets: new Map(), anchors: new Map() };

const maxMemoryBytes = 8 * 1024 * 1024;

export function encodeMemory(memory: Memory): Uint8Array {
  const sorted = <T>(map: ReadonlyMap<string, T>) =>
    Object.fromEntries([...map].sort(([left], [right]) => compareUtf8(left, right)));
  return encodeUtf8(
    `${JSON.stringify({
      memory: 1,
      root: memory.rootVersion,
      onlineKeys: memory.onlineKeys,
      targets: sorted(memory.targets),
      anchors: sorted(memory.anchors),
    })}\n`,
  );
}

/** @throws cache.corrupt */
export function decodeMemory(bytes: Uint8Array): Memory {
  try {
    const path = jsonPath("memory");
    const object = decodeObject(parseJson(bytes, { maxBytes: maxMemoryBytes, maxDepth: 4 }), path);
    decodeMember(object, "memory", decodeInteger(1, 1), path);
    const version = decodeInteger(1);
    return {
      rootVersion: decodeMember(object, "root", decodeInteger(0), path),
      onlineKeys: decodeMember(object, "onlineKeys", decodeArray(decodeString), path),
      targets: decodeMember(object, "targets", decodeMap(version), path),
      anchors: decodeMember(object, "anchors", decodeMap(decodeAnchor), path),
    };
  } catch (cause) {
    throw new CountersignError("cache.corrupt", "the memory of versions seen before is damaged", { cause });
  }
}

function decodeAnchor(value: JsonValue, path: JsonPath): RememberedAnchor {
  const object = decodeObject(value, path);
  return {
    pins: decodeMember(object, "pins", decodeArray(decodeString), path),
    root: decodeMember(object, "root", decodeString, path),
  };
}

/** @throws metadata.rollback when a root is older than one seen in either dialect */
export function checkRootVersion(memory: Memory, dialect: DialectName, version: number): void {
  if (version < memory.rootVersion) {
    throw rolledBack(dialect, "root", version, memory.rootVersion);
  }
}

/** @throws metadata.rollback when a targets role is older than one seen in either dialect */
export function checkTargetsVersion(memory: Memory, document: Document<Targets>): void {
  const seen = memory.targets.get(document.role) ?? 0;
  if (document.signed.version < seen) {
    throw rolledBack(document.dialect, document.role, document.signed.version, seen);
  }
}

/** The memory after a root was trusted. A new version that changes the online keys starts the targets versions afresh. */
export function rememberRoot(memory: Memory, root: Document<Root>): Memory {
  if (root.signed.version <= memory.rootVersion) return memory;
  const onlineKeys = onlineKeysOf(root.signed);
  const recovered = retires(memory.onlineKeys, onlineKeys);
  return {
    ...memory,
    rootVersion: root.signed.version,
    onlineKeys,
    targets: recovered ? new Map() : memory.targets,
  };
}

/** The memory after a targets role was trusted. Children that a newer parent no longer names are forgotten. */
export function rememberTargets(memory: Memory, document: Document<Targets>): Memory {
  const { version, delegations } = document.signed;
  const seen = memory.targets.get(document.role) ?? 0;
  if (version <= seen) return memory;
  const targets = new Map(memory.targets).set(document.role, version);
  const named = new Set<string>((delegations?.roles ?? []).map((role) => role.name));
  const prefix = `${document.role}/`;
  for (const role of targets.keys()) {
    const isChild = role.startsWith(prefix) && !role.includes("/", prefix.length);
    if (isChild && !named.has(role) && delegations?.succinct === undefined) targets.delete(role);
  }
  return { ...memory, targets };
}

/** The memory after a root was accepted as the end of a chain that `pins` admitted. */
export function rememberAnchor(
  memory: Memory,
  dialect: DialectName,
  pins: readonly string[],
  root: Document<Root>,
): Memory {
  const anchor = { pins, root: encodeHex(sha256(root.bytes)) };
  return { ...memory, anchors: new Map(memory.anchors).set(dialect, anchor) };
}

/** The pins that admitted the chain of a cached root; undefined when these bytes are not what the chain led to. */
export function rememberedPins(
  memory: Memory,
  dialect: DialectName,
  root: Document<Root>,
): readonly string[] | undefined {
  const anchor = memory.anchors.get(dialect);
  return anchor?.root === encodeHex(sha256(root.bytes)) ? anchor.pins : undefined;
}

/**
 * Two memories of one collection, as left by two processes: never less than either knew, but for what the one that knows the
 * newer root or the newer parent has forgotten for cause.
 */
export function mergeMemories(ours: Memory, stored: Memory): Memory {
  const [newer, older] = ours.rootVersion >= stored.rootVersion ? [ours, stored] : [stored, ours];
  const reset = newer.rootVersion > older.rootVersion && retires(older.onlineKeys, newer.onlineKeys);
  const targets = reset ? newer.targets : mergeVersions(newer.targets, older.targets);
  return { ...newer, targets, anchors: new Map([...stored.anchors, ...ours.anchors]) };
}

function mergeVersions(
  left: ReadonlyMap<string, number>,
  right: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const merged = new Map<string, number>();
  for (const [mine, other] of [
    [left, right],
    [right, left],
  ] as const) {
    for (const [role, version] of mine) {
      const parent = role.slice(0, role.lastIndexOf("/"));
      const droppedByOther = !other.has(role) && (other.get(parent) ?? 0) > (mine.get(parent) ?? 0);
      if (!droppedByOther) merged.set(role, Math.max(version, other.get(role) ?? 0));
    }
  }
  return merged;
}

// A key that is taken out of use is a recovery; a key that only joins is not.
function retires(before: readonly string[], after: readonly string[]): boolean {
  return before.some((key) => !after.includes(key));
}

function onlineKeysOf(root: Root): readonly string[] {
  const keys = (["timestamp", "snapshot"] as const).flatMap((role) =>
    root.roles[role].keyIds.flatMap((keyId) => {
      const publicKey = root.keys.get(keyId)?.publicKey;
      return publicKey === undefined ? [] : [`${role}:${publicKey.id}`];
    }),
  );
  return [...new Set(keys)].sort(compareUtf8);
}

function rolledBack(dialect: DialectName, role: string, got: number, seen: number): CountersignError {
  return new CountersignError(
    "metadata.rollback",
    `${role} in ${dialect} is version ${got}; version ${seen} was seen before`,
    {
      hints: [
        "somebody serves old documents, or this dialect is behind the other one",
        "owners: publish again with countersign to bring both dialects level",
      ],
    },
  );
}
