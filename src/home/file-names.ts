// Names from outside as file names. The mapping is one to one, also on file systems that fold case or normalise Unicode:
// every byte outside a-z 0-9 - _ . becomes %XX, a leading dot too, and what would be too long keeps its start and gets its hash.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

const maxNameBytes = 180;

/** A safe single file name for any text; two texts never share one. The empty text is `%`. */
export function encodeFileName(text: string): string {
  if (text === "") return "%";
  let name = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const character = String.fromCharCode(byte);
    const isPlain = /[-a-z0-9_]/.test(character) || (character === "." && name !== "");
    name += isPlain ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    if (name.length > maxNameBytes) {
      // `%-` never comes out of the encoding above, so a hashed name cannot meet a plain one.
      return `${name.slice(0, 100)}%-${createHash("sha256").update(text).digest("hex")}`;
    }
  }
  return name;
}
