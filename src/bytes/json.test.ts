// Each case is a text that two JSON parsers could read differently, or that could exhaust one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, isCountersignError } from "./errors.ts";
import { type JsonLimits, parseJson } from "./json.ts";
import { parseSignedJson } from "./signed-json.ts";
import { encodeUtf8 } from "./text.ts";

const refused: readonly (readonly [string, string, ErrorCode, JsonLimits?])[] = [
  ["a member named twice", '{"a":1,"a":2}', "json.duplicate_member"],
  ["a member named twice, not adjacent", '{"a":1,"b":2,"a":3}', "json.duplicate_member"],
  ["a member named twice through an escape", '{"a":1,"\\u0061":2}', "json.duplicate_member"],
  ["a member named twice, escape first", '{"\\u0061":1,"a":2}', "json.duplicate_member"],
  ["__proto__ named twice", '{"__proto__":1,"__proto__":2}', "json.duplicate_member"],
  ["a nested member named twice", '[{"x":{"b":1,"a":{"z":1,"y":2,"z":3}}}]', "json.duplicate_member"],
  ["trailing data", '{"a":1}{"b":2}', "json.invalid"],
  ["a trailing zero byte", '{"a":1}\0', "json.invalid"],
  ["nothing", "", "json.invalid"],
  ["only whitespace", " \n", "json.invalid"],
  ["a byte order mark", "\ufeff{}", "json.invalid"],
  ["a comment", "{}//", "json.invalid"],
  ["a trailing comma in an object", '{"a":1,}', "json.invalid"],
  ["a trailing comma in a list", "[1,]", "json.invalid"],
  ["a missing comma", "[1 2]", "json.invalid"],
  ["a missing colon", '{"a" 1}', "json.invalid"],
  ["a name without quotes", "{a:1}", "json.invalid"],
  ["single quotes", "{'a':1}", "json.invalid"],
  ["an open string", '"abc', "json.invalid"],
  ["an open escape", '"abc\\', "json.invalid"],
  ["an open list", "[[1]", "json.invalid"],
  ["a raw newline in a string", '"a\nb"', "json.invalid"],
  ["an unknown escape", '"\\x41"', "json.invalid"],
  ["a short unicode escape", '"\\u12"', "json.invalid"],
  ["NaN", "NaN", "json.invalid"],
  ["a capital literal", "True", "json.invalid"],
  ["a cut literal", "tru", "json.invalid"],
  ["a leading plus", "+1", "json.invalid"],
  ["a leading zero", "01", "json.invalid"],
  ["a lone minus", "-", "json.invalid"],
  ["a point without digits", "1.", "json.invalid"],
  ["an exponent without digits", "1e+", "json.invalid"],
  ["a no-break space", "[1,\u00a02]", "json.invalid"],
  ["a fraction", "1.5", "json.not_integer"],
  ["1.0 where integers are asked for", "1.0", "json.not_integer"],
  ["1e3 where integers are asked for", "1e3", "json.not_integer"],
  ["a fraction in integral mode", "1.5", "json.not_integer", { numbers: "integral" }],
  ["a small exponent", "1e-3", "json.not_integer", { numbers: "integral" }],
  ["2^53", "9007199254740992", "json.unsafe_integer"],
  ["-2^53", "-9007199254740992", "json.unsafe_integer"],
  ["2^53 in integral mode", "9007199254740992.0", "json.unsafe_integer", { numbers: "integral" }],
  ["infinity by exponent", "1e400", "json.unsafe_integer", { numbers: "integral" }],
  ["a hundred digits", "1".repeat(100), "json.unsafe_integer"],
  ["an endless spelling of 1", `1.${"0".repeat(100)}`, "json.unsafe_integer", { numbers: "integral" }],
  ["half a surrogate pair", '"\\ud83d"', "json.lone_surrogate"],
  ["the second half alone", '"\\ude00"', "json.lone_surrogate"],
  ["two first halves", '"\\ud83d\\ud83d"', "json.lone_surrogate"],
  ["half a pair in a name", '{"\\ud83d":1}', "json.lone_surrogate"],
  ["a pair with a letter between", '"\\ud83dx\\ude00"', "json.lone_surrogate"],
  ["lists beyond the depth", "[".repeat(65) + "]".repeat(65), "json.too_deep"],
  ["a million open lists", "[".repeat(1_000_000), "json.too_deep"],
  ["objects beyond the depth", '{"a":'.repeat(4), "json.too_deep", { maxDepth: 3 }],
  ["a text over its size limit", '"abc"', "json.too_large", { maxBytes: 4 }],
];

