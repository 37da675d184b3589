// notary1 snapshot and timestamp (notary-v1, section 2.3): role names without `.json`, entries without versions, linked by
// hash. A snapshot without the hash of root or targets would let those be swapped, so it is refused.
import {
  decodeMember,
  decodeObject,
  extraMembers,
  invalidAt,
  type JsonObject,
  type JsonPath,
  type JsonValue,
  type RoleName,
} from "../../bytes/index.ts";
import type { MetaEntry, Snapshot, Timestamp } from "../../tuf/index.ts";
import { decodeVersion, signedPath } from "../envelope.ts";
import { decodeExpiry } from "./decode-root.ts";
import { decodeHashes, decodeLength, decodeRoleName } from "./decode-targets.ts";

const known = ["_type", "expires", "meta", "version"];
const metaPath: JsonPath = { parent: signedPath, step: "meta" };

export function decodeSnapshot(signed: JsonObject): Snapshot {
  const meta = new Map<RoleName, MetaEntry>();
  const members = decodeMember(signed, "meta", decodeObject, signedPath);
  for (const [name, value] of Object.entries(members)) {
    const at = { parent: metaPath, step: name };
    meta.set(decodeRoleName(name, at), decodeEntry(value, at));
  }
  for (const name of ["root", "targets"]) {
    decodeMember(members, name, requireSha256, metaPath);
  }
  return {
    type: "snapshot",
    version: decodeVersion(signed, signedPath),
    expires: decodeMember(signed, "expires", decodeExpiry, signedPath),
    meta,
    extra: extraMembers(signed, known),
  };
}

export function decodeTimestamp(signed: JsonObject): Timestamp {
  const meta = decodeMember(signed, "meta", decodeObject, signedPath);
  return {
    type: "timestamp",
    version: decodeVersion(signed, signedPath),
    expires: decodeMember(signed, "expires", decodeExpiry, signedPath),
    snapshot: decodeMember(meta, "snapshot", requireSha256, metaPath),
    extra: extraMembers(signed, known),
  };
}

function decodeEntry(value: JsonValue, path: JsonPath): MetaEntry {
  const object = decodeObject(value, path);
  return {
    version: undefined,
    length: decodeMember(object, "length", decodeLength, path),
    hashes: decodeMember(object, "hashes", decodeHashes, path),
  };
}

function requireSha256(value: JsonValue, path: JsonPath): MetaEntry {
  const entry = decodeEntry(value, path);
  if (!entry.hashes.has("sha256")) throw invalidAt(path, "sha256 is missing");
  return entry;
}
