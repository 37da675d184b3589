// One value has one spelling: what does not encode back to the same text is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  compareUtf8,
  decodeBase64,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  encodeHex,
  encodeUtf8,
  equalBytes,
} from "./text.ts";

const invalid = { code: "encoding.invalid" };

test("hex and base64 of every length read back", () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37 + length) % 256);
    assert.deepEqual(decodeHex(encodeHex(bytes)), bytes);
    assert.deepEqual(decodeHex(encodeHex(bytes).toUpperCase()), bytes);
    assert.deepEqual(decodeBase64(encodeBase64(bytes)), bytes);
  }
});

for (const text of ["0", "0g", "g0", "00 ", " 00", "0x00", "00\n", "\u01300", "\uff10\uff10", "\u{1f600}", "000"]) {
  test(`refuses hex ${JSON.stringify(text)}`, () => {
    assert.throws(() => decodeHex(text), invalid);
  });
}

for (const text of [
  "A",
  "AA",
  "AAA",
  "AA=",
  "AB==",
  "AAB=",
  "AAAA=",
  "AA==AA==",
  "AA A",
  "AAAA\n",
  "AA-_",
  "=",
  "====",
  "\u0141AAA",
]) {
  test(`refuses base64 ${JSON.stringify(text)}`, () => {
    assert.throws(() => decodeBase64(text), invalid);
  });
}

test("UTF-8 is exact, keeps a byte order mark, and refuses what is not UTF-8", () => {
  for (const text of ["", "ascii", "é\u2028\u{1f600}", "\ufeffx"]) assert.equal(decodeUtf8(encodeUtf8(text)), text);
  for (const bytes of [[0x80], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xe2, 0x82]]) {
    assert.throws(() => decodeUtf8(Uint8Array.from(bytes)), invalid);
  }
});

test("names sort by their UTF-8 bytes, not by UTF-16 units", () => {
  const names = ["\u{1f600}", "\uff61", "\ue000", "b", "a", "", "aa", "é", "\u{10000}", "\ud7ff"];
  const byBytes = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual([...names].sort(compareUtf8), byBytes);
  assert.notDeepEqual([...names].sort(), byBytes);
});

test("equal bytes are equal wherever they lie", () => {
  assert.equal(equalBytes(Uint8Array.of(0, 1, 2).subarray(1), Uint8Array.of(1, 2)), true);
  assert.equal(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2)), false);
});
