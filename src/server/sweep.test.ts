// The sweep when nothing, or not everything, can be stored: it comes to an end, and to everything that can be renewed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CountersignError, type Gun, parseGun } from "../bytes/index.ts";
import { day } from "../testing/index.ts";
import type { RenewalOutcome } from "./collections.ts";
import { Sweep } from "./sweep.ts";
import { openTestApp } from "./test-app.test.ts";

/** Collections that are due until they are renewed, most urgent first. */
async function sweeping(count: number, renew: (gun: Gun, index: number) => RenewalOutcome) {
  await using world = await openTestApp();
  const due = Array.from({ length: count }, (_, index) => parseGun(`example.com/c${index}`));
  const tried = new Map<Gun, number>();
  const storage = { ...world.storage, dueForRenewal: async (_: number, limit: number) => due.slice(0, limit) };
  const sweep = new Sweep(storage, world.clock.now, async (gun) => {
    tried.set(gun, (tried.get(gun) ?? 0) + 1);
    assert.ok((tried.get(gun) ?? 0) < 3, `${gun} is tried for ever`);
    const outcome = renew(gun, Number(gun.slice("example.com/c".length)));
    if (outcome !== "failed") due.splice(due.indexOf(gun), 1);
    return outcome;
  });
  const seen = await sweep.once();
  return { seen, tried, left: due.length };
}

test("a disk that is full ends the round: nothing is tried twice, and not everything is tried", async () => {
  const { seen, tried, left } = await sweeping(1_000, () => "failed");
  assert.equal(seen, 256);
  assert.equal(left, 1_000);
  assert.deepEqual(new Set(tried.values()), new Set([1]));
});

test("a hundred damaged collections at the head of the queue do not keep those behind them waiting", async () => {
  const { seen, tried, left } = await sweeping(300, (_, index) => (index < 100 ? "failed" : "renewed"));
  assert.equal(seen, 300);
  assert.equal(left, 100);
  assert.equal(tried.size, 300);
});

test("a collection whose renewal cannot be stored is told as failed, once in each round", async () => {
  await using world = await openTestApp();
  const publisher = await world.publisher();
  await publisher.init();
  world.clock.advance(10 * day);
  const { storage } = world;
  const commit = storage.commit.bind(storage);
  storage.commit = async () => {
    throw new CountersignError("disk.full", "no space");
  };
  assert.equal(await world.app.collections.renew(publisher.gun), "failed");
  storage.commit = commit;
  assert.equal(await world.app.collections.renew(publisher.gun), "renewed");
  assert.equal(await world.app.collections.renew(publisher.gun), "nothing");
  assert.ok(world.log.some(({ event, fields }) => event === "error" && fields.code === "disk.full"));
});
