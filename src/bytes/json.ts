// Strict JSON: one text, UTF-8, no duplicate members, integers within +-(2^53 - 1), no lone surrogates, bounded depth.
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
/** Members by name. Names come from outside: test with Object.hasOwn, list with Object.entries, never `in` or a bare index. */
export interface JsonObject {
  readonly [member: string]: JsonValue;
}

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
