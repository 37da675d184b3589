// Canonical JSON against vectors of docker/go (Notary) and of securesystemslib (python-tuf), and its properties.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { encodeCanonicalJson } from "./canonical-json.ts";
import { isCountersignError } from "./errors.ts";
import { parseJson } from "./json.ts";
import type { JsonValue } from "./json-value.ts";
import { parseSignedJson } from "./signed-json.ts";
import { encodeHex, encodeUtf8 } from "./text.ts";

interface Vector {
  readonly input: string;
  readonly canonical_hex?: string;
  readonly canonicalHex?: string;
  readonly error?: string;
}

function vectors(path: string): readonly Vector[] {
  return JSON.parse(readFileSync(new URL(`../../vectors/${path}`, import.meta.url), "utf8")) as Vector[];
}

// What Go's decoder repairs or rounds silently, and we refuse: the signer and the verifier could mean different values.
const refusedThough = ["json.duplicate_member", "json.lone_surrogate", "json.unsafe_integer"] as const;

for (const { input, canonical_hex: expected, error } of vectors("notary1/keys/canonical-json-vectors.json")) {
  test(`docker/go: ${JSON.stringify(input)}`, () => {
    let actual: string;
    try {
      actual = encodeHex(encodeCanonicalJson(parseJson(encodeUtf8(input), { numbers: "integral" })));
    } catch (failure) {
      assert.ok(isCountersignError(failure));
      if (error === undefined) assert.ok(isCountersignError(failure, ...refusedThough), failure.code);
      return;
    }
    assert.equal(actual, expected);
  });
}

for (const { input, canonicalHex: expected, error } of vectors("tuf1/canonical-json.json")) {
  test(`securesystemslib: ${JSON.stringify(input)}`, () => {
    const encode = () => encodeHex(encodeCanonicalJson(parseJson(encodeUtf8(input))));
    if (error !== undefined) assert.throws(encode, { code: "json.not_integer" });
    else assert.equal(encode(), expected);
  });
}

const json: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.constantFrom('"', "\\", "\n", "<&>", "\u2028", "\ue000", "\u{1f600}"),
    fc.array(tie("value"), { maxLength: 4 }),
    fc
      .uniqueArray(fc.tuple(fc.string({ unit: "binary", maxLength: 6 }), tie("value")), {
        selector: ([name]) => name,
        maxLength: 6,
      })
      .map((members) => Object.fromEntries(members)),
  ),
})).value;

const withoutControls = (value: JsonValue) => encodeCanonicalJson(value).every((byte) => byte >= 0x20);
const seed = 20_261_122;

test("property: canonical form is what every spelling of a value gives, whichever path takes it", () => {
  const spell = (value: JsonValue, indent: number) =>
    parseSignedJson(encodeUtf8(`{"signatures":[],"signed":{"v":${JSON.stringify(value, null, indent)}}}`)).signedBytes;
  fc.assert(
    fc.property(json, (value) => {
      const canonical = encodeCanonicalJson({ v: value });
      assert.deepEqual(spell(value, 0), canonical);
      assert.deepEqual(spell(value, 2), canonical);
    }),
    { seed, numRuns: 400 },
  );
});

test("property: canonical form without control characters is JSON and its own canonical form", () => {
  fc.assert(
    fc.property(json.filter(withoutControls), (value) => {
      const canonical = encodeCanonicalJson(value);
      assert.deepEqual(encodeCanonicalJson(parseJson(canonical)), canonical);
    }),
    { seed, numRuns: 400 },
  );
});

test("property: strict parsing gives what JSON.parse gives, and refuses what JSON.parse merges", () => {
  const name = fc.constantFrom("a", "b", "c", "\\u0061", "__proto__", "é", "\\u00e9");
  const object = fc.array(fc.tuple(name, fc.integer({ min: 0, max: 9 })), { maxLength: 5 });
  fc.assert(
    fc.property(object, (members) => {
      const text = `{${members.map(([key, value]) => `"${key}":${value}`).join(",")}}`;
      const merged = JSON.parse(text) as Record<string, number>;
      if (Object.keys(merged).length < members.length) {
        assert.throws(() => parseJson(encodeUtf8(text)), { code: "json.duplicate_member" });
      } else {
        assert.deepEqual(parseJson(encodeUtf8(text)), merged);
      }
    }),
    { seed, numRuns: 400 },
  );
});

test("refuses values that have no canonical form", () => {
  assert.throws(() => encodeCanonicalJson({ a: "\ud83d" }), { code: "json.lone_surrogate" });
  assert.throws(() => encodeCanonicalJson({ "\ude00": 1 }), { code: "json.lone_surrogate" });
  assert.throws(() => encodeCanonicalJson(0.5), { code: "json.not_integer" });
  assert.throws(() => encodeCanonicalJson(Number.NaN), { code: "json.not_integer" });
  assert.throws(() => encodeCanonicalJson(2 ** 53), { code: "json.unsafe_integer" });
  let deep: JsonValue = [];
  for (let depth = 0; depth < 300; depth++) deep = [deep];
  assert.throws(() => encodeCanonicalJson(deep), { code: "json.too_deep" });
});
