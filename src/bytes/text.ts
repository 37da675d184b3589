// Bytes as text and back, strictly: hex, padded standard base64 and UTF-8. What does not decode and encode back to
// the same text is refused, so that one value has one spelling (a non-canonical base64 is a way to write the
// same signature twice).
import { Buffer, isAscii, isUtf8 } from "node:buffer";
import { CountersignError } from "./errors.ts";

export function encodeHex(bytes: Uint8Array): string {
  return view(bytes).toString("hex");
}

/** Lower- or upper-case hex. @throws encoding.invalid */
export function decodeHex(text: string): Uint8Array {
  const bytes = Buffer.from(text, "hex");
  const back = bytes.toString("hex"); // Buffer takes U+0130 for 0 and stops at the first character that is none
  if (back !== text && back !== text.toLowerCase()) throw invalid("hex", text);
  return plain(bytes);
}

export function encodeBase64(bytes: Uint8Array): string {
  return view(bytes).toString("base64");
}

/** Padded, standard alphabet, no spare bits (RFC 4648 section 4). @throws encoding.invalid */
export function decodeBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) throw invalid("base64", text);
  return plain(bytes);
}

export function encodeUtf8(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "utf8"));
}

/** A byte order mark is kept. @throws encoding.invalid */
export function decodeUtf8(bytes: Uint8Array): string {
  if (isAscii(bytes)) return view(bytes).toString("latin1"); // the common case, several times faster
  if (!isUtf8(bytes)) throw new CountersignError("encoding.invalid", "bytes are not valid UTF-8");
  return view(bytes).toString("utf8");
}

/** Orders strings by their UTF-8 bytes (= code points), as canonical JSON sorts members; JavaScript's default is UTF-16. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    // Surrogates (astral characters) sort above U+E000..U+FFFF in UTF-8 and below in UTF-16.
    const leftSurrogate = (left & 0xf800) === 0xd800;
    const rightSurrogate = (right & 0xf800) === 0xd800;
    if (leftSurrogate !== rightSurrogate) return leftSurrogate ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}

/** True when both hold the same bytes. Not constant time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && view(a).equals(b);
}

/** The same memory as a plain Uint8Array: a document of 100,000 hashes is decoded without copying each. */
function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalid(what: string, text: string): CountersignError {
  return new CountersignError("encoding.invalid", `not valid ${what}: ${JSON.stringify(text.slice(0, 40))}`);
}
