// A tuf1 targets document, also of delegated roles (TUF 1.0.34, 4.5; TAP 15). Delegations are a list whose order is the priority,
// names are unique and none is a top-level role; a role says its paths in exactly one way. `terminating` absent = false.
import {
  decodeArray,
  decodeBoolean,
  decodeHex,
  decodeInteger,
  decodeMember,
  decodeObject,
  decodeOptionalMember,
  decodeString,
  type EntriesWanted,
  type Hashes,
  invalidAt,
  isCountersignError,
  type JsonEntries,
  type JsonObject,
  type JsonPath,
  type JsonValue,
  type RoleName,
} from "../../bytes/index.ts";
import type { DelegatedPaths, DelegatedRole, Delegations, SuccinctRoles, Targets } from "../../tuf/index.ts";
import { signedPath } from "../envelope.ts";
import { decodeHashesWith, type HashCoding } from "../hashes.ts";
import { hexText as hexBytes, plainTargetEnd } from "../plain-target.ts";
import { delegatedRoleFromTuf1 } from "../role-names.ts";
import { decodeTargetMap, targetMapOf } from "../target-map.ts";
import { decodeCommon, decodeRoleKeys } from "./decode-root.ts";
import { decodeKeys } from "./keys.ts";

/** The targets themselves, which may be very many. */
export const targetEntries: EntriesWanted = { member: "targets", recognise: plainTargetEnd(hexBytes) };

export function decodeTargets(signed: JsonObject, entries?: JsonEntries): Targets {
  return decodeTargetsWith(signed, entries, coding);
}

/** A target that lists only hashes we do not know cannot be verified, and is no fault of the other targets. */
export function decodeForeignTargets(signed: JsonObject, entries?: JsonEntries): Targets {
  return decodeTargetsWith(signed, entries, foreignCoding);
}

function decodeTargetsWith(signed: JsonObject, entries: JsonEntries | undefined, coding: HashCoding): Targets {
  return {
    type: "targets",
    ...decodeCommon(signed, ["targets", "delegations"]),
    targets: decodeMember(
      signed,
      "targets",
      (value, path) =>
        entries === undefined ? decodeTargetMap(value, path, coding) : targetMapOf(entries, path, coding),
      signedPath,
    ),
    delegations: decodeOptionalMember(
      signed,
      "delegations",
      (value, path) => (value === null ? undefined : decodeDelegations(value, path)),
      signedPath,
    ),
  };
}

const notHex = /[^0-9a-f]/;

/** Lower-case hex. */
const coding: HashCoding = {
  isHash: (algorithm, text) => {
    const { length } = text;
    const isSize = algorithm === "sha256" ? length === 64 : algorithm === "sha512" ? length === 128 : length % 2 === 0;
    return isSize && !notHex.test(text);
  },
  decode: decodeHex,
  expected: "expected lower-case hex of the hash's size",
};

const foreignCoding: HashCoding = { ...coding, mayBeUnknown: true };

/** Algorithm -> hex. @throws target.invalid */
export const decodeHashes: (value: JsonValue, path: JsonPath) => Hashes = decodeHashesWith(coding);

function decodeDelegations(value: JsonValue, path: JsonPath): Delegations {
  const object = decodeObject(value, path);
  const keys = decodeMember(object, "keys", decodeKeys, path);
  const roles = decodeOptionalMember(object, "roles", decodeRoles, path);
  const succinct = decodeOptionalMember(object, "succinct_roles", decodeSuccinct, path);
  if ((roles === undefined) === (succinct === undefined)) {
    throw invalidAt(path, "expected exactly one of roles and succinct_roles");
  }
  return { keys, roles: roles ?? [], succinct };
}

const decodeRoleList = decodeArray(decodeRole);

function decodeRoles(value: JsonValue, path: JsonPath): readonly DelegatedRole[] {
  const roles = decodeRoleList(value, path);
  const names = new Set<RoleName>();
  for (const { name } of roles) {
    if (names.has(name)) throw invalidAt(path, `${JSON.stringify(name.slice(0, 80))} stands there twice`);
    names.add(name);
  }
  return roles;
}

function decodeRole(value: JsonValue, path: JsonPath): DelegatedRole {
  const object = decodeObject(value, path);
  return {
    ...decodeRoleKeys(object, path),
    name: decodeMember(object, "name", decodeDelegatedName, path),
    paths: decodePaths(object, path),
    terminating: decodeOptionalMember(object, "terminating", decodeBoolean, path) ?? false,
  };
}

/** @throws metadata.invalid: in a document a bad role name is the document's fault */
function decodeDelegatedName(value: JsonValue, path: JsonPath): RoleName {
  const text = decodeString(value, path);
  try {
    return delegatedRoleFromTuf1(text);
  } catch (error) {
    if (isCountersignError(error, "role.invalid")) throw invalidAt(path, error.message);
    throw error;
  }
}

const decodeStrings = decodeArray(decodeString);

function decodePaths(object: JsonObject, path: JsonPath): DelegatedPaths {
  const patterns = decodeOptionalMember(object, "paths", decodeStrings, path);
  const hashPrefixes = decodeOptionalMember(object, "path_hash_prefixes", decodeStrings, path);
  if (patterns !== undefined && hashPrefixes === undefined) return { kind: "patterns", patterns };
  if (hashPrefixes !== undefined && patterns === undefined) return { kind: "hashPrefixes", hashPrefixes };
  throw invalidAt(path, "expected exactly one of paths and path_hash_prefixes");
}

const decodeBitLength = decodeInteger(1, 32);

function decodeSuccinct(value: JsonValue, path: JsonPath): SuccinctRoles {
  const object = decodeObject(value, path);
  const namePrefix = decodeMember(object, "name_prefix", decodeDelegatedName, path);
  // A bin's name is the prefix, "-" and up to eight digits: it must still be a name.
  if (namePrefix.length > 200) throw invalidAt(path, "name_prefix is longer than 192 characters");
  return {
    ...decodeRoleKeys(object, path),
    bitLength: decodeMember(object, "bit_length", decodeBitLength, path),
    namePrefix,
  };
}
