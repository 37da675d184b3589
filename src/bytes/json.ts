// Strict JSON: one text, UTF-8, no duplicate members, integers within +-(2^53 - 1), no lone surrogates, bounded depth.
// What two parsers could read differently is refused, because a signature covers one reading of it (RFC 8259, section 4
// and 6, leaves these cases open).
import { readCompactText } from "./compact-text.ts";
import { CountersignError } from "./errors.ts";
import { JsonEntries } from "./json-entries.ts";
import { scanJson } from "./json-scanner.ts";
import type { JsonObject, JsonValue } from "./json-value.ts";
import type { EntriesWanted, JsonNumbers, JsonRegion } from "./scanned-json.ts";
import { decodeUtf8 } from "./text.ts";

/** Beyond this the scanner has been compiled by the time it matters, and writing the value again costs more than scanning. Measured. */
const compactBytes = 2 * 1024 * 1024;

export interface JsonLimits {
  readonly maxBytes?: number;
  /** Nesting of arrays and objects; 64 unless told. */
  readonly maxDepth?: number;
  /** Values that may be built; without a limit unless told. Three bytes of text can cost a hundred of memory. */
  readonly maxValues?: number;
  readonly numbers?: JsonNumbers;
  /** An object of `signed` that large documents need not build: see `SignedJson.entries`. */
  readonly entries?: EntriesWanted;
}

/** A signed envelope taken apart: `{"signed": {...}, "signatures": [...]}` in any member order. */
export interface SignedJson {
  readonly signed: JsonObject;
  /** Canonical form of `signed`: what the signatures cover. A view into the input when that was canonical already. */
  readonly signedBytes: Uint8Array;
  readonly signatures: JsonValue;
  /** The wanted entries, checked and not built; `signed` then has an empty object in their place. Only large documents have them. */
  readonly entries: JsonEntries | undefined;
}

const defaultMaxDepth = 64;

/**
 * Parses one JSON text strictly.
 * @throws json.invalid, json.too_large, json.too_deep, json.duplicate_member, json.lone_surrogate, json.not_integer, json.unsafe_integer,
 * limit.exceeded
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits = {}): JsonValue {
  return parseWatching(bytes, limits, undefined).value;
}

/** parseJson, which also says where the member `watch` of the outermost object stands in the bytes, and in which form. */
export function parseWatching(
  bytes: Uint8Array,
  limits: JsonLimits,
  watch: string | undefined,
): {
  readonly value: JsonValue;
  readonly region: JsonRegion | undefined;
  readonly entries: JsonEntries | undefined;
} {
  const {
    maxBytes,
    maxDepth = defaultMaxDepth,
    maxValues = Number.POSITIVE_INFINITY,
    numbers = "integer",
    entries,
  } = limits;
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
    if (compact !== undefined) {
      return { value: compact.value as JsonValue, region: compact.watched, entries: undefined };
    }
  }
  const found = scanJson(bytes, {
    maxDepth,
    maxValues,
    numbers,
    ...(watch === undefined ? {} : { watch }),
    ...(entries === undefined || bytes.length <= compactBytes ? {} : { entries }),
  });
  const region = found.watched;
  // What is signed in another form than it has here is written anew, and that takes all of it.
  if (found.entries === undefined || region?.form === "loose") {
    if (found.values > maxValues) throw new CountersignError("limit.exceeded", `JSON of more than ${maxValues} values`);
    return { value: JSON.parse(text) as JsonValue, region, entries: undefined };
  }
  const { start, end } = found.entries;
  const around = `${decodeUtf8(bytes.subarray(0, start))}{}${decodeUtf8(bytes.subarray(end))}`;
  return { value: JSON.parse(around) as JsonValue, region, entries: new JsonEntries(bytes, found.entries) };
}
