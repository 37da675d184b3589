// The signed bytes of an envelope are the same whichever way it is spelled, and never cost a second encoding of a big one.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeCanonicalJson } from "./canonical-json.ts";
import { parseSignedJson } from "./signed-json.ts";
import { decodeUtf8, encodeUtf8 } from "./text.ts";

const parse = (text: string) => parseSignedJson(encodeUtf8(text));
const canonical = '{"a":"x","b":[1,{"c":null}]}';

test("a canonical signed part is a view into the input, whatever stands around it", () => {
  for (const text of [
    `{"signed":${canonical},"signatures":[]}`,
    `{ "signatures" : [ "\\u0041", {"z":1,"y":2} ],\n"signed" : ${canonical} }\n`,
    `{"\\u0073igned":${canonical},"signatures":[],"more":1}`,
  ]) {
    const bytes = encodeUtf8(text);
    const { signed, signedBytes } = parseSignedJson(bytes);
    assert.equal(decodeUtf8(signedBytes), canonical);
    assert.equal(signedBytes.buffer, bytes.buffer);
    assert.deepEqual(signed, JSON.parse(canonical));
  }
});

test("any other spelling gives the same signed bytes", () => {
  for (const signed of [
    '{"b":[1,{"c":null}],"a":"x"}',
    '{ "a" : "x", "b" : [ 1, { "c" : null } ] }',
    '{"a":"\\u0078","b":[1,{"c":null}]}',
    '{"\\u0061":"x","b":[1,{"c":null}]}',
  ]) {
    assert.equal(decodeUtf8(parse(`{"signed":${signed},"signatures":[]}`).signedBytes), canonical);
  }
});

test("escapes become what they stand for, and only quote and backslash stay escaped", () => {
  const signed =
    '{"s":"\\u003c\\u003E\\u0026\\u2028\\n\\t\\/\\b\\f\\r\\u0022\\u005c\\"\\\\\\ud83d\\ude00é\\u00e9\\u0000"}';
  const { signedBytes, signed: value } = parse(`{"signed":${signed},"signatures":[]}`);
  assert.equal(decodeUtf8(signedBytes), '{"s":"<>&\u2028\n\t/\b\f\r\\"\\\\\\"\\\\😀éé\0"}');
  assert.deepEqual(signedBytes, encodeCanonicalJson(value));
});

test("numbers spelled unusually are signed in their one spelling", () => {
  for (const [spelled, integer] of [
    ["1.0", "1"],
    ["1e3", "1000"],
    ["-0", "0"],
    ["-0.0", "0"],
  ] as const) {
    const bytes = encodeUtf8(`{"signed":{"n":${spelled}},"signatures":[]}`);
    assert.equal(decodeUtf8(parseSignedJson(bytes, { numbers: "integral" }).signedBytes), `{"n":${integer}}`);
  }
});

test("a duplicate outside the signed part is refused too", () => {
  for (const text of [
    `{"signed":${canonical},"signatures":[],"signed":{}}`,
    `{"signed":${canonical},"\\u0073igned":{},"signatures":[]}`,
    `{"signatures":[],"signatures":[],"signed":${canonical}}`,
    `{"signatures":[{"keyid":"a","keyid":"b"}],"signed":${canonical}}`,
  ]) {
    assert.throws(() => parse(text), { code: "json.duplicate_member" });
  }
});

test("an envelope without its parts, or with parts of another kind, is refused", () => {
  for (const text of [
    "[]",
    "null",
    "1",
    "{}",
    '{"signed":{}}',
    '{"signatures":[]}',
    '{"signed":[],"signatures":[]}',
    '{"signed":null,"signatures":[]}',
    '{"x":{"signed":{}},"signatures":[]}',
    '{"__proto__":{"signed":{},"signatures":[]}}',
  ]) {
    assert.throws(() => parse(text), { code: "metadata.invalid" });
  }
});

test("a big document is read as strictly as a small one, and its signed part is a view too", () => {
  const targets = Array.from(
    { length: 30_000 },
    (_, index) => `"v${String(index).padStart(6, "0")}":"${"ab".repeat(40)}"`,
  );
  const signed = `{"targets":{${targets.join(",")}}}`;
  const bytes = encodeUtf8(`{"signed":${signed},"signatures":[]}`);
  const parsed = parseSignedJson(bytes);
  assert.equal(parsed.signedBytes.buffer, bytes.buffer);
  assert.equal(decodeUtf8(parsed.signedBytes), signed);
  assert.deepEqual(parsed.signed, JSON.parse(signed));
  const twice = signed.replace('"v000001"', '"v000000"');
  assert.throws(() => parse(`{"signed":${twice},"signatures":[]}`), { code: "json.duplicate_member" });
});
