// Rows of documents: whatever was stored comes back byte for byte, and what the database has changed does not come back at all.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isCountersignError, sha256 } from "../bytes/index.ts";
import { pack, packedDocumentOf } from "./packed-bytes.ts";

function row(stored: Uint8Array, original: Uint8Array) {
  return { dialect: 1, role: "targets", version: 3, stored_at: 5, sha256: sha256(original), bytes: stored };
}

test("every document comes back as it was, also bytes that look like packed ones", () => {
  const text = `{"signed":{"_type":"targets","targets":{}},"signatures":[]}`;
  const cases = [
    "",
    "\u0000",
    "\u0001",
    "\u0001\u0002",
    text,
    text.repeat(500),
    text.repeat(1_000),
    "\u0000".repeat(40_000),
  ];
  for (const one of cases) {
    const bytes = new Uint8Array(Buffer.from(one, "latin1"));
    assert.deepEqual(new Uint8Array(packedDocumentOf(row(pack(bytes), bytes)).bytes), bytes);
  }
  const property = fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
    assert.deepEqual(new Uint8Array(packedDocumentOf(row(pack(bytes), bytes)).bytes), bytes);
  });
  fc.assert(property, { numRuns: 300 });
});

test("a row from before anything was packed is read as it is", () => {
  const bytes = new Uint8Array(Buffer.from('{"signed":{}}'));
  assert.equal(packedDocumentOf(row(bytes, bytes)).bytes, bytes);
});

test("a document is a good deal smaller packed", () => {
  const hash = Buffer.from(sha256("x")).toString("base64");
  const text = `{"signed":{"_type":"Timestamp","expires":"2026-12-06T16:58:15.462Z","meta":{"snapshot":{"hashes":{"sha256":"${hash}"},"length":500}},"version":2},"signatures":[{"keyid":"${Buffer.from(sha256("k")).toString("hex")}","method":"ecdsa","sig":"${hash}${hash}"}]}`;
  const bytes = Buffer.from(text);
  assert.ok(pack(bytes).length < 0.65 * bytes.length, `${pack(bytes).length} of ${bytes.length}`);
});

test("rows that were changed, cut or blown up are corrupt, never a document", () => {
  const bytes = new Uint8Array(Buffer.from(`{"signed":{"_type":"targets","version":2},"signatures":[]}`));
  const packed = pack(bytes);
  assert.equal(packed[0], 1);
  const bomb = pack(new Uint8Array(32 * 1024));
  const changed = [
    packed.subarray(0, -1),
    packed.subarray(0, 1),
    Buffer.of(1, 255, 255),
    bomb,
    Buffer.concat([packed, packed]),
  ];
  for (let at = 1; at < packed.length; at++)
    changed.push(packed.map((byte, index) => (index === at ? byte ^ 4 : byte)));
  for (const stored of changed) {
    try {
      assert.deepEqual(new Uint8Array(packedDocumentOf(row(stored, bytes)).bytes), bytes);
    } catch (error) {
      assert.ok(isCountersignError(error, "storage.corrupt"), String(error));
    }
  }
});
