// Protocol Buffers as far as the signer protocol needs them: strings, bytes, small integers and messages inside messages. Unknown fields
// are skipped, as every peer does; a known field that comes twice or in another form is refused, because peers would read it
// differently. protobuf.dev/programming-guides/encoding.
import { CountersignError, decodeUtf8, encodeUtf8, isCountersignError } from "../bytes/index.ts";

const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const fixed32 = 5;

/** Only enum values travel as integers here. */
const maxInteger = 2 ** 31 - 1;

type FieldValue = number | Uint8Array;

/** The fields of one message. An absent field reads as its default, as proto3 says. */
export class Fields {
  readonly #values: ReadonlyMap<number, readonly FieldValue[]>;

  constructor(values: ReadonlyMap<number, readonly FieldValue[]>) {
    this.#values = values;
  }

  /** @throws request.invalid */
  bytes(number: number): Uint8Array {
    const value = this.#one(number) ?? new Uint8Array();
    if (typeof value === "number") throw malformed(`field ${number} is an integer`);
    return value;
  }

  /** @throws request.invalid */
  text(number: number): string {
    try {
      return decodeUtf8(this.bytes(number));
    } catch (cause) {
      if (isCountersignError(cause, "encoding.invalid")) throw malformed(`field ${number} is not UTF-8`);
      throw cause;
    }
  }

  /** undefined when the message is absent, which is not the same as an empty one. @throws request.invalid */
  message(number: number): Fields | undefined {
    return this.#values.has(number) ? readMessage(this.bytes(number)) : undefined;
  }

  /** @throws request.invalid */
  integer(number: number): number {
    const value = this.#one(number) ?? 0;
    if (typeof value !== "number") throw malformed(`field ${number} is not an integer`);
    return value;
  }

  #one(number: number): FieldValue | undefined {
    const values = this.#values.get(number) ?? [];
    if (values.length > 1) throw malformed(`field ${number} comes ${values.length} times`);
    return values[0];
  }
}

/** @throws request.invalid */
export function readMessage(bytes: Uint8Array): Fields {
  const values = new Map<number, FieldValue[]>();
  let at = 0;
  const readVarint = (): number => {
    // Past 2^53 the exact value does not matter: no tag, length or enum is that large.
    let value = 0;
    for (let index = 0; index < 10; index++) {
      const byte = bytes[at++];
      if (byte === undefined) throw malformed("it ends within an integer");
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return value;
    }
    throw malformed("an integer has more than ten bytes");
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw malformed(`a field of ${length} bytes where ${bytes.length - at} are left`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  const readValue = (wireType: number): FieldValue => {
    switch (wireType) {
      case varint:
        return Math.min(readVarint(), maxInteger);
      case fixed64:
        return take(8);
      case lengthDelimited:
        return take(readVarint());
      case fixed32:
        return take(4);
      default:
        throw malformed(`wire type ${wireType}`);
    }
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    if (number < 1 || number >= 2 ** 29) throw malformed(`field number ${number}`);
    const value = readValue(wireType);
    // A fixed-width value is none of ours: kept out, so that it is never taken for a string of that length.
    if (wireType === fixed32 || wireType === fixed64) continue;
    const before = values.get(number);
    if (before === undefined) values.set(number, [value]);
    else before.push(value);
  }
  return new Fields(values);
}

/** One field to write. Defaults (empty text and bytes, 0) are left out, as proto3 says; an empty message is written. */
export type FieldToWrite = readonly [number: number, value: string | Uint8Array | number | readonly FieldToWrite[]];

export function writeMessage(fields: readonly FieldToWrite[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [number, value] of fields) {
    if (typeof value === "number") {
      if (value !== 0) parts.push(writeVarint(number * 8 + varint), writeVarint(value));
      continue;
    }
    const content =
      typeof value === "string" ? encodeUtf8(value) : value instanceof Uint8Array ? value : writeMessage(value);
    if (content.length === 0 && !Array.isArray(value)) continue;
    parts.push(writeVarint(number * 8 + lengthDelimited), writeVarint(content.length), content);
  }
  return Buffer.concat(parts);
}

function writeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function malformed(what: string): CountersignError {
  return new CountersignError("request.invalid", `malformed Protocol Buffers message: ${what}`);
}
