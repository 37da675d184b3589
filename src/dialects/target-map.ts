// The `targets` member of both dialects: name -> length, hashes, custom. A collection may hold a hundred thousand of them, so this is
// the one place in decoding where every allocation counts. Names are kept as written: `__proto__`, `..` and the empty
// name are just names here, and nothing uses them as a path.
import {
  decodeObject,
  type Hashes,
  invalidAt,
  type JsonObject,
  type JsonPath,
  type JsonValue,
} from "../bytes/index.ts";
import type { Target } from "../tuf/index.ts";

/** Bytes of a hash, for the algorithms we check. */
export function hashSize(algorithm: string): number | undefined {
  return algorithm === "sha256" ? 32 : algorithm === "sha512" ? 64 : undefined;
}

/** @throws target.invalid when nothing but unknown algorithms is listed: such a thing can never be verified */
export function requireKnownHash(hashes: Hashes, path: JsonPath): Hashes {
  if (hashes.has("sha256") || hashes.has("sha512")) return hashes;
  throw invalidAt(path, "neither sha256 nor sha512 is listed", "target.invalid");
}

/** @throws metadata.invalid, target.invalid */
export function decodeTargetMap(
  value: JsonValue,
  path: JsonPath,
  decodeHashes: (value: JsonValue, path: JsonPath) => Hashes,
): ReadonlyMap<string, Target> {
  const object = decodeObject(value, path);
  const targets = new Map<string, Target>();
  for (const name of Object.keys(object)) {
    const member = object[name];
    if (member === undefined) continue;
    const at = { parent: path, step: name };
    targets.set(name, decodeTarget(decodeObject(member, at), at, decodeHashes));
  }
  return targets;
}

function decodeTarget(
  object: JsonObject,
  path: JsonPath,
  decodeHashes: (value: JsonValue, path: JsonPath) => Hashes,
): Target {
  const length = Object.hasOwn(object, "length") ? object.length : undefined;
  if (typeof length !== "number" || !Number.isSafeInteger(length) || length < 0) {
    throw invalidAt({ parent: path, step: "length" }, "expected an integer of at least 0", "target.invalid");
  }
  const hashes = Object.hasOwn(object, "hashes") ? object.hashes : undefined;
  if (hashes === undefined) throw invalidAt({ parent: path, step: "hashes" }, "missing", "target.invalid");
  const custom = Object.hasOwn(object, "custom") ? object.custom : undefined;
  return { length, hashes: decodeHashes(hashes, { parent: path, step: "hashes" }), custom };
}
