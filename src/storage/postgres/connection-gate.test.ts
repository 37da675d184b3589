// A crowd in front of a database that refuses: few attempts, one reason for all, and everybody through once it is back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ConnectionGate } from "./connection-gate.ts";

interface Database {
  isUp: boolean;
  attempts: number;
}

function world(random = 1) {
  const database: Database = { isUp: false, attempts: 0 };
  const clock = { now: 0 };
  const gate = new ConnectionGate(
    () => clock.now,
    () => random,
  );
  const connect = async () => {
    database.attempts++;
    await Promise.resolve();
    if (!database.isUp) throw new Error("starting up");
    return "connected";
  };
  const crowd = (size = 50) => Promise.allSettled(Array.from({ length: size }, () => gate.pass(connect)));
  return { database, clock, crowd };
}

test("a crowd that never stops asking tries ever more seldom, at least once a second", async () => {
  const { database, clock, crowd } = world();
  await crowd(1);
  const tried: number[] = [];
  for (; clock.now < 5_000; clock.now += 5) {
    const before = database.attempts;
    for (const { status } of await crowd(3)) assert.equal(status, "rejected");
    if (database.attempts > before) tried.push(clock.now);
  }
  assert.deepEqual(tried, [20, 60, 140, 300, 620, 1_260, 2_260, 3_260, 4_260]);
  assert.equal(database.attempts, 1 + tried.length);
});

test("attempts that were under way together count as one failure", async () => {
  const { database, clock, crowd } = world();
  await crowd(10);
  assert.equal(database.attempts, 10);
  clock.now = 20;
  await crowd(10);
  assert.equal(database.attempts, 11);
});

test("who is held back is told what the last attempt met", async () => {
  const { crowd } = world();
  await crowd(1);
  for (const result of await crowd()) {
    assert.ok(result.status === "rejected" && result.reason instanceof Error);
    assert.equal(result.reason.message, "starting up");
  }
});

test("the first success lets everybody through, and the next outage begins with a short pause", async () => {
  const { database, clock, crowd } = world();
  for (; clock.now < 5_000; clock.now += 100) await crowd(1);
  database.isUp = true;
  clock.now += 1_000;
  await crowd(1);
  for (const { status } of await crowd()) assert.equal(status, "fulfilled");
  database.isUp = false;
  database.attempts = 0;
  await crowd(1);
  clock.now += 20;
  await crowd(1);
  assert.equal(database.attempts, 2);
});

test("servers that lost one database at one moment do not come back in step", async () => {
  const [early, late] = [world(0), world(1)];
  for (const { crowd, clock } of [early, late]) {
    await crowd(1);
    clock.now = 10;
    await crowd(1);
  }
  assert.deepEqual([early.database.attempts, late.database.attempts], [2, 1]);
});
