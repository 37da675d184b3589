import assert from "node:assert/strict";
import { it } from "node:test";
import { naturalOrder } from "./natural-order.ts";

it("tags stand as docker lists them: numbers by value, the rest by text", () => {
  const sorted = ["1.9", "1.9-rc1", "1.10", "a", "latest", "v2", "v9", "v10"];
  assert.deepEqual([...sorted].reverse().sort(naturalOrder), sorted);
});

it("long numbers are compared without rounding, and the order is total", () => {
  const [small, large] = ["v90071992547409930000001", "v90071992547409930000002"];
  assert.deepEqual([large, small].sort(naturalOrder), [small, large]);
  assert.equal(naturalOrder("v1", "v1"), 0);
  assert.equal(Math.sign(naturalOrder("v01", "v1")), -Math.sign(naturalOrder("v1", "v01")));
  assert.ok(naturalOrder("", "a") < 0);
});
