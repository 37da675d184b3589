// A strict reader of DER (X.690): definite and shortest lengths, shortest integers, single-byte tags, bounded depth,
// nothing left over. BER's freedom to write one value in several ways is refused, so one key or signature has one encoding.
import { CountersignError } from "./errors.ts";

/** Identifier bytes of the universal types that keys and certificates use. */
export const derTag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The identifier byte of a context-specific tag [number]. */
export function contextTag(number: number, constructed: boolean): number {
  return (constructed ? 0xa0 : 0x80) | number;
}

export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  /** The whole element, tag and length included. */
  readonly bytes: Uint8Array;
}

const maxDepth = 32;

/** Reads the elements of one constructed value in order. Every method throws der.invalid. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #depth: number;
  #at = 0;

  constructor(bytes: Uint8Array, depth = 0) {
    if (depth > maxDepth) throw invalid(`nested deeper than ${maxDepth}`);
    this.#bytes = bytes;
    this.#depth = depth;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** The next element's identifier byte; undefined at the end. */
  peekTag(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** The next element, of any tag. */
  next(): DerElement {
    const start = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw invalid("a tag of more than one byte");
    const length = this.#length();
    if (length > this.#bytes.length - this.#at) throw invalid("an element is longer than what holds it");
    const content = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return { tag, content, bytes: this.#bytes.subarray(start, this.#at) };
  }

  /** The content of the next element, which must have this tag. */
  read(tag: number): Uint8Array {
    const found = this.peekTag();
    if (found !== tag) throw invalid(`expected tag ${hex(tag)}, got ${found === undefined ? "the end" : hex(found)}`);
    return this.next().content;
  }

  /** read, or undefined when the next element has another tag or there is none. */
  readOptional(tag: number): Uint8Array | undefined {
    return this.peekTag() === tag ? this.read(tag) : undefined;
  }

  /** A reader of the elements inside the next one: a SEQUENCE unless another tag is given. */
  enter(tag: number = derTag.sequence): DerReader {
    return new DerReader(this.read(tag), this.#depth + 1);
  }

  enterOptional(tag: number): DerReader | undefined {
    return this.peekTag() === tag ? this.enter(tag) : undefined;
  }

  /** A non-negative INTEGER as big-endian bytes without leading zeros (zero is one zero byte). */
  unsignedInteger(): Uint8Array {
    const content = this.read(derTag.integer);
    const [first, second] = content;
    if (first === undefined) throw invalid("an empty integer");
    if ((first & 0x80) !== 0) throw invalid("a negative integer");
    if (first !== 0 || second === undefined) return content;
    if ((second & 0x80) === 0) throw invalid("an integer with a needless leading zero");
    return content.subarray(1);
  }

  /** A non-negative INTEGER of at most 2^48 - 1. */
  smallInteger(): number {
    const bytes = this.unsignedInteger();
    if (bytes.length > 6) throw invalid("an integer is too large here");
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }

  boolean(): boolean {
    const content = this.read(derTag.boolean);
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) throw invalid("a boolean that is neither");
    return content[0] === 0xff;
  }

  null(): void {
    if (this.read(derTag.null).length !== 0) throw invalid("a NULL with content");
  }

  octetString(): Uint8Array {
    return this.read(derTag.octetString);
  }

  /** A BIT STRING of whole bytes. */
  bitString(): Uint8Array {
    const content = this.read(derTag.bitString);
    if (content[0] !== 0) throw invalid("a bit string of odd length");
    return content.subarray(1);
  }

  /** In dotted form: `1.2.840.10045.2.1`. */
  objectIdentifier(): string {
    const content = this.read(derTag.objectIdentifier);
    if (content.length === 0 || content.length > 64) throw invalid("an object identifier of unusable length");
    const arcs: number[] = [];
    let arc = 0;
    let isStart = true;
    for (const byte of content) {
      if (isStart && byte === 0x80) throw invalid("an object identifier with needless zeros");
      arc = arc * 128 + (byte & 0x7f);
      if (arc > Number.MAX_SAFE_INTEGER) throw invalid("an object identifier beyond 2^53 - 1");
      isStart = (byte & 0x80) === 0;
      if (!isStart) continue;
      if (arcs.length > 0) arcs.push(arc);
      else if (arc < 80) arcs.push(Math.floor(arc / 40), arc % 40);
      else arcs.push(2, arc - 80);
      arc = 0;
    }
    if (!isStart) throw invalid("an object identifier that does not end");
    return arcs.join(".");
  }

  /** Nothing may be left. */
  end(): void {
    if (!this.isAtEnd) throw invalid(`${this.#bytes.length - this.#at} bytes left over`);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw invalid("the bytes end early");
    this.#at++;
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw invalid("an indefinite or oversized length");
    let length = 0;
    for (let index = 0; index < count; index++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 256 ** (count - 1)) throw invalid("a length that is not the shortest");
    return length;
  }
}

function invalid(what: string): CountersignError {
  return new CountersignError("der.invalid", `not strict DER: ${what}`);
}

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, "0")}`;
}
