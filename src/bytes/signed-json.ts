// Taking a signed envelope apart (notary-v1 section 2, tuf-1.0 section 1). Signatures cover the canonical form of the JSON
// value that was received, never of our typed model, so an unknown member cannot change what was signed.
import { encodeCanonicalJson } from "./canonical-json.ts";
import { compactJson } from "./compact-json.ts";
import { CountersignError } from "./errors.ts";
import { type JsonLimits, parseWatching, type SignedJson } from "./json.ts";
import { isJsonObject } from "./json-value.ts";

/**
 * Parses `{"signed": {...}, "signatures": ...}`; other members of the envelope are ignored. `signedBytes` is a view into
 * `bytes` when `signed` was canonical already: do not change `bytes` afterwards.
 * @throws json.*, metadata.invalid
 */
export function parseSignedJson(bytes: Uint8Array, limits: JsonLimits = {}): SignedJson {
  const { value, region, entries } = parseWatching(bytes, limits, "signed");
  if (!isJsonObject(value)) throw new CountersignError("metadata.invalid", "a signed document must be a JSON object");
  const signed = Object.hasOwn(value, "signed") ? value.signed : undefined;
  const signatures = Object.hasOwn(value, "signatures") ? value.signatures : undefined;
  if (signed === undefined || !isJsonObject(signed) || region === undefined) {
    throw new CountersignError("metadata.invalid", 'a signed document needs an object "signed"');
  }
  if (signatures === undefined) {
    throw new CountersignError("metadata.invalid", 'a signed document needs a list "signatures"');
  }
  const text = bytes.subarray(region.start, region.end);
  switch (region.form) {
    case "canonical":
      return { signed, signedBytes: text, signatures, entries };
    case "ordered":
      return { signed, signedBytes: compactJson(text), signatures, entries };
    case "loose":
      return { signed, signedBytes: encodeCanonicalJson(signed), signatures, entries };
  }
}
