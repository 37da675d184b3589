// tuf1 as TUF 1.0.34 asks for it and all five client libraries read it: the three standard key members, `terminating` always
// written, dates in whole seconds, `spec_version`. The wire is the canonical form with control characters escaped (a PEM
// key holds newlines, which canonical JSON leaves raw and JSON does not allow).
import { decodeUtf8, encodeHex, type Hashes, type JsonObject, type JsonValue } from "../../bytes/index.ts";
import type { KeyId } from "../../keys/index.ts";
import type {
  DelegatedPaths,
  DelegatedRole,
  Delegations,
  Key,
  MetaEntry,
  RoleKeys,
  Signature,
  Signed,
  SuccinctRoles,
  Target,
} from "../../tuf/index.ts";
import { encodeSignedObject, envelopeBytes, inexpressible, objectOf, signedObject } from "../envelope.ts";
import { roleInTuf1 } from "../role-names.ts";
import { isTuf1Date, specVersion } from "./decode-root.ts";

/** @throws preflight.inexpressible */
export function encodeSigned(signed: Signed): Uint8Array {
  const { expires, version, extra } = signed;
  if (!isTuf1Date(expires.text)) throw inexpressible("tuf1", `the date ${expires.text}`);
  const kept = Object.hasOwn(extra, "spec_version") ? extra.spec_version : undefined;
  const common = { expires: expires.text, spec_version: kept ?? specVersion, version };
  return encodeSignedObject(signedObject({ ...body(signed), ...common }, extra));
}

/** The wire form: canonical JSON with control characters escaped. */
export function assemble(signedBytes: Uint8Array, signatures: readonly Signature[]): Uint8Array {
  return envelopeBytes(
    jsonText(decodeUtf8(signedBytes)),
    signatures.map(({ keyId, signature }) => ({ keyid: keyId, sig: encodeHex(signature) })),
  );
}

/** Control characters stand raw in canonical form, and only inside strings. */
function jsonText(canonical: string): string {
  return canonical.replaceAll(/[\u0000-\u001f]/g, (character) => JSON.stringify(character).slice(1, -1));
}

function body(signed: Signed): Record<string, JsonValue | undefined> {
  switch (signed.type) {
    case "root":
      return {
        _type: "root",
        consistent_snapshot: signed.consistentSnapshot,
        keys: encodeKeys(signed.keys),
        roles: objectOf(Object.entries(signed.roles).map(([name, role]) => [name, encodeRoleKeys(role)])),
      };
    case "targets":
      return {
        _type: "targets",
        delegations: signed.delegations === undefined ? undefined : encodeDelegations(signed.delegations),
        targets: objectOf([...signed.targets].map(([name, target]) => [name, encodeTarget(target)])),
      };
    case "snapshot":
      return {
        _type: "snapshot",
        meta: objectOf([...signed.meta].map(([role, entry]) => [`${roleInTuf1(role)}.json`, encodeEntry(role, entry)])),
      };
    case "timestamp":
      return { _type: "timestamp", meta: { "snapshot.json": encodeEntry("snapshot", signed.snapshot) } };
  }
}

function encodeKeys(keys: ReadonlyMap<KeyId, Key>): JsonObject {
  for (const [id, key] of keys) {
    if (key.scheme === undefined) throw inexpressible("tuf1", `key ${id}, which has no scheme`);
  }
  return objectOf([...keys].map(([id, key]) => [id, key.source]));
}

function encodeRoleKeys({ keyIds, threshold }: RoleKeys): JsonObject {
  return { keyids: keyIds, threshold };
}

function encodeDelegations({ keys, roles, succinct }: Delegations): JsonObject {
  if (succinct === undefined) return { keys: encodeKeys(keys), roles: roles.map(encodeDelegatedRole) };
  if (roles.length > 0) throw inexpressible("tuf1", "hashed bins beside other delegations");
  return { keys: encodeKeys(keys), succinct_roles: encodeSuccinct(succinct) };
}

function encodeSuccinct({ bitLength, namePrefix, ...role }: SuccinctRoles): JsonObject {
  const prefix = namePrefix.startsWith("targets/") ? namePrefix.slice("targets/".length) : namePrefix;
  return { ...encodeRoleKeys(role), bit_length: bitLength, name_prefix: prefix };
}

function encodeDelegatedRole({ name, paths, terminating, ...role }: DelegatedRole): JsonObject {
  return { ...encodeRoleKeys(role), ...encodePaths(paths, name), name: roleInTuf1(name), terminating };
}

function encodePaths(paths: DelegatedPaths, name: string): JsonObject {
  switch (paths.kind) {
    case "patterns":
      return { paths: paths.patterns };
    case "hashPrefixes":
      return { path_hash_prefixes: paths.hashPrefixes };
    case "prefixes":
      throw inexpressible("tuf1", `plain path prefixes of ${name}`, ["convert the document to tuf1 first"]);
  }
}

function encodeTarget({ length, hashes, custom }: Target): JsonObject {
  const encoded = { hashes: encodeHashes(hashes), length };
  return custom === undefined ? encoded : { ...encoded, custom };
}

function encodeEntry(role: string, { version, length, hashes }: MetaEntry): JsonObject {
  if (version === undefined) throw inexpressible("tuf1", `an entry for ${role} without a version`);
  return objectOf([
    ["version", version],
    ["length", length],
    ["hashes", hashes.size === 0 ? undefined : encodeHashes(hashes)],
  ]);
}

function encodeHashes(hashes: Hashes): JsonObject {
  return objectOf([...hashes].map(([algorithm, hash]) => [algorithm, encodeHex(hash)]));
}
