// The targets that nearly all collections are made of, recognised by their bytes: `{"hashes":{"sha256":"..."},"length":N}`, with a sha512
// behind the sha256 or without, and anything as `custom`. What is recognised needs no further look; everything else is parsed and
// checked (target-map.ts).
import type { EntriesWanted } from "../bytes/index.ts";

const customStart = bytesOf('{"custom":');
const hashesStart = bytesOf('"hashes":{"sha256":"');
const sha512Start = bytesOf('","sha512":"');
const lengthStart = bytesOf('"},"length":');

/** How a dialect writes hashes, for bytes. */
export interface HashText {
  /** Characters of a SHA-256 and of a SHA-512. */
  readonly sizes: readonly [number, number];
  /** Whether that many well-formed characters of one hash stand there. */
  readonly stands: (bytes: Uint8Array, at: number, size: number) => boolean;
}

/** Lower-case hex. */
export const hexText: HashText = { sizes: [64, 128], stands: standsIn(tableOf("0123456789abcdef")) };

const base64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const standsBase64 = standsIn(tableOf(base64));
/** What the last digit may be where 32 or 64 bytes end: the spare bits are zero. */
const lastOf32 = tableOf([...base64].filter((_, value) => value % 4 === 0).join(""));
const lastOf64 = tableOf([...base64].filter((_, value) => value % 16 === 0).join(""));

/** Padded standard base64 without spare bits. */
export const base64Text: HashText = {
  sizes: [44, 88],
  stands(bytes, at, size) {
    const padding = size === 44 ? 1 : 2;
    const digits = size - padding;
    if (!standsBase64(bytes, at, digits)) return false;
    if ((size === 44 ? lastOf32 : lastOf64)[bytes[at + digits - 1] ?? 0] !== 1) return false;
    return bytes[at + digits] === 0x3d && (padding === 1 || bytes[at + digits + 1] === 0x3d);
  },
};

/** For bytes/json-scanner.ts: the end of such a target, or -1. */
export function plainTargetEnd({ sizes, stands }: HashText): EntriesWanted["recognise"] {
  const [sha256Size, sha512Size] = sizes;
  return (bytes, start, skip) => {
    let at = start + 1;
    if (standsAt(customStart, bytes, start)) {
      at = skip(start + customStart.length);
      if (bytes[at++] !== 0x2c) return -1;
    } else if (bytes[start] !== 0x7b) return -1;
    if (!standsAt(hashesStart, bytes, at)) return -1;
    at += hashesStart.length;
    if (!stands(bytes, at, sha256Size)) return -1;
    at += sha256Size;
    if (standsAt(sha512Start, bytes, at)) {
      at += sha512Start.length;
      if (!stands(bytes, at, sha512Size)) return -1;
      at += sha512Size;
    }
    if (!standsAt(lengthStart, bytes, at)) return -1;
    at += lengthStart.length;
    const end = endOfInteger(bytes, at);
    return end > at && bytes[end] === 0x7d ? end + 1 : -1;
  };
}

/** Of up to 15 digits without a leading zero: surely below 2^53. `at` itself when none stands there. */
function endOfInteger(bytes: Uint8Array, at: number): number {
  let end = at;
  while (isDigit(bytes[end])) end++;
  return end - at > 15 || (end - at > 1 && bytes[at] === 0x30) ? at : end;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function standsAt(text: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false;
  return true;
}

function standsIn(table: Uint8Array): (bytes: Uint8Array, at: number, size: number) => boolean {
  return (bytes, at, size) => {
    for (let index = at; index < at + size; index++) if (table[bytes[index] ?? 0] !== 1) return false;
    return true;
  };
}

/** 1 for the bytes of these characters. */
function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of bytesOf(characters)) table[byte] = 1;
  return table;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
