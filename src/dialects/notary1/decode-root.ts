// A notary1 root (notary-v1, section 2.1). All four roles must be there and every key id they list must be among the keys:
// a root that names a key it does not hold is a mistake Notary refuses as well.
import {
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
import type { KeyId } from "../../keys/index.ts";
import type { Expiry, Key, RoleKeys, Root } from "../../tuf/index.ts";
import { decodeKeyId, decodeThreshold, decodeVersion, signedPath } from "../envelope.ts";
import { decodeKeys } from "./keys.ts";

const known = ["_type", "consistent_snapshot", "expires", "keys", "roles", "version"];

export function decodeRoot(signed: JsonObject): Root {
  const keys = decodeMember(signed, "keys", decodeKeys, signedPath);
  const rolesPath: JsonPath = { parent: signedPath, step: "roles" };
  const roles = decodeMember(signed, "roles", decodeObject, signedPath);
  const role = (name: string) =>
    decodeMember(roles, name, (value, path) => requireKnownKeys(decodeRoleKeys(value, path), keys, path), rolesPath);
  return {
    type: "root",
    version: decodeVersion(signed, signedPath),
    expires: decodeMember(signed, "expires", decodeExpiry, signedPath),
    consistentSnapshot: decodeOptionalMember(signed, "consistent_snapshot", decodeBoolean, signedPath) ?? false,
    keys,
    roles: {
      root: role("root"),
      targets: role("targets"),
      snapshot: role("snapshot"),
      timestamp: role("timestamp"),
    },
    extra: extraMembers(signed, known),
  };
}

/** RFC 3339 with up to nanoseconds and any zone; the text is kept for rewriting. */
export function decodeExpiry(value: JsonValue, path: JsonPath): Expiry {
  return parseRfc3339(decodeString(value, path));
}

/** `keyids` and `threshold`; a repeated id counts as one. */
export function decodeRoleKeys(value: JsonValue, path: JsonPath): RoleKeys {
  const object = decodeObject(value, path);
  const threshold = decodeThreshold(object, path);
  const keyIds = decodeMember(object, "keyids", decodeKeyIds, path);
  return { keyIds: [...new Set(keyIds)], threshold };
}

const decodeKeyIdList = decodeArray(decodeKeyId);

function decodeKeyIds(value: JsonValue, path: JsonPath): readonly KeyId[] {
  return value === null ? [] : decodeKeyIdList(value, path); // Go's nil slice
}

function requireKnownKeys(role: RoleKeys, keys: ReadonlyMap<KeyId, Key>, path: JsonPath): RoleKeys {
  const missing = role.keyIds.find((id) => !keys.has(id));
  if (missing !== undefined) throw invalidAt(path, `key ${missing.slice(0, 80)} is not among the keys`);
  return role;
}
