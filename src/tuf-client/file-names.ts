// Names from a repository as names of files: one component each, whatever the name says (`../x`, `/etc/passwd`, NUL, `con`). Every byte
// outside A-Z a-z 0-9 - . _ ~ becomes %XX, as other TUF clients do, so that two names never share a file. Exceptions are the names that
// are special to some system: `.`, `..`, a trailing dot, devices of Windows; there one more character is encoded.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** Room for a suffix within the 255 bytes that file systems give a name. */
const maxNameBytes = 200;
const device = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|conin\$|conout\$)(?:\.|$)/i;

/** A single safe file name for any text. The empty text is `%`. */
export function fileNameOf(text: string): string {
  if (text === "") return "%";
  let name = percentEncode(text);
  if (name === "." || name === ".." || device.test(name)) name = encodeCharacter(name.slice(0, 1)) + name.slice(1);
  if (name.endsWith(".")) name = `${name.slice(0, -1)}%2E`;
  if (name.length <= maxNameBytes) return name;
  // `%-` never comes out of percentEncode, so a shortened name cannot meet a whole one.
  return `${name.slice(0, 100)}%-${createHash("sha256").update(text).digest("hex")}`;
}

/**
 * The file of a role in the metadata directory. Where files are found without regard to case, a delegated role `Root` must not become
 * the file of the root.
 */
export function roleFileName(role: string): string {
  const isDisguised = /^(?:root|timestamp|snapshot|targets)$/i.test(role) && role !== role.toLowerCase();
  const name = isDisguised ? role.replaceAll(/[A-Z]/g, encodeCharacter) : fileNameOf(role);
  return `${name}.json`;
}

/** Everything but the unreserved characters of RFC 3986 as %XX of its UTF-8. */
export function percentEncode(text: string): string {
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const character = String.fromCharCode(byte);
    encoded += /[-A-Za-z0-9._~]/.test(character) ? character : encodeByte(byte);
  }
  return encoded;
}

function encodeCharacter(character: string): string {
  return [...Buffer.from(character, "utf8")].map(encodeByte).join("");
}

function encodeByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
