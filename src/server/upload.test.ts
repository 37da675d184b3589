// What an upload may cost before anybody has looked at a signature.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError } from "../bytes/index.ts";
import { parseNotaryUpload, parseUpload } from "./upload.ts";

test("a history of brackets and commas alone is not read: its keys come along with it, so anybody could send one", () => {
  const document = { filename: "notary1/root", bytes: Buffer.from("{}") };
  const dense = Buffer.from(`{"signed":{"_type":"Targets","x":[${"1,".repeat(500_000)}1]},"signatures":[]}`);
  const plain = Buffer.from(`{"signed":{"_type":"Targets","x":["${"a".repeat(1_000_000)}"]},"signatures":[]}`);
  const read = (bytes: Buffer) => () => parseUpload([document, { filename: "history/targets", bytes }]);
  assert.throws(read(dense), (error) => isCountersignError(error, "request.too_large"));
  assert.equal(read(plain)().history.length, 1);
});

test("hundreds of parts before a name that is no role are not read only to word the refusal", (t) => {
  const bytes = Buffer.from(`{"a":[${"[],".repeat(60_000)}[]]}`);
  const parts = Array.from({ length: 300 }, (_, index) => ({ filename: `targets/a${index}`, bytes }));
  const parse = t.mock.method(JSON, "parse");
  const last = { filename: "no role", bytes };
  assert.deepEqual(parseNotaryUpload([...parts, last]), { kind: "invalidRole", name: "no role" });
  assert.equal(parse.mock.callCount(), 0);
  const broken = { filename: "root", bytes: Buffer.from("{") };
  assert.deepEqual(parseNotaryUpload([broken, last]), { kind: "malformedJson" });
});
