// The current state of a collection in memory: what strangers ask for must not have it read from storage again and again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Reads } from "./reads.ts";
import { openTestApp } from "./test-app.test.ts";

test("a collection that fills most of the cache is read from storage once, whatever is asked for", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  const { storage } = world;
  const stored = await storage.collection(publisher.gun);
  const bytes = stored?.current.reduce((sum, document) => sum + document.bytes.length + 300, 300) ?? 0;
  let reading = 0;
  const collection = storage.collection.bind(storage);
  storage.collection = (gun) => {
    reading++;
    return collection(gun);
  };
  const reads = new Reads(storage, world.clock.now, async () => undefined, bytes + 100);
  for (let count = 0; count < 5; count++) assert.equal((await reads.state(publisher.gun))?.gun, publisher.gun);
  assert.equal(reading, 1);
  const small = new Reads(storage, world.clock.now, async () => undefined, bytes - 100);
  for (let count = 0; count < 5; count++) assert.ok(await small.state(publisher.gun));
  assert.equal(reading, 6, "what is over the cache is never kept");
});
