// From checked JSON text straight to canonical JSON, without a value in between: what python-tuf writes (indented, sorted)
// and what Notary writes (\u003c for <) only needs whitespace dropped and escapes rewritten (canonical-json.ts has the form).
import { Buffer } from "node:buffer";
import { hexDigit } from "./json-scanner.ts";

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
