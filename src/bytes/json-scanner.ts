// One pass over the bytes of a JSON text (RFC 8259) that refuses what parsers disagree about: members named twice (also
// through escapes), fractions, integers beyond 2^53 - 1, lone surrogates, trailing data, deep nesting. JSON.parse then only
// builds the value. The pass also notices how far a watched member is from its canonical form, so that a canonical
// document of any size is never encoded again: its signed bytes are a view. Linear in the input; recursion is bounded.
import { Buffer } from "node:buffer";
import { CountersignError, type ErrorCode } from "./errors.ts";
import type { EntryBounds, JsonRegion, Scanned, ScanOptions } from "./scanned-json.ts";

/**
 * Checks `bytes`, which must be valid UTF-8, and gives the region of the watched member and the wanted entries if they are there.
 * @throws json.invalid, json.duplicate_member, json.lone_surrogate, json.not_integer, json.too_deep, json.unsafe_integer, limit.exceeded
 */
export function scanJson(bytes: Uint8Array, options: ScanOptions): Scanned {
  const scanner = new Scanner(bytes, options);
  scanner.text();
  return { watched: scanner.watched, entries: scanner.entries, values: scanner.values };
}

const quote = 0x22;
const backslash = 0x5c;
/** Of an entry that was recognised at least: itself and what every target has. */
const recognisedValues = 5;
/** Of the object of wanted entries. */
const entriesDepth = 3;

class Scanner {
  watched: JsonRegion | undefined;
  entries: EntryBounds | undefined;
  readonly #bytes: Uint8Array;
  readonly #options: ScanOptions;
  readonly #maxValues: number;
  #at = 0;
  /** Whitespace or an escape other than \" and \\ was seen. */
  #altered = false;
  /** A member out of order or an unusual number was seen. */
  #loose = false;
  #isInWatched = false;
  /** Read so far: outside of entries, or inside of the present one. */
  #values = 0;
  #entryValues = 0;
  /** Start and end of every member name of every open object: a stack. */
  readonly #names: number[] = [];
  #nameCount = 0;

