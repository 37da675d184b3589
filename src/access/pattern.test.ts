// Patterns decide who gets in: what they fit, what they must not, and that no text makes them slow.
import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesPattern, patternFault } from "./pattern.ts";

test("a star stays within a segment, two do not, and everything else stands for itself", () => {
  const fits: readonly (readonly [string, string])[] = [
    ["team/app", "team/app"],
    ["team/*", "team/app"],
    ["team/**", "team/app/sub"],
    ["**", "a/b/c"],
    ["*/app", "team/app"],
    ["**/app", "a/b/app"],
    ["team/app-*", "team/app-"],
    ["registry.example.com:5000/*", "registry.example.com:5000/a"],
    ["a*b*c", "axxbyyc"],
    ["a*/b", "a/b"],
    ["*/b/c", "a/b/c"],
    ["**", ""],
    ["a**a", "aa"],
  ];
  for (const [pattern, text] of fits) assert.ok(matchesPattern(pattern, text), `${pattern} ${text}`);
  const misses: readonly (readonly [string, string])[] = [
    ["team/app", "team/app2"],
    ["team/app", "team/ap"],
    ["team/*", "team/app/sub"],
    ["team/*", "team"],
    ["team/**", "team"],
    ["team/*", "xteam/app"],
    ["*", "a/b"],
    ["registry.example.com/*", "registryXexample.com/a"],
    ["Team/*", "team/app"],
    ["team/[a-z]*", "team/app"],
    ["", "a"],
    ["a*b", "ab/"],
    ["a*a", "a"],
    ["ab*bc", "abc"],
    ["a**a", "a"],
    ["*/b", "a/x/b"],
    ["a*b", "a/b"],
    ["a*/b", "a/x/b"],
    ["*a*b", "xa/b"],
  ];
  for (const [pattern, text] of misses) assert.ok(!matchesPattern(pattern, text), `${pattern} ${text}`);
});

test("a text made to be slow is not", () => {
  const started = performance.now();
  assert.ok(!matchesPattern(`${"*a".repeat(100)}b`, "a".repeat(2_000)));
  assert.ok(!matchesPattern(`${"**a".repeat(100)}b`, "a/".repeat(1_000)));
  assert.ok(performance.now() - started < 1_000);
});

test("patterns that mean nothing have a reason", () => {
  for (const pattern of ["", "a***", "a b", "a\n", "x".repeat(513)]) assert.ok(patternFault(pattern) !== undefined);
  assert.equal(patternFault("registry.example.com/team/**"), undefined);
});
