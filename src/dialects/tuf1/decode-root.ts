// A tuf1 root and the members every tuf1 role has (TUF 1.0.34, 4.2, 4.3). Key ids that no key has are let pass: such a key
// counts for nothing, and other clients let them pass too.
import {
  CountersignError,
  decodeArray,
  decodeBoolean,
  decodeMember,
  decodeObject,
  decodeOptionalMember,
  decodeString,
  extraMembers,
  invalidAt,
  type JsonObject,
  type JsonPath,
  type JsonValue,
  parseRfc3339,
} from "../../bytes/index.ts";
import type { Expiry, RoleKeys, Root } from "../../tuf/index.ts";
import { decodeKeyId, decodeThreshold, decodeVersion, signedPath } from "../envelope.ts";
import { decodeKeys } from "./keys.ts";

/** What we write. Other 1.x versions are read, and kept in `extra` for re-encoding. */
export const specVersion = "1.0.34";

/** version, expires and what we do not know. @throws metadata.invalid, timestamp.invalid */
export function decodeCommon(
  signed: JsonObject,
  known: readonly string[],
): { readonly version: number; readonly expires: Expiry; readonly extra: JsonObject } {
  const spec = decodeMember(signed, "spec_version", decodeString, signedPath);
  if (!/^1\.\d+(\.\d+)?$/.test(spec)) {
    throw new CountersignError("metadata.invalid", `spec_version ${JSON.stringify(spec.slice(0, 40))} is not 1.x`);
  }
  const kept = spec === specVersion ? ["spec_version"] : [];
  return {
    version: decodeVersion(signed, signedPath),
    expires: decodeMember(signed, "expires", decodeExpiry, signedPath),
    extra: extraMembers(signed, ["_type", "version", "expires", ...kept, ...known]),
  };
}

export function decodeRoot(signed: JsonObject): Root {
  const rolesPath: JsonPath = { parent: signedPath, step: "roles" };
  const roles = decodeMember(signed, "roles", decodeObject, signedPath);
  const role = (name: string) => decodeMember(roles, name, decodeRoleKeys, rolesPath);
  return {
    type: "root",
    ...decodeCommon(signed, ["consistent_snapshot", "keys", "roles"]),
    consistentSnapshot: decodeOptionalMember(signed, "consistent_snapshot", decodeBoolean, signedPath) ?? false,
    keys: decodeMember(signed, "keys", decodeKeys, signedPath),
    roles: {
      root: role("root"),
      targets: role("targets"),
      snapshot: role("snapshot"),
      timestamp: role("timestamp"),
    },
  };
}

/** Whole seconds in UTC, nothing else (4.2.1). */
function decodeExpiry(value: JsonValue, path: JsonPath): Expiry {
  const text = decodeString(value, path);
  if (!isTuf1Date(text)) throw invalidAt(path, "expected YYYY-MM-DDTHH:MM:SSZ", "timestamp.invalid");
  return parseRfc3339(text);
}

export function isTuf1Date(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text);
}

const decodeKeyIds = decodeArray(decodeKeyId);

/** `keyids`, each once, and `threshold`. @throws metadata.invalid, threshold.invalid */
export function decodeRoleKeys(value: JsonValue, path: JsonPath): RoleKeys {
  const object = decodeObject(value, path);
  const threshold = decodeThreshold(object, path);
  const keyIds = decodeMember(object, "keyids", decodeKeyIds, path);
  if (new Set(keyIds).size !== keyIds.length) throw invalidAt(path, "a key id stands there twice");
  return { keyIds, threshold };
}
