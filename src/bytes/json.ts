// Strict JSON: one text, UTF-8, no duplicate members, integers within +-(2^53 - 1), no lone surrogates, bounded depth.
// What two parsers could read differently is refused, because a signature covers one reading of it (RFC 8259, section 4
// and 6, leaves these cases open).
import { readCompactText } from "./compact-text.ts";
import { CountersignError } from "./errors.ts";
import { type JsonRegion, scanJson } from "./json-scanner.ts";
import { decodeUtf8 } from "./text.ts";

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** Members by name. Names come from outside: test with Object.hasOwn, list with Object.entries, never `in` or a bare index. */
export interface JsonObject {
  readonly [member: string]: JsonValue;
}

/** Beyond this the scanner has been compiled by the time it matters, and writing the value again costs more than scanning. Measured. */
const compactBytes = 2 * 1024 * 1024;

export interface JsonLimits {
  readonly maxBytes?: number;
  /** Nesting of arrays and objects; 64 unless told. */
  readonly maxDepth?: number;
  /** "integral" also takes 1.0 and 1e3, as Notary's canonical form does; "integer" (default) refuses them. */
  readonly numbers?: "integer" | "integral";
}

/** A signed envelope taken apart: `{"signed": {...}, "signatures": [...]}` in any member order. */
export interface SignedJson {
  readonly signed: JsonObject;
  /** Canonical form of `signed`: what the signatures cover. A view into the input when that was canonical already. */
  readonly signedBytes: Uint8Array;
  readonly signatures: JsonValue;
}

const defaultMaxDepth = 64;

/**
 * Parses one JSON text strictly.
 * @throws json.invalid, json.too_large, json.too_deep, json.duplicate_member, json.lone_surrogate, json.not_integer, json.unsafe_integer
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = {}): JsonValue {
  return parseWatching(bytes, limits, undefined).value;
}

/** parseJson, which also says where the member `watch` of the outermost object stands in the bytes, and in which form. */
export function parseWatching(
  bytes: Uint8Array,
  limits: JsonLimits,
  watch: string | undefined,
): { readonly value: JsonValue; readonly region: JsonRegion | undefined } {
  const { maxBytes, maxDepth = defaultMaxDepth, numbers = "integer" } = limits;
  if (maxBytes !== undefined && bytes.length > maxBytes) {
    throw new CountersignError("json.too_large", `JSON of ${bytes.length} bytes; the limit is ${maxBytes}`);
  }
  let text: string;
  try {
    text = decodeUtf8(bytes);
  } catch (cause) {
    throw new CountersignError("json.invalid", "the JSON text is not valid UTF-8", { cause });
  }
  if (text.length === bytes.length && bytes.length <= compactBytes) {
    const compact = readCompactText(text, maxDepth, watch);
    if (compact !== undefined) return { value: compact.value as JsonValue, region: compact.watched };
  }
  const integral = numbers === "integral";
  const region = scanJson(bytes, watch === undefined ? { maxDepth, integral } : { maxDepth, integral, watch });
  return { value: JSON.parse(text) as JsonValue, region };
}

/** True for an object, and not for an array or null. */
export function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
