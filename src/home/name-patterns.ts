// Which entry of trust.json or config.json speaks for a collection: an exact name, or a prefix ending in `*`, as in Notary's
// trust_pinning (notary-v1, section 8): the exact name wins, then the longest prefix. Names are case-sensitive.
import { CountersignError, parseGun } from "../bytes/index.ts";

/** The one entry that speaks for `gun`, or undefined. */
export function findByName<T extends { readonly name: string }>(entries: readonly T[], gun: string): T | undefined {
  let best: T | undefined;
  for (const entry of entries) {
    if (entry.name === gun) return entry;
    const isMatch = entry.name.endsWith("*") && gun.startsWith(entry.name.slice(0, -1));
    if (isMatch && (best === undefined || entry.name.length > best.name.length)) best = entry;
  }
  return best;
}

/**
 * A collection's name, or a prefix of names ending in `/*`. A bare `*` or a prefix that stops inside a path component
 * is refused: `host/team*` would also speak for `host/team-of-somebody-else`. @throws gun.invalid
 */
export function parseNamePattern(text: string): string {
  if (!text.endsWith("*")) return parseGun(text);
  const prefix = text.slice(0, -1);
  if (!prefix.endsWith("/")) {
    throw new CountersignError("gun.invalid", `not a collection name or prefix: ${JSON.stringify(text.slice(0, 80))}`, {
      hints: ["a prefix ends in /* after a whole path component: registry.example.com/team/*"],
    });
  }
  parseGun(`${prefix}x`);
  return text;
}
