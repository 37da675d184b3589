// Renewal before expiry: on read, by the sweep, after a downtime; and what must not happen meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { day } from "../testing/index.ts";
import { verifyBundle } from "../updater/index.ts";
import { Sweep } from "./sweep.ts";
import { openTestApp, type TestApp } from "./test-app.test.ts";
import { dialects, type TestPublisher } from "./test-publisher.ts";

async function timestampVersion(publisher: TestPublisher, path = "tuf/timestamp.json"): Promise<number> {
  const body = (await (await publisher.get(path)).json()) as { signed: { version: number } };
  return body.signed.version;
}

async function verifies(world: TestApp, publisher: TestPublisher): Promise<void> {
  for (const dialect of dialects) {
    const bytes = new Uint8Array(await (await publisher.get(`bundle?dialect=${dialect}`)).arrayBuffer());
    await verifyBundle(bytes, { gun: publisher.gun, pins: [], now: world.clock.now(), trustOnFirstUse: true });
  }
}

test("a reader at half of a timestamp's life gets the next one; before that nothing changes", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  world.clock.advance(3 * day);
  assert.equal(await timestampVersion(publisher, "tuf1/metadata/timestamp.json"), 1);
  world.clock.advance(day);
  assert.equal(await timestampVersion(publisher, "tuf1/metadata/timestamp.json"), 2);
  assert.equal(await timestampVersion(publisher), 1);
  await verifies(world, publisher);
  world.clock.advance(4 * day);
  assert.equal(await timestampVersion(publisher), 2);
  assert.equal((await publisher.get("tuf1/metadata/1.snapshot.json")).status, 200);
  await verifies(world, publisher);
});

test("a hundred readers at once cause one renewal", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  world.clock.advance(8 * day);
  const versions = await Promise.all(Array.from({ length: 100 }, () => timestampVersion(publisher)));
  assert.deepEqual(new Set(versions), new Set([2]));
  assert.equal((await world.storage.collection(publisher.gun))?.generation, 2);
});

test("after months of downtime the sweep renews everything, and readers of both dialects verify it", async () => {
  await using world = await openTestApp();
  const publishers = [];
  for (const name of ["a", "b", "c"]) publishers.push(await world.publisher(`example.com/${name}`));
  for (const publisher of publishers) await publisher.init();
  world.clock.advance(100 * day);
  const sweep = new Sweep(world.storage, world.clock.now, (gun) => world.app.collections.renew(gun));
  assert.equal(await sweep.once(), 3);
  assert.equal(await sweep.once(), 0);
  for (const publisher of publishers) await verifies(world, publisher);
  const feed = (await (await world.get("/v2/_trust/changefeed?records=0")).json()) as { count: number };
  assert.equal(feed.count, 6);
});

test("a collection that cannot be renewed does not hold up the others", async () => {
  await using world = await openTestApp();
  const broken = await world.publisher("example.com/broken");
  const fine = await world.publisher("example.com/fine");
  await broken.init();
  await fine.init();
  const keys = await world.storage.serverKeys(broken.gun, "timestamp");
  const [key] = keys;
  assert.ok(key);
  // A key that the master key does not open, newer than the good one: as after a wrong restore.
  await world.storage.addServerKey({ ...key, keyId: "damaged", sealed: Buffer.from(key.sealed).fill(7, 20) });
  // A new key makes the server read them all again.
  await broken.serverKey("timestamp", "POST");
  world.clock.advance(10 * day);
  const sweep = new Sweep(world.storage, world.clock.now, (gun) => world.app.collections.renew(gun));
  await sweep.once();
  assert.equal(await sweep.once(), 0);
  assert.equal(await timestampVersion(fine), 2);
  assert.equal(await timestampVersion(broken), 1);
  assert.ok(world.log.some(({ event, fields }) => event === "error" && fields.code === "key.passphrase_wrong"));
});

test("a name published again after its deletion goes on above the versions that readers saw", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  world.clock.advance(8 * day);
  assert.equal(await timestampVersion(publisher), 2);
  assert.equal((await publisher.send("DELETE", "tuf/")).status, 200);
  assert.equal((await publisher.get("tuf/timestamp.json")).status, 404);
  await publisher.init();
  assert.equal(await timestampVersion(publisher), 3);
  await verifies(world, publisher);
});

test("POST of a key gives the same pending key until a root names it, and rotation works", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  const first = await publisher.serverKey("timestamp");
  assert.equal((await publisher.serverKey("timestamp", "POST")).id, first.id);
  await publisher.init();
  const next = await publisher.serverKey("timestamp", "POST");
  assert.notEqual(next.id, first.id);
  assert.equal((await publisher.serverKey("timestamp", "POST")).id, next.id);
  assert.equal((await publisher.serverKey("timestamp")).id, first.id);
});
