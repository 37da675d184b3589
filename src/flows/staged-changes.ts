// Staged changes as changes of a collection and back (notary-v1, section 5.1): what waits in a changelist, ours or Notary's, is published in
// one go and taken off the list only after a fresh reader has read it back. What a collection says already is passed over, so that a
// publish whose answer was lost can simply be repeated.
import {
  assertNever,
  CountersignError,
  decodeArray,
  decodeBase64,
  decodeInteger,
  decodeMember,
  decodeObject,
  decodeOptionalMember,
  decodeString,
  encodeBase64,
  encodeUtf8,
  type Gun,
  isCountersignError,
  type JsonObject,
  jsonPath,
  parseJson,
  parseRoleName,
  parseTargetName,
} from "../bytes/index.ts";
import { notary1 } from "../dialects/index.ts";
import type { ChangeList, StagedEntry, StagedFile } from "../home/index.ts";
import {
  type CanonicalKeyId,
  type PublicKey,
  parseCanonicalKeyId,
  parseCertificates,
  publicKeyFromRawEd25519,
  publicKeyFromSpki,
} from "../keys/index.ts";
import type { AddTarget, Change, CollectionState, KeyRing, SetDelegation } from "../publish/index.ts";
import { findDelegation } from "../tuf/index.ts";
import type { Pin } from "../updater/index.ts";
import type { ReadPorts } from "./ports.ts";
import { type PublishReport, publishChanges } from "./publish.ts";

export interface StagedPublishRequest {
  readonly gun: Gun;
  readonly list: ChangeList;
  readonly pins: readonly Pin[];
  readonly ring: KeyRing;
  /** Witness roles that nobody counted has signed, as Notary does. */
  readonly acceptsUnsigned?: boolean;
  /** Take keys out of delegations although their targets vanish until somebody else signs them, as Notary does. */
  readonly mayVanish?: boolean;
  readonly startsTuf1?: boolean;
}

export interface StagedPublishReport extends PublishReport {
  /** Taken off the list. */
  readonly staged: readonly StagedFile[];
}

const everyDelegation = "targets/*";
const targetsRole = parseRoleName("targets");

/** @throws config.invalid, role.invalid, name.invalid for a staged change that is none; what publishChanges throws */
export async function publishStaged(ports: ReadPorts, request: StagedPublishRequest): Promise<StagedPublishReport> {
  const { list, gun, pins, ring, startsTuf1 = false } = request;
  const staged = await list.list();
  const changes = staged.map(({ entry }) => ready(stagedChange(entry, request.acceptsUnsigned === true), request));
  if (changes.length === 0 && !startsTuf1) {
    return { published: [], behind: [], findings: [], attempts: 0, staged: [] };
  }
  const report = await publishChanges(ports, {
    gun,
    pins,
    ring,
    startsTuf1,
    changes: (state) => changes.filter((change) => hasEffect(change, state)),
    blobs: new Map(),
    publisher: undefined,
  });
  await list.remove(staged.map(({ id }) => id));
  return { ...report, staged };
}

function ready(change: Change, { mayVanish }: StagedPublishRequest): Change {
  const removes = change.kind === "delegate" || change.kind === "purge";
  return removes && mayVanish === true ? { ...change, mayVanish } : change;
}

/** Puts changes on a list; nothing is contacted. Answers their ids. @throws usage.invalid for what cannot wait; disk.* */
export function stageChanges(list: ChangeList, changes: readonly Change[]): Promise<readonly string[]> {
  return list.add(changes.flatMap(entriesOf));
}

/** One entry as a change. @throws role.invalid, name.invalid, config.invalid */
export function stagedChange(entry: StagedEntry, acceptsUnsigned: boolean): Change {
  switch (entry.kind) {
    case "target":
      return entry.action === "delete"
        ? { kind: "remove", role: parseRoleName(entry.scope), name: parseTargetName(entry.path) }
        : stagedTarget(entry);
    case "delegation":
      return stagedDelegation(entry);
    case "witness": {
      const role = parseRoleName(entry.scope);
      return acceptsUnsigned ? { kind: "renew", role, acceptsUnsigned } : { kind: "renew", role };
    }
    case "role":
      throw unusable(entry, "keys are rotated at once and never staged");
    default:
      return assertNever(entry.kind);
  }
}

/** Removals of what is not there are done already. */
function hasEffect(change: Change, state: CollectionState): boolean {
  const dialects = [...state.dialects.values()];
  if (change.kind === "remove") {
    return dialects.some(
      ({ targets }) => targets.get(change.role ?? targetsRole)?.signed.targets.has(change.name) === true,
    );
  }
  if (change.kind === "undelegate") {
    const delegator = change.role.slice(0, change.role.lastIndexOf("/"));
    return dialects.some(({ targets }) => {
      const delegations = targets.get(parseRoleName(delegator))?.signed.delegations;
      return findDelegation(delegations, change.role) !== undefined;
    });
  }
  return true;
}

function stagedTarget(entry: StagedEntry): AddTarget {
  const path = jsonPath("staged target");
  const data = readData(entry);
  const hashes = Object.entries(decodeMember(data, "hashes", decodeObject, path)).map(
    ([name, value]): [string, Uint8Array] => [name, decodeBase64(decodeString(value, path))],
  );
  const custom = Object.hasOwn(data, "custom") ? data.custom : undefined;
  return {
    kind: "add",
    role: parseRoleName(entry.scope),
    name: parseTargetName(entry.path),
    length: decodeMember(data, "length", decodeInteger(0), path),
    hashes: new Map(hashes),
    isVerbatim: true,
    ...(custom === undefined || custom === null ? {} : { custom }),
  };
}

