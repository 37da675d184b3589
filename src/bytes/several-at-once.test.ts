// Nothing is begun after a failure, nothing is left running behind the caller's back, and never more at once than allowed.
import assert from "node:assert/strict";
import { it } from "node:test";
import { severalAtOnce } from "./several-at-once.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

it("every item once, never more at once than allowed", async () => {
  const seen: number[] = [];
  let running = 0;
  let most = 0;
  await severalAtOnce(Array(50).keys(), 4, async (item) => {
    most = Math.max(most, ++running);
    await turn();
    running--;
    seen.push(item);
  });
  assert.equal(most, 4);
  assert.deepEqual(
    seen.toSorted((a, b) => a - b),
    [...Array(50).keys()],
  );
});

it("after a failure nothing is begun, and what is under way has ended before the caller hears of it", async () => {
  const begun: number[] = [];
  let ended = 0;
  const work = async (item: number) => {
    begun.push(item);
    await turn();
    if (item === 1) throw new Error("one failed");
    await turn();
    ended++;
  };
  await assert.rejects(severalAtOnce(Array(50).keys(), 3, work), /one failed/);
  assert.deepEqual(begun, [0, 1, 2]);
  assert.equal(ended, 2);
});
