// Reading JSON that is not signed by anybody: error bodies, token replies, docker's files, registry lists. Unknown in,
// checked values out; a member is looked up as an own property only (a body may hold `__proto__`).
// Signed documents go through the strict parser of bytes/ instead.
import { decodeUtf8 } from "../bytes/index.ts";

/** undefined: not UTF-8, or not JSON. */
export function parseLooseJson(bytes: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes));
    return value;
  } catch {
    return undefined;
  }
}

export function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}

export function stringMember(value: unknown, name: string): string | undefined {
  const found = member(value, name);
  return typeof found === "string" ? found : undefined;
}

/** An integer of at least zero. */
export function countMember(value: unknown, name: string): number | undefined {
  const found = member(value, name);
  return typeof found === "number" && Number.isSafeInteger(found) && found >= 0 ? found : undefined;
}

/** The elements, or none when it is not an array. */
export function listMember(value: unknown, name: string): readonly unknown[] {
  const found = member(value, name);
  return Array.isArray(found) ? found : [];
}

/** Own members of an object with their names. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value);
}

/** Text from a server, made safe to print: one line, no control characters, at most `maxLength` characters. */
export function printable(text: string, maxLength = 300): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, " ").trim();
  return line.length > maxLength ? `${line.slice(0, maxLength - 3)}...` : line;
}
