// The common case of a JSON text, recognised without reading it byte by byte: ASCII, no \\u escapes, no whitespace, and exactly what
// JSON.stringify makes of the parsed value. Two different readings of such a text cannot exist: a member named twice, a fraction
// written in two ways or data after the text would not come back the same. What is left to look at is in the value: numbers, depth, and
// whether members ascend. Anything else is left to the scanner (json-scanner.ts), which also says what is wrong. Several times faster
// than the scanner where code runs cold, as in a program that verifies once and ends.
import type { JsonRegion } from "./scanned-json.ts";

/** `watched` is the region of the watched member, never "loose"; undefined when there is none or nobody asked. */
export interface CompactText {
  readonly value: unknown;
  readonly watched: JsonRegion | undefined;
}

/** A backslash before b, f, n, r or t that is not itself escaped. */
const shortEscape = /(?:^|[^\\])(?:\\\\)*\\[bfnrt]/;

/** `text` must be ASCII. undefined: not that simple. */
export function readCompactText(text: string, maxDepth: number, watch: string | undefined): CompactText | undefined {
  // Half a surrogate pair would come back as it was.
  if (text.includes("\\u")) return undefined;
  const body = text.endsWith("\n") ? text.slice(0, -1) : text; // as files often end
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // the scanner knows why
  }
  // Looked at before it is written again, which recurses.
  if (watch === undefined || typeof value !== "object" || value === null || Array.isArray(value)) {
    if (!isPlain(value, maxDepth, false)) return undefined;
    return JSON.stringify(value) === body ? { value, watched: undefined } : undefined;
  }
  let written = "{";
  let watched: JsonRegion | undefined;
  for (const [name, member] of Object.entries(value)) {
    if (!isPlain(member, maxDepth - 1, name === watch)) return undefined;
    written += `${written.length > 1 ? "," : ""}${JSON.stringify(name)}:`;
    const start = written.length;
    const memberText = JSON.stringify(member);
    written += memberText;
    // Canonical JSON has no short escapes but \" and \\: with others, the escapes are still to be rewritten (compact-json.ts).
    const form = shortEscape.test(memberText) ? "ordered" : "canonical";
    if (name === watch) watched = { start, end: written.length, form };
  }
  return `${written}}` === body ? { value, watched } : undefined;
}

/** Integers in range only, no deeper than `depth`; members ascending where that is asked for. */
function isPlain(value: unknown, depth: number, ascending: boolean): boolean {
  if (typeof value === "number") return Number.isSafeInteger(value);
  if (typeof value !== "object" || value === null) return true;
  if (depth === 0) return false;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item !== "string" && !isPlain(item, depth - 1, ascending)) return false;
    return true;
  }
  let previous: string | undefined;
  const members = value as Readonly<Record<string, unknown>>;
  // What JSON.parse makes inherits nothing enumerable; for ASCII, code units sort as bytes do.
  for (const name in members) {
    if (ascending && previous !== undefined && name <= previous) return false;
    previous = name;
    const member = members[name];
    if (typeof member !== "string" && !isPlain(member, depth - 1, ascending)) return false;
  }
  return true;
}