for (const [name, text, code, limits] of refused) {
  test(`refuses ${name}`, () => {
    assert.throws(() => parseJson(encodeUtf8(text), limits), { name: "CountersignError", code });
  });
}

for (const [name, bytes] of [
  ["a stray continuation byte", [0x22, 0x80, 0x22]],
  ["an overlong slash", [0x22, 0xc0, 0xaf, 0x22]],
  ["a surrogate in UTF-8", [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ["a cut sequence", [0x22, 0xe2, 0x82, 0x22]],
] as const) {
  test(`refuses ${name}`, () => {
    assert.throws(() => parseJson(Uint8Array.from(bytes)), { code: "json.invalid" });
  });
}

test("reads what is well-formed exactly as JSON.parse does", () => {
  for (const text of [
    '{"b":[1,-2,0,{"":null}],"a":{"x":true,"y":false},"ä\\u00e9\\ud83d\\ude00\\n\\/":"\\"\\\\"}',
    " [ ] ",
    '\t{\r\n"a" : "\u007f" }\n',
    '{"10":1,"9":2}',
    "9007199254740991",
    "-0",
  ]) {
    assert.deepEqual(parseJson(encodeUtf8(text)), JSON.parse(text));
  }
});

test("a member named __proto__ is an own member and touches no prototype", () => {
  const value = parseJson(encodeUtf8('{"__proto__":{"polluted":1}}'));
  assert.deepEqual(Object.keys(value ?? {}), ["__proto__"]);
  assert.equal("polluted" in {}, false);
});

test("integral mode takes 1.0 and 1e3 as Notary does", () => {
  assert.deepEqual(parseJson(encodeUtf8("[1.0,1e3,-2E+1]"), { numbers: "integral" }), [1, 1000, -20]);
});

test("any mode takes what is finite, and nothing that is written without end", () => {
  assert.deepEqual(parseJson(encodeUtf8("[1.5,1e-3,9007199254740993]"), { numbers: "any" }), [1.5, 0.001, 2 ** 53]);
  for (const text of ["1e400", `1.${"0".repeat(100)}`, "1".repeat(100), "NaN", ".5", "1."]) {
    assert.throws(() => parseJson(encodeUtf8(text), { numbers: "any" }), isCountersignError, text);
  }
});

test("64 levels are taken by default", () => {
  assert.ok(parseJson(encodeUtf8("[".repeat(64) + "]".repeat(64))));
});

test("more values than the limit are refused before they are built, in the whole text and in any one entry", () => {
  const limits = { maxValues: 4 };
  const text = (json: string) => encodeUtf8(json);
  assert.deepEqual(parseJson(text("[1, 2, {}]"), limits), [1, 2, {}]);
  assert.throws(() => parseJson(text('[1, 2, {"a": 3}]'), limits), { code: "limit.exceeded" });
  // Entries that are not built do not count, but for what one of them holds; when all are built, all count.
  const entries = { member: "targets", recognise: () => -1 };
  const room = `"room":"${"x".repeat(2 * 1024 * 1024)}"`;
  const signed = (targets: string, order: string) =>
    parseSignedJson(text(`{"signatures":[], "signed":{${order}${room},"targets":{${targets}}}}`), {
      maxValues: 9,
      entries,
    });
  const many = Array.from({ length: 20 }, (_, index) => `"t${10 + index}":{}`).join(",");
  assert.equal(signed(many, "").entries?.size, 20);
  assert.throws(() => signed(many, '"z":1,'), { code: "limit.exceeded" });
  assert.throws(() => signed('"one":[1,2,3,4,5,6,7,8,9]', ""), { code: "limit.exceeded" });
});
