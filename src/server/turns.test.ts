// Losers of a race go on one by one, and nobody waits for one who went away.
import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Turns } from "./turns.ts";

beforeEach((context) => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  if ("after" in context) context.after(() => mock.timers.reset());
});

/** Enters the line `count` times; gives who has been let go so far, in order. */
function enter(turns: Turns, count: number, key = "a"): readonly number[] {
  const released: number[] = [];
  for (let index = 0; index < count; index++) void turns.wait(key).then(() => released.push(index));
  return released;
}

const settle = () => Promise.resolve();

test("a lone loser is told at once, the others one for each publish", async () => {
  const turns = new Turns();
  const released = enter(turns, 3);
  await settle();
  assert.deepEqual(released, [0]);
  turns.advance("a");
  await settle();
  assert.deepEqual(released, [0, 1]);
  turns.advance("a");
  await settle();
  assert.deepEqual(released, [0, 1, 2]);
});

test("a publisher who never comes back holds nobody up for longer than its turn", async () => {
  const turns = new Turns();
  const released = enter(turns, 3);
  await settle();
  mock.timers.tick(150);
  await settle();
  assert.deepEqual(released, [0, 1]);
  mock.timers.tick(300);
  await settle();
  assert.deepEqual(released, [0, 1, 2]);
});

test("publishers who need longer than a turn get longer ones, so that they do not race each other for ever", async () => {
  const turns = new Turns();
  const released = enter(turns, 6);
  for (const [index, turnMs] of [150, 300, 600, 1_200].entries()) {
    mock.timers.tick(turnMs - 1);
    await settle();
    assert.equal(released.length, index + 1);
    mock.timers.tick(1);
    await settle();
    assert.equal(released.length, index + 2);
  }
  turns.advance("a");
  await settle();
  assert.equal(released.length, 6, "a publish ends even a long turn at once");
});

test("nobody waits for more than three seconds, however long the line is", async () => {
  const turns = new Turns();
  const released = enter(turns, 100);
  mock.timers.tick(3_000);
  await settle();
  assert.equal(released.length, 100);
});

test("beyond 256 waiting publishers of a collection the line grows no longer", async () => {
  const turns = new Turns();
  const released = enter(turns, 300);
  await settle();
  assert.equal(released.length, 1 + (299 - 256));
});

test("collections do not wait for each other, and a line that is done leaves nothing behind", async () => {
  const turns = new Turns();
  const first = enter(turns, 1, "a");
  const second = enter(turns, 1, "b");
  await settle();
  assert.deepEqual([first.length, second.length], [1, 1]);
  mock.timers.tick(150);
  const again = enter(turns, 1, "a");
  await settle();
  assert.equal(again.length, 1);
});
