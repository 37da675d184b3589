// Delegation paths in both dialects. notary1 has plain prefixes, tuf1 shell patterns whose wildcards stay within one path segment;
// so a prefix becomes one pattern per depth, down to `maxDepth` segments: "" is `*`, `*/*`, `*/*/*`, `*/*/*/*`, and "v1." is
// `v1.*`, `v1.*/*`, ... Image tags have one segment. The way back is taken only where it widens nothing.
import { inexpressible } from "./envelope.ts";

/** Segments of a target name that a converted delegation reaches. */
export const maxDepth = 4;

/** The patterns that match what starts with one of the prefixes, down to maxDepth. @throws preflight.inexpressible */
export function patternsOfPrefixes(prefixes: readonly string[]): readonly string[] {
  return [...new Set(prefixes.flatMap(patternsOfPrefix))];
}

/** The prefixes whose patterns these are, all of them. @throws preflight.inexpressible */
export function prefixesOfPatterns(patterns: readonly string[]): readonly string[] {
  const given = new Set(patterns);
  const covered = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of given) {
    const prefix = pattern.endsWith("*") ? pattern.slice(0, -1) : undefined;
    if (prefix === undefined || !isLiteral(prefix)) continue;
    const expanded = patternsOfPrefix(prefix);
    if (!expanded.every((one) => given.has(one))) continue;
    prefixes.push(prefix);
    for (const one of expanded) covered.add(one);
  }
  const left = patterns.find((pattern) => !covered.has(pattern));
  if (left !== undefined) {
    throw inexpressible("notary1", `the path pattern ${JSON.stringify(left.slice(0, 80))} as a plain prefix`);
  }
  return prefixes;
}

function patternsOfPrefix(prefix: string): readonly string[] {
  if (!isLiteral(prefix)) {
    throw inexpressible(
      "tuf1",
      `the path prefix ${JSON.stringify(prefix.slice(0, 80))}, which TUF clients read as a pattern`,
    );
  }
  const depth = prefix.split("/").length;
  const deeper = Math.max(0, maxDepth - depth);
  return Array.from({ length: deeper + 1 }, (_, index) => `${prefix}*${"/*".repeat(index)}`);
}

/** Free of what any TUF client takes for a wildcard, class, alternation, negation, escape or comment (tuf-1.0, section 5). */
function isLiteral(prefix: string): boolean {
  return !/[*?[\]{}()|\\]/.test(prefix) && prefix.split("/").every((segment) => !/^[!#]/.test(segment));
}
