// Canonical JSON as TUF signs it (the OLPC form; notary-v1 section 3, tuf-1.0 section 2; both dialects agree): no
// whitespace, members sorted by UTF-8 bytes, only " and \ escaped, integers only. Control characters stand raw, so the
// result is not always JSON: it is for hashing and signing. What has no one canonical form is refused, never repaired.
import { Buffer } from "node:buffer";
import { CountersignError } from "./errors.ts";
import type { JsonObject, JsonValue } from "./json-value.ts";
import { compareUtf8 } from "./text.ts";

const maxDepth = 256;

/** @throws json.not_integer, json.unsafe_integer, json.lone_surrogate, json.too_deep */
export function encodeCanonicalJson(value: JsonValue): Uint8Array {
  const writer = new CanonicalWriter();
  writer.value(value, 0);
  return writer.bytes();
}

/** Writes into one growing buffer: with 100,000 targets, half the time of joining strings. */
class CanonicalWriter {
  #buffer = Buffer.allocUnsafe(4096);
  #length = 0;

  bytes(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#length)); // a copy, without the spare room
  }

  value(value: JsonValue, depth: number): void {
    if (typeof value === "string") this.#string(value);
    else if (typeof value === "number") this.#text(integerText(value));
    else if (value === null || typeof value === "boolean") this.#text(String(value));
    else {
      if (depth >= maxDepth) throw new CountersignError("json.too_deep", `nested deeper than ${maxDepth}`);
      if (isArray(value)) this.#array(value, depth + 1);
      else this.#object(value, depth + 1);
    }
  }

  #array(items: readonly JsonValue[], depth: number): void {
    let separator = 0x5b; // [
    for (const item of items) {
      this.#byte(separator);
      this.value(item, depth);
      separator = 0x2c;
    }
    if (items.length === 0) this.#byte(separator);
    this.#byte(0x5d);
  }

  #object(object: JsonObject, depth: number): void {
    let separator = 0x7b; // {
    for (const name of sortedNames(object)) {
      const member = object[name];
      if (member === undefined) continue; // an optional member that was left out
      this.#byte(separator);
      this.#string(name);
      this.#byte(0x3a);
      this.value(member, depth);
      separator = 0x2c;
    }
    if (separator === 0x7b) this.#byte(separator);
    this.#byte(0x7d);
  }

  #string(text: string): void {
    this.#reserve(text.length + 2);
    const start = this.#length;
    const buffer = this.#buffer;
    let at = start;
    buffer[at++] = 0x22;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      if (unit >= 0x80 || unit === 0x22 || unit === 0x5c) {
        this.#text(quoted(text));
        return;
      }
      buffer[at++] = unit;
    }
    buffer[at++] = 0x22;
    this.#length = at;
  }

  #text(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#buffer.write(text, this.#length, "utf8");
  }

  #byte(byte: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = byte;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#length + count));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

function quoted(text: string): string {
  if (!text.isWellFormed()) {
    throw new CountersignError("json.lone_surrogate", `half a surrogate pair in ${JSON.stringify(text.slice(0, 80))}`);
  }
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

function integerText(value: number): string {
  if (!Number.isInteger(value)) throw new CountersignError("json.not_integer", `${value} is not an integer`);
  if (!Number.isSafeInteger(value)) throw new CountersignError("json.unsafe_integer", `${value} is beyond 2^53 - 1`);
  return String(value); // -0 gives 0
}

/** Array.isArray that also narrows readonly arrays. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function sortedNames(object: JsonObject): readonly string[] {
  const names = Object.keys(object);
  let previous: string | undefined;
  for (const name of names) {
    if (previous !== undefined && compareUtf8(previous, name) >= 0) return names.sort(compareUtf8);
    previous = name;
  }
  return names;
}
