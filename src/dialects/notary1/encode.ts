// notary1 as Go writes it, to the byte (notary-v1, section 2): compact, `signed` first, members sorted, `private` null, `paths` and
// `custom` left out when empty, `<`, `>`, `&`, U+2028 and U+2029 escaped on the wire though signed raw. Real servers hash what Go
// would have written: one byte off and the collection is dead (9.5).
import {
  decodeUtf8,
  encodeBase64,
  type Hashes,
  isCountersignError,
  type JsonObject,
  type JsonValue,
  parseRoleName,
} from "../../bytes/index.ts";
import type { KeyId } from "../../keys/index.ts";
import type {
  DelegatedRole,
  Delegations,
  Key,
  MetaEntry,
  RoleKeys,
  Signature,
  Signed,
  Target,
} from "../../tuf/index.ts";
import { encodeSignedObject, envelopeBytes, inexpressible, objectOf, signedObject } from "../envelope.ts";

/** @throws preflight.inexpressible */
export function encodeSigned(signed: Signed): Uint8Array {
  const bytes = encodeSignedObject(signedObject({ ...body(signed), ...common(signed) }, signed.extra));
  // Control characters stand raw in what is signed, and Notary's client then cannot build its file (section 3).
  if (bytes.some((byte) => byte < 0x20)) throw inexpressible("notary1", "control characters in names or custom data");
  return bytes;
}

/** The wire form: what canonical JSON leaves raw and Go escapes. */
export function assemble(signedBytes: Uint8Array, signatures: readonly Signature[]): Uint8Array {
  return envelopeBytes(
    goText(decodeUtf8(signedBytes)),
    signatures.map(({ keyId, method, signature }) => ({
      keyid: keyId,
      method: method ?? "",
      sig: encodeBase64(signature),
    })),
  );
}

const goEscaped = /[<>&\u2028\u2029]/g;

function goText(text: string): string {
  return text.replaceAll(goEscaped, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function common({ version, expires }: Signed): Record<string, JsonValue> {
  return { expires: expires.text, version };
}

function body(signed: Signed): Record<string, JsonValue> {
  switch (signed.type) {
    case "root":
      return {
        _type: "Root",
        consistent_snapshot: signed.consistentSnapshot,
        keys: encodeKeys(signed.keys),
        roles: objectOf(Object.entries(signed.roles).map(([name, role]) => [name, encodeRoleKeys(role)])),
      };
    case "targets":
      return {
        _type: "Targets",
        delegations: encodeDelegations(signed.delegations),
        targets: objectOf([...signed.targets].map(([name, target]) => [name, encodeTarget(target)])),
      };
    case "snapshot":
      return {
        _type: "Snapshot",
        meta: objectOf([...signed.meta].map(([role, entry]) => [role, encodeEntry(role, entry)])),
      };
    case "timestamp":
      return { _type: "Timestamp", meta: { snapshot: encodeEntry("snapshot", signed.snapshot) } };
  }
}

function encodeKeys(keys: ReadonlyMap<KeyId, Key>): JsonObject {
  for (const [id, key] of keys) {
    if (key.scheme !== undefined || key.id !== id) throw inexpressible("notary1", `key ${id}, which is not its own`);
  }
  return objectOf([...keys].map(([id, key]) => [id, key.source]));
}

function encodeRoleKeys({ keyIds, threshold }: RoleKeys): JsonObject {
  return { keyids: keyIds, threshold };
}

function encodeDelegations(delegations: Delegations | undefined): JsonObject {
  if (delegations?.succinct !== undefined) throw inexpressible("notary1", "hashed bins");
  const roles = (delegations?.roles ?? []).map(encodeDelegatedRole);
  const wasNull = roles.length === 0 && delegations?.rolesWereNull === true;
  return { keys: encodeKeys(delegations?.keys ?? new Map()), roles: wasNull ? null : roles };
}

function encodeDelegatedRole({ name, paths, terminating, ...role }: DelegatedRole): JsonObject {
  if (paths.kind !== "prefixes") throw inexpressible("notary1", `paths of ${name} that are not plain prefixes`);
  if (terminating) throw inexpressible("notary1", `that ${name} is terminating`);
  try {
    parseRoleName(name);
  } catch (error) {
    if (isCountersignError(error)) throw inexpressible("notary1", `the role name ${JSON.stringify(name)}`);
    throw error;
  }
  // A delegation whose last key was removed has a nil list in Go.
  const encoded = { keyids: role.keyIds.length === 0 ? null : role.keyIds, name, threshold: role.threshold };
  return paths.prefixes.length === 0 ? encoded : { ...encoded, paths: paths.prefixes };
}

function encodeTarget({ length, hashes, custom }: Target): JsonObject {
  const encoded = { hashes: encodeHashes(hashes), length };
  return custom === undefined || custom === null ? encoded : { ...encoded, custom };
}

function encodeEntry(role: string, { length, hashes }: MetaEntry): JsonObject {
  if (length === undefined || !hashes.has("sha256")) {
    throw inexpressible("notary1", `an entry for ${role} without length and sha256`);
  }
  return { hashes: encodeHashes(hashes), length };
}

function encodeHashes(hashes: Hashes): JsonObject {
  return objectOf([...hashes].map(([algorithm, hash]) => [algorithm, encodeBase64(hash)]));
}
