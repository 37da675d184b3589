// A notary1 targets document, also of delegated roles (notary-v1, section 2.2). A file may only delegate to its direct
// children. Hashes must be of their algorithm's size and one of sha256 and sha512 must be there; unknown algorithms are kept
// and prove nothing. Go writes null for empty maps and lists in places: read as empty.
import { Buffer } from "node:buffer";
import {
  decodeArray,
  decodeBase64,
  decodeInteger,
  decodeMember,
  decodeObject,
  decodeOptionalMember,
  decodeString,
  type EntriesWanted,
  extraMembers,
  type Hashes,
  invalidAt,
  isCountersignError,
  type JsonEntries,
  type JsonObject,
  type JsonPath,
  type JsonValue,
  parseRoleName,
  type RoleName,
} from "../../bytes/index.ts";
import type { DelegatedRole, Delegations, Target, Targets } from "../../tuf/index.ts";
import { decodeVersion, signedPath } from "../envelope.ts";
import { decodeHashesWith, type HashCoding } from "../hashes.ts";
import { base64Text, plainTargetEnd } from "../plain-target.ts";
import { decodeTargetMap, targetMapOf } from "../target-map.ts";
import { decodeExpiry, decodeRoleKeys } from "./decode-root.ts";
import { decodeKeys } from "./keys.ts";

const known = ["_type", "delegations", "expires", "targets", "version"];

/** The targets themselves, which may be very many. */
export const targetEntries: EntriesWanted = { member: "targets", recognise: plainTargetEnd(base64Text) };

export function decodeTargets(role: RoleName, signed: JsonObject, entries?: JsonEntries): Targets {
  return {
    type: "targets",
    version: decodeVersion(signed, signedPath),
    expires: decodeMember(signed, "expires", decodeExpiry, signedPath),
    targets:
      decodeOptionalMember(
        signed,
        "targets",
        (value, path) =>
          entries === undefined ? decodeTargetMembers(value, path) : targetMapOf(entries, path, coding),
        signedPath,
      ) ?? new Map(),
    delegations: decodeOptionalMember(
      signed,
      "delegations",
      (value, path) => (value === null ? undefined : decodeDelegations(role, value, path)),
      signedPath,
    ),
    extra: extraMembers(signed, known),
  };
}

function decodeTargetMembers(value: JsonValue, path: JsonPath): ReadonlyMap<string, Target> {
  return value === null ? new Map() : decodeTargetMap(value, path, coding);
}

const sha256Text = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;
const sha512Text = /^[A-Za-z0-9+/]{85}[AQgw]==$/;

/** Padded standard base64 without spare bits. */
const coding: HashCoding = {
  isHash: (algorithm, text) => {
    if (algorithm === "sha256") return sha256Text.test(text);
    return algorithm === "sha512" ? sha512Text.test(text) : Buffer.from(text, "base64").toString("base64") === text;
  },
  decode: decodeBase64,
  expected: "expected base64 of the hash's size",
};

/** Algorithm -> base64. @throws target.invalid */
export const decodeHashes: (value: JsonValue, path: JsonPath) => Hashes = decodeHashesWith(coding);

function decodeDelegations(parent: RoleName, value: JsonValue, path: JsonPath): Delegations {
  const object = decodeObject(value, path);
  const list = decodeOptionalMember(
    object,
    "roles",
    (member, at) =>
      member === null ? null : decodeArray((item, itemAt) => decodeRole(parent, item, itemAt))(member, at),
    path,
  );
  const roles = list ?? [];
  const names = new Set<RoleName>();
  for (const { name } of roles) {
    if (names.has(name)) throw invalidAt({ parent: path, step: "roles" }, `${name} stands there twice`);
    names.add(name);
  }
  return {
    keys: decodeOptionalMember(object, "keys", decodeKeys, path) ?? new Map(),
    roles,
    succinct: undefined,
    ...(list === null ? { rolesWereNull: true as const } : {}),
  };
}

const decodePrefixes = decodeArray(decodeString);

function decodeRole(parent: RoleName, value: JsonValue, path: JsonPath): DelegatedRole {
  const object = decodeObject(value, path);
  const name = decodeMember(object, "name", decodeRoleName, path);
  if (name.slice(0, name.lastIndexOf("/")) !== parent) throw invalidAt(path, `${parent} cannot delegate to ${name}`);
  const prefixes = decodeOptionalMember(
    object,
    "paths",
    (list, at) => (list === null ? [] : decodePrefixes(list, at)),
    path,
  );
  return {
    ...decodeRoleKeys(object, path),
    name,
    paths: { kind: "prefixes", prefixes: prefixes ?? [] },
    terminating: false,
  };
}

/** @throws metadata.invalid: in a document a bad role name is the document's fault */
export function decodeRoleName(value: JsonValue, path: JsonPath): RoleName {
  const text = decodeString(value, path);
  try {
    return parseRoleName(text);
  } catch (error) {
    if (isCountersignError(error, "role.invalid")) throw invalidAt(path, error.message);
    throw error;
  }
}

export const decodeLength = decodeInteger(0);
