// Hashes on the wire: algorithm -> text, base64 in notary1 and hex in tuf1. One spelling per hash and the right size for the algorithms
// we check; unknown algorithms are kept for re-encoding and prove nothing.
import {
  decodeObject,
  type Hashes,
  invalidAt,
  isJsonObject,
  type JsonObject,
  type JsonPath,
  type JsonValue,
} from "../bytes/index.ts";

/** How a dialect writes a hash. */
export interface HashCoding {
  /** Whether `text` is well-formed, and of the right size for a known algorithm. Called for every target: no allocation. */
  readonly isHash: (algorithm: string, text: string) => boolean;
  readonly decode: (text: string) => Uint8Array;
  /** For the error: what was expected. */
  readonly expected: string;
  /** Whether hashes of unknown algorithms alone may be listed; they prove nothing. */
  readonly mayBeUnknown?: boolean;
}

/** Checks without decoding. `wherePath` is only called for an error. @throws metadata.invalid, target.invalid */
export function checkHashes(value: JsonValue, coding: HashCoding, wherePath: () => JsonPath): void {
  if (!isJsonObject(value)) {
    throw invalidAt(wherePath(), "expected an object", "target.invalid");
  }
  let isKnown = coding.mayBeUnknown === true;
  for (const algorithm of Object.keys(value)) {
    const text = memberOf(value, algorithm);
    if (typeof text !== "string" || !coding.isHash(algorithm, text)) {
      throw invalidAt({ parent: wherePath(), step: algorithm }, coding.expected, "target.invalid");
    }
    isKnown ||= algorithm === "sha256" || algorithm === "sha512";
  }
  // Such a thing could never be verified: better to say so than to list it (tuf-1.0, section 1).
  if (!isKnown) throw invalidAt(wherePath(), "neither sha256 nor sha512 is listed", "target.invalid");
}

function memberOf(value: JsonObject, name: string): JsonValue | undefined {
  return value[name]; // only called with the object's own names
}

/** Decodes what checkHashes let pass. */
export function hashesOf(value: JsonValue, coding: HashCoding, path: JsonPath): Hashes {
  const hashes = new Map<string, Uint8Array>();
  for (const [algorithm, text] of Object.entries(decodeObject(value, path))) {
    if (typeof text === "string") hashes.set(algorithm, coding.decode(text));
  }
  return hashes;
}

/** Checks and decodes, for the few hashes of meta entries. @throws metadata.invalid, target.invalid */
export function decodeHashesWith(coding: HashCoding): (value: JsonValue, path: JsonPath) => Hashes {
  return (value, path) => {
    checkHashes(value, coding, () => path);
    return hashesOf(value, coding, path);
  };
}
