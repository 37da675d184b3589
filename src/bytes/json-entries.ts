// An object of very many members that was checked where it stands and not built: a collection's 100,000 targets, of which somebody asks
// for one, or for none. Names and values are looked up in the bytes, which must not change.
import { Buffer } from "node:buffer";
import { CountersignError } from "./errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "./json-value.ts";
import type { EntryBounds } from "./scanned-json.ts";

export class JsonEntries {
  readonly #bytes: Buffer;
  readonly #found: EntryBounds;
  #indexes: ReadonlyMap<string, number> | undefined;

  /** `bytes`: the whole text, checked by the scanner that noted `found`. */
  constructor(bytes: Uint8Array, found: EntryBounds) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#found = found;
  }

  get size(): number {
    return this.#found.bounds.length / 4;
  }

  /** Names and values that were not recognised: still to be looked at. */
  *others(): Generator<readonly [string, JsonValue]> {
    for (const index of this.#found.others) yield [this.#name(index), this.#value(index)];
  }

  has(name: string): boolean {
    return this.#find(name) >= 0;
  }

  /** undefined when there is none of that name. */
  get(name: string): JsonValue | undefined {
    const index = this.#find(name);
    return index < 0 ? undefined : this.#value(index);
  }

  /** The object itself, built now. */
  whole(): JsonObject {
    const value = this.#parse(this.#found.start, this.#found.end);
    if (!isJsonObject(value)) throw new CountersignError("bug.unexpected", "checked entries are no object");
    return value;
  }

  #find(name: string): number {
    if (this.#found.isOrdered) return this.#search(name);
    this.#indexes ??= new Map(Array.from({ length: this.size }, (_, index) => [this.#name(index), index]));
    return this.#indexes.get(name) ?? -1;
  }

  #search(name: string): number {
    // Half a surrogate pair has no bytes; it would be found under those of U+FFFD.
    if (!name.isWellFormed()) return -1;
    const wanted = Buffer.from(name, "utf8");
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >> 1;
      const order = this.#bytes.compare(wanted, 0, wanted.length, this.#bound(middle, 0), this.#bound(middle, 1));
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  #name(index: number): string {
    // With its quotes, so that escapes are read.
    return String(this.#parse(this.#bound(index, 0) - 1, this.#bound(index, 1) + 1));
  }

  #value(index: number): JsonValue {
    return this.#parse(this.#bound(index, 2), this.#bound(index, 3));
  }

  #bound(index: number, which: 0 | 1 | 2 | 3): number {
    return this.#found.bounds[4 * index + which] ?? 0;
  }

  #parse(start: number, end: number): JsonValue {
    return JSON.parse(this.#bytes.toString("utf8", start, end)) as JsonValue;
  }
}
