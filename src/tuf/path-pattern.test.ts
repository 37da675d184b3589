// What a delegator's pattern may and may not reach.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { matchesPattern } from "./path-pattern.ts";

const matching = [
  ["*", "1.4.2"],
  ["v1.*", "v1."],
  ["v1.*", "v1.9"],
  ["a*b*c", "aXbYbZc"],
  ["a?c", "abc"],
  ["*?", "x"],
  ["dir/*", "dir/file"],
  ["*/*", "dir/file"],
  ["?", "\u{1F600}"],
  ["*.tgz", ".tgz"],
  ["[ab]", "[ab]"],
  ["{a,b}", "{a,b}"],
  ["", ""],
] as const;

const strange = [
  ["*", "dir/file", "a star crosses no slash"],
  ["dir/*", "dir/sub/file", "a star crosses no slash"],
  ["dir?file", "dir/file", "a question mark is no slash"],
  ["V1.*", "v1.9", "case matters on every machine"],
  ["a*b*c", "ac", "order of the pieces"],
  ["ab*ba", "aba", "pieces do not overlap"],
  ["?", "", "a question mark is one character"],
  ["[ab]", "a", "a bracket is a bracket"],
  ["!foo", "bar", "no negation"],
  ["/x", "x", "a leading slash is a segment"],
] as const;

test("patterns reach what they say", () => {
  for (const [pattern, path] of matching) assert.equal(matchesPattern(pattern, path), true, `${pattern} ${path}`);
});

test("patterns reach nothing else", () => {
  for (const [pattern, path, why] of strange) assert.equal(matchesPattern(pattern, path), false, why);
});

test("a pattern made to make matching explode does not", () => {
  const started = performance.now();
  assert.equal(matchesPattern(`${"*a".repeat(500)}b`, "a".repeat(1000)), false);
  assert.equal(matchesPattern(`${"*?a".repeat(300)}b`, "a".repeat(1000)), false);
  assert.ok(performance.now() - started < 1000);
});

test("matching agrees with a regular expression made from the pattern", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "/"), maxLength: 8 });
  const path = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 8 });
  fc.assert(
    fc.property(letters, path, (pattern, text) => {
      const regex = new RegExp(`^${pattern.replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}$`);
      assert.equal(matchesPattern(pattern, text), regex.test(text));
    }),
    { numRuns: 3000 },
  );
});