function stagedDelegation(entry: StagedEntry): Change {
  const path = jsonPath("staged delegation");
  if (entry.action === "delete") return { kind: "undelegate", role: parseRoleName(entry.scope) };
  const data = readData(entry);
  const strings = (name: string): readonly string[] =>
    decodeOptionalMember(data, name, decodeArray(decodeString), path) ?? [];
  const removeKeys = strings("remove_keys").map((id): CanonicalKeyId => parseCanonicalKeyId(id));
  if (entry.scope === everyDelegation) return { kind: "purge", keys: removeKeys };
  const addKeys = decodeOptionalMember(data, "add_keys", decodeArray(decodeObject), path) ?? [];
  const threshold = decodeOptionalMember(data, "threshold", decodeInteger(0), path) ?? 0;
  const clears = Object.hasOwn(data, "clear_paths") && data.clear_paths === true;
  return {
    kind: "delegate",
    role: parseRoleName(entry.scope),
    addKeys: addKeys.map(decodeKeyObject),
    removeKeys,
    addPaths: strings("add_paths"),
    removePaths: strings("remove_paths"),
    // Notary stages 1 whatever the delegation has, and means: keep it.
    ...(threshold > 1 ? { threshold } : {}),
    ...(clears ? { clearsPaths: true } : {}),
  };
}

/** A key object of Notary's (notary-v1, section 4); of a certificate the key in it. @throws key.unsupported, key.format */
function decodeKeyObject(source: JsonObject): PublicKey {
  const path = jsonPath("staged key");
  const keyType = decodeMember(source, "keytype", decodeString, path);
  const value = decodeMember(source, "keyval", decodeObject, path);
  const bytes = decodeBase64(decodeMember(value, "public", decodeString, path));
  if (keyType.endsWith("-x509")) {
    const key = parseCertificates(new TextDecoder().decode(bytes))[0]?.publicKey;
    if (key === undefined) throw new CountersignError("key.unsupported", "a staged certificate's key cannot be used");
    return key;
  }
  return keyType === "ed25519" ? publicKeyFromRawEd25519(bytes) : publicKeyFromSpki(bytes);
}

function readData(entry: StagedEntry): JsonObject {
  try {
    return decodeObject(parseJson(entry.data, { numbers: "integral" }), jsonPath("staged data"));
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw unusable(entry, cause.message, cause);
  }
}

/** As Notary stages it: keys and paths of one delegation are two entries. */
function entriesOf(change: Change): readonly StagedEntry[] {
  switch (change.kind) {
    case "add": {
      const hashes = Object.fromEntries([...change.hashes].map(([name, hash]) => [name, encodeBase64(hash)]));
      const custom = change.custom === undefined ? {} : { custom: change.custom };
      const data = { length: change.length, hashes, ...custom };
      return [staged("create", change.role ?? targetsRole, "target", change.name, data)];
    }
    case "remove":
      return [staged("delete", change.role ?? targetsRole, "target", change.name)];
    case "renew":
      if (change.expiresAt !== undefined) throw cannotWait("an expiry of one's own");
      return [staged("update", change.role, "witness", "")];
    case "undelegate":
      return [staged("delete", change.role, "delegation", "")];
    case "purge":
      return [staged("update", everyDelegation, "delegation", "", { remove_keys: change.keys })];
    case "delegate":
      return delegationEntries(change);
    case "rekey":
      throw cannotWait("a rotation of keys");
    case "bins":
    case "serve":
      throw cannotWait("a layout of files");
    case "lifetime":
      throw cannotWait("a lifetime");
    default:
      return assertNever(change);
  }
}

function delegationEntries(change: SetDelegation): readonly StagedEntry[] {
  const { role, addKeys = [], removeKeys = [], addPaths = [], removePaths = [], clearsPaths, threshold } = change;
  const entries: StagedEntry[] = [];
  const put = (action: StagedEntry["action"], data: JsonObject): void => {
    entries.push(staged(action, role, "delegation", "", data));
  };
  if (addKeys.length > 0 || (threshold !== undefined && threshold > 1)) {
    put("create", { threshold: threshold ?? 1, add_keys: addKeys.map((key) => notary1.makeKey(key).source) });
  }
  if (clearsPaths === true) put("update", { clear_paths: true });
  if (addPaths.length > 0) put("create", { add_paths: addPaths });
  if (removeKeys.length > 0) put("update", { remove_keys: removeKeys });
  if (removePaths.length > 0) put("update", { remove_paths: removePaths });
  return entries;
}

function staged(
  action: StagedEntry["action"],
  scope: string,
  kind: StagedEntry["kind"],
  path: string,
  data?: JsonObject,
): StagedEntry {
  return { action, scope, kind, path, data: data === undefined ? new Uint8Array() : encodeUtf8(JSON.stringify(data)) };
}

function cannotWait(what: string): CountersignError {
  return new CountersignError("usage.invalid", `${what} cannot be staged: it is published at once`);
}

function unusable({ action, kind, scope }: StagedEntry, why: string, cause?: unknown): CountersignError {
  return new CountersignError(
    "config.invalid",
    `the staged change "${action} ${kind} ${scope}" cannot be used: ${why}`,
    {
      cause,
      hints: ["see what is staged: countersign status", "drop it with: countersign reset"],
    },
  );
}
