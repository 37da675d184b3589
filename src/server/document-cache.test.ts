// The memory for answers: what was computed before a change must not come back after it, or a reader gets an old timestamp for good.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGun } from "../bytes/index.ts";
import { CollectionCache } from "./document-cache.ts";

const [app, other] = [parseGun("example.com/app"), parseGun("example.com/other")];

test("an answer that was under way when its collection changed is not kept; others' are", () => {
  const cache = new CollectionCache<string>(1_000);
  const epoch = cache.epoch;
  cache.invalidate(app);
  cache.put("a", app, "old", 10, epoch);
  cache.put("o", other, "current", 10, epoch);
  assert.equal(cache.get("a"), undefined);
  assert.equal(cache.get("o"), "current");
  cache.put("a", app, "new", 10, cache.epoch);
  assert.equal(cache.get("a"), "new");
});

test("when changes of other servers may have been missed nothing stays, nor what was under way", () => {
  const cache = new CollectionCache<string>(1_000);
  cache.put("a", app, "old", 10, cache.epoch);
  const epoch = cache.epoch;
  cache.clear();
  assert.equal(cache.get("a"), undefined);
  cache.put("a", app, "older", 10, epoch);
  cache.put("o", other, "older", 10, epoch);
  assert.deepEqual([cache.get("a"), cache.get("o")], [undefined, undefined]);
  cache.put("a", app, "new", 10, cache.epoch);
  assert.equal(cache.get("a"), "new");
  // A change after it still counts for its collection alone.
  const later = cache.epoch;
  cache.invalidate(other);
  cache.put("o", other, "old", 10, later);
  cache.put("b", app, "new", 10, later);
  assert.deepEqual([cache.get("o"), cache.get("b")], [undefined, "new"]);
});
