// tuf1 snapshot and timestamp (TUF 1.0.34, 4.4, 4.6): roles are named with `.json`, linked by version; length and hashes are optional.
import {
  decodeInteger,
  decodeMember,
  decodeObject,
  decodeOptionalMember,
  invalidAt,
  isCountersignError,
  type JsonObject,
  type JsonPath,
  type JsonValue,
  type RoleName,
} from "../../bytes/index.ts";
import type { MetaEntry, Snapshot, Timestamp } from "../../tuf/index.ts";
import { signedPath } from "../envelope.ts";
import { roleFromTuf1 } from "../role-names.ts";
import { decodeCommon } from "./decode-root.ts";
import { decodeHashes } from "./decode-targets.ts";

const metaPath: JsonPath = { parent: signedPath, step: "meta" };

export function decodeSnapshot(signed: JsonObject): Snapshot {
  const meta = new Map<RoleName, MetaEntry>();
  for (const [file, value] of Object.entries(decodeMember(signed, "meta", decodeObject, signedPath))) {
    const at = { parent: metaPath, step: file };
    meta.set(decodeFileName(file, at), decodeEntry(value, at));
  }
  return { type: "snapshot", ...decodeCommon(signed, ["meta"]), meta };
}

export function decodeTimestamp(signed: JsonObject): Timestamp {
  const meta = decodeMember(signed, "meta", decodeObject, signedPath);
  return {
    type: "timestamp",
    ...decodeCommon(signed, ["meta"]),
    snapshot: decodeMember(meta, "snapshot.json", decodeEntry, metaPath),
  };
}

function decodeFileName(file: string, path: JsonPath): RoleName {
  if (!file.endsWith(".json")) throw invalidAt(path, "expected the name of a .json file");
  try {
    return roleFromTuf1(file.slice(0, -".json".length));
  } catch (error) {
    if (isCountersignError(error, "role.invalid")) throw invalidAt(path, error.message);
    throw error;
  }
}

const decodeEntryVersion = decodeInteger(1);
const decodeLength = decodeInteger(0);

function decodeEntry(value: JsonValue, path: JsonPath): MetaEntry {
  const object = decodeObject(value, path);
  return {
    version: decodeMember(object, "version", decodeEntryVersion, path),
    length: decodeOptionalMember(object, "length", decodeLength, path),
    hashes: decodeOptionalMember(object, "hashes", decodeHashes, path) ?? new Map(),
  };
}
