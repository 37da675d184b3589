// Canonical JSON as TUF signs it (the OLPC form; notary-v1 section 3, tuf-1.0 section 2; both dialects agree): no
// whitespace, members sorted by UTF-8 bytes, only " and \ escaped, integers only. Control characters stand raw, so the
// result is not always JSON: it is for hashing and signing. What has no one canonical form is refused, never repaired.
import { Buffer } from "node:buffer";
import { CountersignError } from "./errors.ts";
import type { JsonValue } from "./json.ts";
import { hexDigit } from "./json-scanner.ts";
import { compareUtf8, encodeUtf8 } from "./text.ts";

const maxDepth = 256;

/** @throws json.not_integer, json.unsafe_integer, json.lone_surrogate, json.too_deep */
export function encodeCanonicalJson(value: JsonValue): Uint8Array {
  return encodeUtf8(encode(value, 0));
}

function encode(value: JsonValue, depth: number): string {
  if (typeof value === "string") return encodeString(value);
  if (typeof value === "number") return encodeInteger(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (depth >= maxDepth) throw new CountersignError("json.too_deep", `nested deeper than ${maxDepth}`);
  let separator = "";
  let text = "";
  if (isArray(value)) {
    for (const item of value) {
      text += separator + encode(item, depth + 1);
      separator = ",";
    }
    return `[${text}]`;
  }
  const names = Object.keys(value);
  if (!isAscending(names)) names.sort(compareUtf8);
  for (const name of names) {
    const member = value[name];
    if (member === undefined) continue; // an optional member that was left out
    text += `${separator}${encodeString(name)}:${encode(member, depth + 1)}`;
    separator = ",";
  }
  return `{${text}}`;
}

function encodeString(text: string): string {
  if (!text.isWellFormed()) {
    throw new CountersignError("json.lone_surrogate", `half a surrogate pair in ${JSON.stringify(text.slice(0, 80))}`);
  }
  return text.includes('"') || text.includes("\\") ? `"${text.replaceAll(/["\\]/g, "\\$&")}"` : `"${text}"`;
}

function encodeInteger(value: number): string {
  if (!Number.isInteger(value)) throw new CountersignError("json.not_integer", `${value} is not an integer`);
  if (!Number.isSafeInteger(value)) throw new CountersignError("json.unsafe_integer", `${value} is beyond 2^53 - 1`);
  return String(value === 0 ? 0 : value); // -0 is written 0
}

/** Array.isArray that also narrows readonly arrays. */
function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isAscending(names: readonly string[]): boolean {
  let previous: string | undefined;
  for (const name of names) {
    if (previous !== undefined && compareUtf8(previous, name) >= 0) return false;
    previous = name;
  }
  return true;
}

/**
 * Canonical form of checked JSON text whose members are in order and whose numbers are plain ("ordered" in
 * json-scanner.ts): drops whitespace and rewrites escapes. Much cheaper than encoding the value again.
 */
export function compactJson(text: Uint8Array): Uint8Array {
  const output = Buffer.allocUnsafe(text.length); // no escape is shorter than what it stands for
  let length = 0;
  let inString = false;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at] ?? 0;
    if (byte === 0x22) {
      inString = !inString;
    } else if (!inString) {
      if (byte <= 0x20) continue;
    } else if (byte === 0x5c) {
      const character = readEscape(text, at + 1);
      at += character.length;
      length += output.write(character.text, length, "utf8");
      continue;
    }
    output[length++] = byte;
  }
  return new Uint8Array(output.buffer, output.byteOffset, length);
}

const shortEscapes: ReadonlyMap<number, string> = new Map([
  [0x22, '\\"'],
  [0x5c, "\\\\"],
  [0x2f, "/"],
  [0x62, "\b"],
  [0x66, "\f"],
  [0x6e, "\n"],
  [0x72, "\r"],
  [0x74, "\t"],
]);

/** The canonical text of the escape whose backslash stands before `at`, and how many bytes follow that backslash. */
function readEscape(text: Uint8Array, at: number): { readonly text: string; readonly length: number } {
  const short = shortEscapes.get(text[at] ?? 0);
  if (short !== undefined) return { text: short, length: 1 };
  const unit = readUnit(text, at + 1);
  if ((unit & 0xf800) === 0xd800) return { text: String.fromCharCode(unit, readUnit(text, at + 7)), length: 11 };
  const character = String.fromCharCode(unit);
  return { text: character === '"' || character === "\\" ? `\\${character}` : character, length: 5 };
}

function readUnit(text: Uint8Array, at: number): number {
  let unit = 0;
  for (let index = at; index < at + 4; index++) unit = unit * 16 + hexDigit(text[index] ?? 0);
  return unit;
}
