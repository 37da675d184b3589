// Documents that would cost the server a minute of its only thread, and the largest real ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isCountersignError, parseRoleName } from "../bytes/index.ts";
import { maxOtherBytes, maxTargetsBytes, requireBounded, requireSparse } from "./document-bounds.ts";

const targets = parseRoleName("targets");
const refused = (role: string, bytes: Buffer) =>
  assert.throws(
    () => {
      requireBounded(parseRoleName(role), bytes);
      requireSparse(parseRoleName(role), bytes);
    },
    (error) => isCountersignError(error, "request.too_large"),
  );

test("the densest real documents pass: docker's, with one short name and one hash a target", () => {
  const hash = "qUiQTy8PR5uPgZdpSzAYSw0u0cHNKh7A+4XSmaGSpEc=";
  const list = Array.from({ length: 20_000 }, (_, index) => `"${index}":{"hashes":{"sha256":"${hash}"},"length":1}`);
  requireSparse(targets, Buffer.from(`{"signed":{"targets":{${list.join(",")}}}}`));
  const roles = Array.from(
    { length: 3_000 },
    (_, index) => `"targets/${index}":{"hashes":{"sha256":"${hash}"},"length":1}`,
  );
  requireSparse(parseRoleName("snapshot"), Buffer.from(`{"signed":{"meta":{${roles.join(",")}}}}`));
  requireSparse(targets, Buffer.from("[".repeat(10_000)));
});

test("brackets, empty members and lengths that no document has are refused before they are parsed", () => {
  for (const piece of ["[", "[],", "1,", '{"a":', '"":{},'])
    refused("targets", Buffer.from(piece.repeat(1_000_000 / piece.length)));
  refused("targets", Buffer.alloc(maxTargetsBytes + 1, "a"));
  refused("targets/releases", Buffer.alloc(maxTargetsBytes + 1, "a"));
  for (const role of ["root", "snapshot", "timestamp"]) refused(role, Buffer.alloc(maxOtherBytes + 1, "a"));
});
