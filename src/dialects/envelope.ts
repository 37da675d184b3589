// What the two dialects share on the wire: the envelope {"signed", "signatures"} and the members every role has. What the
// signatures cover is the canonical form of `signed` as received, unknown members included (tuf-1.0, section 1).
import { Buffer } from "node:buffer";
import {
  CountersignError,
  compareUtf8,
  decodeArray,
  decodeInteger,
  decodeMember,
  decodeObject,
  decodeString,
  type EntriesWanted,
  encodeCanonicalJson,
  encodeUtf8,
  extraMembers,
  invalidAt,
  isCountersignError,
  type JsonEntries,
  type JsonLimits,
  type JsonObject,
  type JsonPath,
  type JsonValue,
  jsonPath,
  parseJson,
  parseSignedJson,
  type RoleName,
} from "../bytes/index.ts";
import type { KeyId } from "../keys/index.ts";
import { type DialectName, type Document, maxSignatures, type Signature, type Signed } from "../tuf/index.ts";

export const signedPath: JsonPath = jsonPath("signed");

export interface Reading<T extends Signed> {
  readonly dialect: DialectName;
  readonly role: RoleName;
  readonly numbers: NonNullable<JsonLimits["numbers"]>;
  /** Values that may be built of a large document. */
  readonly maxValues?: number | undefined;
  /** `_type` as this dialect writes it. */
  readonly type: string;
  /** Members that may be many and are looked at where they stand. */
  readonly entries?: EntriesWanted;
  /** `entries`: those, when the document was too large to build them. */
  readonly decodeSigned: (signed: JsonObject, entries: JsonEntries | undefined) => T;
  readonly decodeSignature: (value: JsonValue, path: JsonPath) => Signature;
}

/** Takes a document apart. @throws json.*, metadata.invalid, metadata.wrong_type, limit.exceeded */
export function readDocument<T extends Signed>(bytes: Uint8Array, reading: Reading<T>): Document<T> {
  const { dialect, role } = reading;
  const { signed, signedBytes, signatures, entries } = parseSignedJson(bytes, {
    numbers: reading.numbers,
    ...(reading.maxValues === undefined ? {} : { maxValues: reading.maxValues }),
    ...(reading.entries === undefined ? {} : { entries: reading.entries }),
  });
  const type = decodeMember(signed, "_type", decodeString, signedPath);
  if (type !== reading.type) {
    const got = JSON.stringify(type.slice(0, 40));
    throw new CountersignError("metadata.wrong_type", `${role} should be of type ${reading.type}, it says ${got}`);
  }
  const list = decodeArray(reading.decodeSignature, maxSignatures)(signatures ?? [], jsonPath("signatures"));
  return { dialect, role, bytes, signedBytes, signatures: list, signed: reading.decodeSigned(signed, entries) };
}

/** What can be had of a document for the price of a search: what was signed, if the document is canonical, and the signatures. */
export interface Glance {
  readonly signedBytes: Uint8Array;
  readonly signatures: readonly Signature[];
}

const envelopeStart = encodeUtf8('{"signed":');
const signaturesStart = encodeUtf8(',"signatures":');
/** A thousand of the longest. */
const maxSignaturesBytes = 2 * 1024 * 1024;

/**
 * Signatures over bytes that have not been looked at, of a document laid out as both Notary and we do. Nothing else is said about it:
 * the same text may hold a second "signed". undefined: laid out otherwise, or no document.
 */
export function glanceAt(bytes: Uint8Array, decodeSignature: Reading<Signed>["decodeSignature"]): Glance | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = view.lastIndexOf(signaturesStart);
  if (end < 0 || bytes.length - end > maxSignaturesBytes) return undefined;
  if (view.compare(envelopeStart, 0, envelopeStart.length, 0, envelopeStart.length) !== 0) return undefined;
  try {
    const rest = parseJson(encodeUtf8(`{"signatures":${view.toString("utf8", end + signaturesStart.length)}`));
    const { signatures } = decodeObject(rest, jsonPath("rest"));
    const list = decodeArray(decodeSignature, maxSignatures)(signatures ?? [], jsonPath("signatures"));
    return { signedBytes: bytes.subarray(envelopeStart.length, end), signatures: list };
  } catch (error) {
    if (isCountersignError(error)) return undefined;
    throw error;
  }
}

const decodeVersionNumber = decodeInteger(1);

export function decodeVersion(object: JsonObject, path: JsonPath): number {
  return decodeMember(object, "version", decodeVersionNumber, path);
}

/** A threshold of a role. @throws metadata.invalid, threshold.invalid */
export function decodeThreshold(object: JsonObject, path: JsonPath): number {
  return decodeMember(
    object,
    "threshold",
    (value, at) => {
      if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
      throw invalidAt(
        at,
        `expected an integer of at least 1, got ${JSON.stringify(value)?.slice(0, 40)}`,
        "threshold.invalid",
      );
    },
    path,
  );
}

/** Decodes a key id as an opaque name. */
export function decodeKeyId(value: JsonValue, path: JsonPath): KeyId {
  const text = decodeString(value, path);
  if (!isKeyId(text)) throw invalidAt(path, "expected a key id of 1 to 512 characters");
  return text;
}

/** Any name may be a key id; only its size is bounded. */
export function isKeyId(text: string): text is KeyId {
  return text.length > 0 && text.length <= 512;
}

/** Members of an object, none of which is left out, whatever their names (Object.fromEntries also defines `__proto__`). */
export function objectOf(entries: Iterable<readonly [string, JsonValue | undefined]>): JsonObject {
  const present: [string, JsonValue][] = [];
  for (const [name, value] of entries) if (value !== undefined) present.push([name, value]);
  return Object.fromEntries(present);
}

/** `signed` with the members this dialect knows over those it only keeps. */
export function signedObject(known: Readonly<Record<string, JsonValue | undefined>>, extra: JsonObject): JsonObject {
  const kept = extraMembers(extra, Object.keys(known));
  return objectOf([...Object.entries(kept), ...Object.entries(known)]);
}

/**
 * The canonical bytes of `signed`. What JSON values of a publisher (custom, unknown members) cannot be said canonically is
 * refused here, before anything is signed. @throws preflight.inexpressible
 */
export function encodeSignedObject(signed: JsonObject): Uint8Array {
  try {
    return encodeCanonicalJson(signed);
  } catch (cause) {
    if (!isCountersignError(cause) || !cause.code.startsWith("json.")) throw cause;
    throw new CountersignError("preflight.inexpressible", `cannot be signed: ${cause.message}`, {
      cause,
      hints: ["custom data may hold text, integers up to 2^53 - 1, true, false, null, lists and objects"],
    });
  }
}

/** The bytes of a document: `signed` first, compact. `signedText` must be JSON (canonical form is not always). */
export function envelopeBytes(signedText: string, signatures: readonly JsonObject[]): Uint8Array {
  return encodeUtf8(`{"signed":${signedText},"signatures":${JSON.stringify(signatures)}}`);
}

/** @throws preflight.inexpressible */
export function inexpressible(dialect: DialectName, what: string, hints: readonly string[] = []): CountersignError {
  return new CountersignError("preflight.inexpressible", `${dialect} cannot say ${what}`, { hints });
}

/** Names sorted as canonical JSON sorts them. */
export function sorted<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => compareUtf8(a, b));
}
