// DER: one value, one spelling; nothing that stands outside its holder is read.
import assert from "node:assert/strict";
import { test } from "node:test";
import { contextTag, DerReader, derTag } from "./der.ts";
import {
  derBitString,
  derBoolean,
  derElement,
  derExplicit,
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derTime,
} from "./der-writer.ts";
import { decodeHex, decodeUtf8, encodeHex } from "./text.ts";

const read = (hex: string) => new DerReader(decodeHex(hex));
const refused = { code: "der.invalid" };

test("reads back what the writer writes", () => {
  const bytes = derSequence(
    derInteger(0),
    derInteger(127),
    derInteger(128),
    derInteger(2 ** 40),
    derInteger(Uint8Array.of(0, 0, 0x80, 1)),
    derBoolean(true),
    derNull(),
    derBitString(Uint8Array.of(1, 2)),
    derOctetString(new Uint8Array(300)),
    derObjectIdentifier("1.2.840.113549.1.1.1"),
    derObjectIdentifier("2.999.3"),
    derExplicit(3, derInteger(5)),
  );
  const outer = new DerReader(bytes);
  const reader = outer.enter();
  outer.end();
  assert.deepEqual(
    [0, 1, 2, 3].map(() => reader.smallInteger()),
    [0, 127, 128, 2 ** 40],
  );
  assert.deepEqual(reader.unsignedInteger(), Uint8Array.of(0x80, 1));
  assert.equal(reader.boolean(), true);
  reader.null();
  assert.deepEqual(reader.bitString(), Uint8Array.of(1, 2));
  assert.equal(reader.octetString().length, 300);
  assert.equal(reader.objectIdentifier(), "1.2.840.113549.1.1.1");
  assert.equal(reader.objectIdentifier(), "2.999.3");
  assert.equal(reader.enterOptional(contextTag(0, true)), undefined);
  assert.equal(reader.enter(contextTag(3, true)).smallInteger(), 5);
  assert.equal(reader.readOptional(derTag.null), undefined);
  reader.end();
});

for (const [name, hex] of [
  ["a needlessly long length", "048101ff"],
  ["a length with leading zeros", "04820001ff"],
  ["an indefinite length", "30800000"],
  ["a length of five bytes", "0485000000000100"],
  ["a length beyond the bytes", "0402ff"],
  ["a length of almost 4 GB", "0484ffffffff00"],
  ["a cut length", "0482ff"],
  ["a tag of several bytes", "1f8101"],
  ["nothing", ""],
] as const) {
  test(`refuses ${name}`, () => {
    assert.throws(() => read(hex).next(), refused);
  });
}

test("refuses values with a second spelling", () => {
  assert.throws(() => read("0200").unsignedInteger(), refused);
  assert.throws(() => read("020180").unsignedInteger(), refused);
  assert.throws(() => read("02020001").unsignedInteger(), refused);
  assert.throws(() => read("0207010000000000ff").smallInteger(), refused);
  assert.throws(() => read("010101").boolean(), refused);
  assert.throws(() => read("0100").boolean(), refused);
  assert.throws(() => read("050100").null(), refused);
  assert.throws(() => read("03020101").bitString(), refused);
  assert.throws(() => read("0300").bitString(), refused);
  assert.throws(() => read("0600").objectIdentifier(), refused);
  assert.throws(() => read("06028001").objectIdentifier(), refused);
  assert.throws(() => read("060181").objectIdentifier(), refused);
  assert.throws(() => read(`060a2a${"ff".repeat(8)}7f`).objectIdentifier(), refused);
  assert.throws(() => read("0400").smallInteger(), refused);
  assert.throws(() => read("050000").end(), refused);
});

test("an element cannot reach past the one that holds it", () => {
  const reader = read("3003040500 0405aabbccddee".replaceAll(" ", "")).enter();
  assert.throws(() => reader.next(), refused);
});

test("nesting is bounded", () => {
  let bytes: Uint8Array = derNull();
  for (let depth = 0; depth < 40; depth++) bytes = derSequence(bytes);
  let reader = new DerReader(bytes);
  assert.throws(() => {
    for (;;) reader = reader.enter();
  }, /nested deeper than 32/);
});

test("times are UTCTime until 2049 and GeneralizedTime after", () => {
  const text = (at: number) => decodeUtf8(derTime(at).subarray(2));
  assert.equal(text(Date.UTC(2026, 10, 22, 7, 18, 26, 999)), "261122071826Z");
  assert.equal(text(Date.UTC(2049, 11, 31, 23, 59, 59)), "491231235959Z");
  assert.equal(text(Date.UTC(2050, 0, 1)), "20500101000000Z");
  assert.equal(derTime(Date.UTC(2050, 0, 1))[0], derTag.generalizedTime);
});

test("lengths are written the shortest way", () => {
  assert.equal(encodeHex(derElement(4, new Uint8Array(127)).subarray(0, 2)), "047f");
  assert.equal(encodeHex(derElement(4, new Uint8Array(128)).subarray(0, 3)), "048180");
  assert.equal(encodeHex(derElement(4, new Uint8Array(65536)).subarray(0, 5)), "0483010000");
  assert.throws(() => derObjectIdentifier("1"), refused);
  assert.throws(() => derObjectIdentifier("1.x"), refused);
});