  /** A value inside the object that is an entry of the wanted entries: those are the third object from the outside. */
  readonly #skip = (at: number): number => {
    this.#at = at;
    this.#value(entriesDepth + 1);
    return this.#at;
  };

  constructor(bytes: Uint8Array, options: ScanOptions) {
    this.#bytes = bytes;
    this.#options = options;
    this.#maxValues = options.maxValues ?? Number.POSITIVE_INFINITY;
  }

  get values(): number {
    return this.#values + this.#entryValues;
  }

  text(): void {
    this.#space();
    this.#value(0);
    this.#space();
    if (this.#at !== this.#bytes.length) throw this.#error("json.invalid", "data after the JSON text");
  }

  #value(depth: number): void {
    if (++this.#values > this.#maxValues) throw this.#error("limit.exceeded", `more than ${this.#maxValues} values`);
    switch (this.#peek()) {
      case 0x7b: // {
        this.#object(depth + 1);
        break;
      case 0x5b: // [
        this.#array(depth + 1);
        break;
      case quote:
        this.#string();
        break;
      case 0x74:
        this.#literal("true");
        break;
      case 0x66:
        this.#literal("false");
        break;
      case 0x6e:
        this.#literal("null");
        break;
      default:
        this.#number();
    }
  }

  #object(depth: number, entries?: EntryBounds): void {
    this.#descend(depth);
    const base = this.#nameCount;
    let ordered = true;
    let previous = -1;
    this.#space();
    if (this.#take(0x7d)) return;
    do {
      this.#space();
      const start = this.#at + 1;
      const escaped = this.#string();
      const name = this.#nameCount;
      this.#names[name] = start;
      this.#names[name + 1] = this.#at - 1;
      this.#nameCount = name + 2;
      // The raw bytes of a name with escapes do not sort as the name does: such an object takes the slow path.
      if (ordered && (escaped || (previous >= 0 && !this.#ascends(previous, name)))) ordered = false;
      previous = name;
      this.#space();
      if (!this.#take(0x3a)) throw this.#error("json.invalid", "expected ':'");
      this.#space();
      if (depth === 1 && this.#options.watch !== undefined && this.#name(name) === this.#options.watch) {
        this.#watchedValue(depth);
      } else if (entries !== undefined) {
        this.#entry(entries, name, depth);
      } else if (
        depth === entriesDepth - 1 &&
        this.#isInWatched &&
        this.#name(name) === this.#options.entries?.member
      ) {
        this.#entriesValue();
      } else {
        this.#value(depth);
      }
      this.#space();
    } while (this.#take(0x2c));
    if (!this.#take(0x7d)) throw this.#error("json.invalid", "expected ',' or '}'");
    if (entries !== undefined) entries.isOrdered = ordered;
    if (!ordered) {
      this.#loose = true;
      this.#refuseDuplicates(base);
    }
    this.#nameCount = base;
  }

  #watchedValue(depth: number): void {
    const altered = this.#altered;
    const loose = this.#loose;
    this.#altered = false;
    this.#loose = false;
    const start = this.#at;
    this.#isInWatched = true;
    this.#value(depth);
    this.#isInWatched = false;
    this.watched = {
      start,
      end: this.#at,
      form: this.#loose ? "loose" : this.#altered ? "ordered" : "canonical",
    };
    this.#altered ||= altered;
    this.#loose ||= loose;
  }

  #entriesValue(): void {
    if (this.#peek() !== 0x7b) {
      this.#value(entriesDepth - 1);
      return;
    }
    const entries: EntryBounds = { start: this.#at, end: this.#at, bounds: [], others: [], isOrdered: true };
    this.#object(entriesDepth, entries);
    entries.end = this.#at;
    this.entries = entries;
  }

  #entry(entries: EntryBounds, name: number, depth: number): void {
    const start = this.#at;
    const outside = this.#values;
    this.#values = 0;
    const end = this.#options.entries?.recognise(this.#bytes, start, this.#skip) ?? -1;
    if (end >= 0) {
      this.#at = end;
    } else {
      this.#at = start;
      entries.others.push(entries.bounds.length / 4);
      this.#value(depth);
    }
    this.#entryValues += this.#values + recognisedValues;
    this.#values = outside;
    entries.bounds.push(this.#names[name] ?? 0, this.#names[name + 1] ?? 0, start, this.#at);
  }

  #array(depth: number): void {
    this.#descend(depth);
    this.#space();
    if (this.#take(0x5d)) return;
    do {
      this.#space();
      this.#value(depth);
      this.#space();
    } while (this.#take(0x2c));
    if (!this.#take(0x5d)) throw this.#error("json.invalid", "expected ',' or ']'");
  }

  #descend(depth: number): void {
    if (depth > this.#options.maxDepth) {
      throw this.#error("json.too_deep", `nested deeper than ${this.#options.maxDepth}`);
    }
    this.#at++;
  }

  /** Reads a string, from its opening quote to after the closing one; true when it holds any escape. */
  #string(): boolean {
    const bytes = this.#bytes;
    const length = bytes.length;
    if (this.#peek() !== quote) throw this.#error("json.invalid", "expected a string");
    let escaped = false;
    let at = this.#at + 1;
    for (;;) {
      if (at >= length) throw this.#error("json.invalid", "a string does not end", at);
      const byte = bytes[at] ?? 0;
      if (byte === quote) break;
      if (byte === backslash) {
        escaped = true;
        this.#at = at + 1;
        this.#escape();
        at = this.#at;
      } else {
        if (byte < 0x20) throw this.#error("json.invalid", "a control character inside a string", at);
        at++;
      }
    }
    this.#at = at + 1;
    return escaped;
  }

  /** Reads what follows a backslash; a surrogate pair is read as one. */
  #escape(): void {
    const kind = this.#peek();
    this.#at++;
    if (kind === quote || kind === backslash) return;
    this.#altered = true;
    if (kind !== 0x75) {
      if (!isShortEscape(kind)) throw this.#error("json.invalid", "an unknown escape");
      return;
    }
    const unit = this.#hex4();
    if ((unit & 0xf800) !== 0xd800) return;
    const isPair = unit < 0xdc00 && this.#take(backslash) && this.#take(0x75) && (this.#hex4() & 0xfc00) === 0xdc00;
    if (!isPair) throw this.#error("json.lone_surrogate", "half a surrogate pair");
  }

  #hex4(): number {
    let unit = 0;
    for (let index = 0; index < 4; index++) {
      const digit = hexDigit(this.#peek());
      if (digit < 0) throw this.#error("json.invalid", "\\u without four hex digits");
      unit = unit * 16 + digit;
      this.#at++;
    }
    return unit;
  }

  #number(): void {
    const start = this.#at;
    this.#take(0x2d);
    const first = this.#peek();
    const digits = this.#digits();
    if (digits === 0) throw this.#error("json.invalid", "expected a value");
    if (digits > 1 && first === 0x30) throw this.#error("json.invalid", "a number with a leading zero");
    let plain = true;
    if (this.#take(0x2e)) {
      plain = false;
      if (this.#digits() === 0) throw this.#error("json.invalid", "a fraction without digits");
    }
    if (this.#take(0x65) || this.#take(0x45)) {
      plain = false;
      if (!this.#take(0x2b)) this.#take(0x2d);
      if (this.#digits() === 0) throw this.#error("json.invalid", "an exponent without digits");
    }
    if (plain && digits < 16) {
      if (first === 0x30 && this.#at - start === 2) this.#loose = true; // -0
      return;
    }
    this.#unusualNumber(start, plain);
  }

  #unusualNumber(start: number, plain: boolean): void {
    const { numbers } = this.#options;
    if (!plain && numbers === "integer") throw this.#error("json.not_integer", "a number that is not an integer");
    if (!plain) this.#loose = true;
    // No integer in range needs 64 characters; without this bound, 10 MB of digits would be converted.
    const value = this.#at - start > 64 ? Number.NaN : Number(latin1(this.#bytes, start, this.#at));
    if (Number.isSafeInteger(value) || (numbers === "any" && Number.isFinite(value))) return;
    if (Number.isNaN(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      throw this.#error("json.unsafe_integer", "an integer beyond 2^53 - 1");
    }
    throw this.#error("json.not_integer", "a number that is not an integer");
  }

  #digits(): number {
    const start = this.#at;
    for (let byte = this.#peek(); byte >= 0x30 && byte <= 0x39; byte = this.#peek()) this.#at++;
    return this.#at - start;
  }

  #literal(text: string): void {
    if (latin1(this.#bytes, this.#at, this.#at + text.length) !== text) {
      throw this.#error("json.invalid", "expected a value");
    }
    this.#at += text.length;
  }

  #space(): void {
    let byte = this.#peek();
    if (byte > 0x20) return;
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#altered = true;
      this.#at++;
      byte = this.#peek();
    }
  }

  /** The byte at hand, -1 at the end. */
  #peek(): number {
    return this.#at < this.#bytes.length ? (this.#bytes[this.#at] ?? -1) : -1;
  }

  #take(byte: number): boolean {
    if (this.#peek() !== byte) return false;
    this.#at++;
    return true;
  }

  /** True when the name at `second` sorts after the name at `first` by its bytes. */
  #ascends(first: number, second: number): boolean {
    const bytes = this.#bytes;
    let a = this.#names[first] ?? 0;
    const aEnd = this.#names[first + 1] ?? 0;
    let b = this.#names[second] ?? 0;
    const bEnd = this.#names[second + 1] ?? 0;
    while (a < aEnd && b < bEnd) {
      const left = bytes[a++] ?? 0;
      const right = bytes[b++] ?? 0;
      if (left !== right) return left < right;
    }
    return b < bEnd;
  }

  #refuseDuplicates(base: number): void {
    const seen = new Set<string>();
    for (let name = base; name < this.#nameCount; name += 2) {
      const text = this.#name(name);
      if (seen.has(text)) {
        throw this.#error("json.duplicate_member", `an object names ${JSON.stringify(text.slice(0, 80))} twice`);
      }
      seen.add(text);
    }
  }

  /** The decoded name whose bounds stand at `index` of the stack. */
  #name(index: number): string {
    const start = this.#names[index] ?? 0;
    const end = this.#names[index + 1] ?? 0;
    const raw = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, end - start).toString("utf8");
    return raw.includes("\\") ? String(JSON.parse(`"${raw}"`)) : raw;
  }

  #error(code: ErrorCode, what: string, at: number = this.#at): CountersignError {
    return new CountersignError(code, `${what}, at byte ${Math.min(at, this.#bytes.length)}`);
  }
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

/** b f n r t / */
function isShortEscape(byte: number): boolean {
  return byte === 0x62 || byte === 0x66 || byte === 0x6e || byte === 0x72 || byte === 0x74 || byte === 0x2f;
}

/** The value of one hex digit's byte, or -1. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
