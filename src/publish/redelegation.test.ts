// Delegations taken away and made anew: readers remember the versions of the old one, and tuf1 snapshots go on listing its document.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { CollectionState } from "./collection-state.ts";
import type { Prepared } from "./prepare.ts";
import { add, coded, keys, newCollection, publish, role, stateOf, targetsOf, versionsOf } from "./sample-collection.ts";

const alices = role("targets/alice");

async function withAlice(): Promise<CollectionState> {
  const { state } = await newCollection();
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.alice.publicKey], addPaths: [""] } as const;
  const first = await publish(state, [delegate], [keys.targets]);
  return (await publish(first.state, [add("1.0", "one", { role: alices })], [keys.alice])).state;
}

test("removing a delegation as a whole is a change like any other", async () => {
  const state = await withAlice();
  const { state: next, prepared } = await publish(state, [{ kind: "undelegate", role: alices }], [keys.targets]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 3", "tuf1 targets 3"]);
  assert.equal(stateOf(next, "tuf1").targets.size, 1);
});

test("a delegation made anew goes on from its old versions: readers remember them", async () => {
  const state = await withAlice();
  const { state: without } = await publish(state, [{ kind: "undelegate", role: alices }], [keys.targets]);
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.bob.publicKey], addPaths: [""] } as const;
  const { prepared: begun, state: again } = await publish(without, [delegate], [keys.targets, keys.bob]);
  assert.deepEqual(versionsOf(begun.publication), [
    "notary1 targets 4",
    "notary1 targets/alice 2",
    "tuf1 targets 4",
    "tuf1 targets/alice 2",
  ]);
  const { prepared } = await publish(again, [add("2.0", "two", { role: alices })], [keys.bob]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets/alice 3", "tuf1 targets/alice 3"]);
});

test("a delegation made anew whose keys are elsewhere is told: what its old keys left ends every tuf1 search that comes to it", async () => {
  const state = await withAlice();
  const { state: without } = await publish(state, [{ kind: "undelegate", role: alices }], [keys.targets]);
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.bob.publicKey], addPaths: [""] } as const;
  const { prepared } = await publish(without, [delegate], [keys.targets]);
  assert.deepEqual(told(prepared), [["delegation.unsigned", alices]]);
  const { prepared: begun } = await publish(without, [delegate], [keys.targets, keys.bob]);
  const anew = { ...delegate, role: role("targets/anybody") };
  const { prepared: fresh } = await publish(without, [anew], [keys.targets]);
  assert.deepEqual([told(begun), told(fresh)], [[], []]);
});

test("in tuf1 alone nothing would tell the new holder's beginning from the old one's content: it begins in the same publish or not at all", async () => {
  const both = await withAlice();
  const state = { ...both, dialects: new Map([["tuf1", stateOf(both, "tuf1")]] as const) };
  const { state: without } = await publish(state, [{ kind: "undelegate", role: alices }], [keys.targets]);
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.bob.publicKey], addPaths: [""] } as const;
  await assert.rejects(publish(without, [delegate], [keys.targets]), coded("preflight.would_lock_out"));
  await publish(without, [delegate], [keys.targets, keys.bob]);
});

test("a new holder begins empty over what other keys left, and is told what is given up; nothing else is given up", async () => {
  const state = await withAlice();
  const { state: without } = await publish(state, [{ kind: "undelegate", role: alices }], [keys.targets]);
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.bob.publicKey], addPaths: [""] } as const;
  const { state: again } = await publish(without, [delegate], [keys.targets]);
  const left = (isSigned: boolean): CollectionState => ({
    ...again,
    dialects: new Map(
      [...again.dialects].map(([name, one]) => {
        const document = targetsOf(state, name, alices);
        return [name, { ...one, lapsed: new Map([[alices, { document, isSigned }]]) }] as const;
      }),
    ),
  });
  const change = [add("2.0", "two", { role: alices })];
  const { state: begun, prepared } = await publish(left(false), change, [keys.bob]);
  for (const dialect of ["notary1", "tuf1"] as const) {
    assert.deepEqual([...targetsOf(begun, dialect, alices).signed.targets.keys()], ["2.0"], dialect);
  }
  const codes = prepared.findings.filter(({ role: about }) => about === alices).map(({ code }) => code);
  assert.deepEqual(codes, ["delegation.begins_empty", "delegation.begins_empty"]);
  const { state: kept } = await publish(left(true), change, [keys.bob]);
  assert.deepEqual([...targetsOf(kept, "tuf1", alices).signed.targets.keys()], ["1.0", "2.0"], "expired, and its own");
  const tuf1Only = { ...again, dialects: new Map([["tuf1", stateOf(left(false), "tuf1")]] as const) };
  await assert.rejects(publish(tuf1Only, change, [keys.bob]), coded("preflight.would_lock_out"));
});

function told({ findings }: Prepared) {
  return findings.filter(({ code }) => code === "delegation.unsigned").map(({ code, role: about }) => [code, about]);
}
