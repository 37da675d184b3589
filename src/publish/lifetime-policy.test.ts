// How long a collection says that what is signed for it is good: through publish, renewal, levelling and preflight.
import assert from "node:assert/strict";
import { it } from "node:test";
import { notary1 } from "../dialects/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { Change } from "./change.ts";
import type { CollectionState } from "./collection-state.ts";
import { lifetimeDays } from "./lifetimes.ts";
import {
  add,
  coded,
  day,
  keys,
  newCollection,
  now,
  publish,
  replaceTargets,
  role,
  targetsOf,
  versionsOf,
} from "./sample-collection.ts";

const alices = role("targets/alice");
const lives = (days: number | undefined): Change => ({ kind: "lifetime", days });
const both: readonly DialectName[] = ["notary1", "tuf1"];

/** In whole days from now. */
const lifeOf = (state: CollectionState, name = "targets") =>
  both.map((dialect) => Math.round((targetsOf(state, dialect, name).signed.expires.at - now) / day));

async function shortLived(days: number): Promise<CollectionState> {
  const { state } = await newCollection();
  return (await publish(state, [lives(days)], [keys.targets])).state;
}

it("targets and delegations are good for as long as the collection says, in both dialects, whoever signs", async () => {
  const state = await shortLived(30);
  assert.deepEqual(lifeOf(state), [30, 30]);
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.alice.publicKey], addPaths: [""] } as const;
  const delegated = (await publish(state, [delegate], [keys.targets])).state;
  const signed = (await publish(delegated, [add("1.0", "one", { role: alices })], [keys.alice])).state;
  assert.deepEqual(lifeOf(signed, alices), [30, 30], "by somebody who was told nothing but what is signed");
  const usual = (await publish(signed, [lives(undefined)], [keys.targets])).state;
  assert.deepEqual([lifeOf(usual), targetsOf(usual, "tuf1").signed.extra], [[1095, 1095], {}]);
});

it("a short life is renewed along the way when a third of it is left, and warned of where the key is elsewhere", async () => {
  const state = await shortLived(30);
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.alice.publicKey], addPaths: [""] } as const;
  const delegated = (await publish(state, [delegate], [keys.targets])).state;
  const signed = (await publish(delegated, [add("1.0", "one", { role: alices })], [keys.alice])).state;
  const other = [add("2.0", "two")];
  const at = (days: number, signers: Parameters<typeof publish>[2]) =>
    publish(signed, other, signers, { now: now + days * day });
  const early = (await at(19, [keys.targets, keys.alice])).prepared;
  assert.ok(!versionsOf(early.publication).includes("tuf1 targets/alice 2"));
  const due = (await at(21, [keys.targets, keys.alice])).prepared;
  for (const dialect of both) assert.ok(versionsOf(due.publication).includes(`${dialect} targets/alice 2`), dialect);
  const codes = async (days: number) =>
    (await at(days, [keys.targets])).prepared.findings
      .filter(({ role: about }) => about === alices)
      .map(({ code }) => code);
  assert.deepEqual([await codes(19), await codes(21)], [[], ["document.near_expiry", "document.near_expiry"]]);
});

it("an old client's publish, which has no word for it, does not take it back", async () => {
  const state = await shortLived(30);
  assert.deepEqual(targetsOf(state, "notary1").signed.extra, {});
  const behind = await replaceTargets(state, "notary1", "targets", (before) => before, keys.targets);
  const level = (await publish(behind, [add("1.0", "content")], [keys.targets])).state;
  assert.deepEqual([lifetimeDays(targetsOf(level, "tuf1").signed), lifeOf(level)], [30, [30, 30]]);
});

it("a life that nobody could keep up with, or that never ends, is refused, and nonsense that was signed counts for nothing", async () => {
  const { state } = await newCollection();
  for (const days of [0, -1, 0.5, 3651, Number.NaN, Number.POSITIVE_INFINITY]) {
    await assert.rejects(publish(state, [lives(days)], [keys.targets]), coded("usage.invalid"), `${days}`);
  }
  for (const said of [0, "30", null, 1e6, [30]]) {
    assert.equal(lifetimeDays({ extra: { "x-countersign-lifetime-days": said } }), undefined);
  }
});

it("a collection of notary1 alone has no place for it", async () => {
  const { state } = await newCollection({ dialects: [notary1] });
  await assert.rejects(publish(state, [lives(30)], [keys.targets]), coded("preflight.inexpressible"));
});
