// Hashed bins through publish, levelling and preflight. Each test stands for files that somebody would lose, or readers who could not verify.
import assert from "node:assert/strict";
import { it } from "node:test";
import { type DialectName, searchTarget, type Target } from "../tuf/index.ts";
import { type BinLayout, binFor, binNames, layoutOf } from "./bins.ts";
import type { Change } from "./change.ts";
import type { CollectionState } from "./collection-state.ts";
import {
  add,
  coded,
  keys,
  newCollection,
  publish,
  replaceTargets,
  role,
  stateOf,
  targetsOf,
  versionsOf,
} from "./sample-collection.ts";

const { main, kit, targets, alice } = keys;
const signers = [main, kit, targets];
const succinct = (bitLength: number): BinLayout => ({ kind: "succinct", bitLength });
const byPrefix = (bitLength: number): BinLayout => ({ kind: "hash-prefixes", bitLength });
const flat: BinLayout = { kind: "flat" };
const names = Array.from({ length: 40 }, (_, index) => `dist/app-${index}.tar`);

function lookup(state: CollectionState, dialect: DialectName, name: string): Target | undefined {
  const search = searchTarget(dialect, name);
  let step = search.next();
  while (step.done !== true) step = search.next(stateOf(state, dialect).targets.get(step.value.role)?.signed);
  return step.value.kind === "found" ? step.value.target : undefined;
}

async function filesOnly(): Promise<CollectionState> {
  const { state } = await newCollection({ dialects: [(await import("../dialects/index.ts")).tuf1] });
  return (
    await publish(
      state,
      names.map((name) => add(name, name)),
      signers,
    )
  ).state;
}

function addToBin(state: CollectionState, name: string, content = name): Change {
  const bin = binFor(targetsOf(state, "tuf1").signed.delegations, name);
  assert.ok(bin !== undefined);
  return add(name, content, { role: bin });
}

it("no file is lost on the way through every layout and back", async () => {
  let state = await filesOnly();
  const layouts = [succinct(3), succinct(5), byPrefix(4), byPrefix(5), succinct(4), flat, byPrefix(1), flat];
  for (const layout of layouts) {
    state = (await publish(state, [{ kind: "bins", layout }], signers)).state;
    assert.deepEqual(layoutOf(targetsOf(state, "tuf1").signed.delegations), layout);
    for (const name of names)
      assert.equal(lookup(state, "tuf1", name)?.length, name.length, `${name} in ${layout.kind}`);
    const listed = [...stateOf(state, "tuf1").targets.values()].reduce(
      (sum, { signed }) => sum + signed.targets.size,
      0,
    );
    assert.equal(listed, names.length, "each stands in one role");
  }
});

it("adding one file to a big collection signs one bin, and nothing else is read or written", async () => {
  let state = await filesOnly();
  state = (await publish(state, [{ kind: "bins", layout: succinct(4) }], signers)).state;
  const change = addToBin(state, "new.tar");
  const bin = change.kind === "add" ? change.role : undefined;
  const tuf1 = stateOf(state, "tuf1");
  const read = new Map([...tuf1.targets].filter(([name]) => name === "targets" || name === bin));
  const partly: CollectionState = { ...state, dialects: new Map([["tuf1", { ...tuf1, targets: read }]]) };
  const { prepared } = await publish(partly, [change], [targets]);
  assert.deepEqual(versionsOf(prepared.publication), [`tuf1 ${bin} 2`]);
});

it("a bin that was not read is never signed as an empty one", async () => {
  let state = await filesOnly();
  state = (await publish(state, [{ kind: "bins", layout: succinct(2) }], signers)).state;
  const tuf1 = stateOf(state, "tuf1");
  const read = new Map([...tuf1.targets].filter(([name]) => name === "targets"));
  const partly: CollectionState = { ...state, dialects: new Map([["tuf1", { ...tuf1, targets: read }]]) };
  await assert.rejects(publish(partly, [addToBin(state, "new.tar")], [targets]), coded("bug.unexpected"));
  await assert.rejects(publish(partly, [{ kind: "bins", layout: flat }], [targets]), coded("bug.unexpected"));
});

it("tags stay in both dialects while files lie in bins of tuf1, and an old client's publish keeps the bins", async () => {
  const born = await newCollection();
  let { state } = await publish(born.state, [add("1.0", "manifest")], [targets]);
  const laid = await publish(state, [{ kind: "bins", layout: byPrefix(4) }], [targets]);
  state = laid.state;
  assert.equal(targetsOf(state, "notary1").signed.version, targetsOf(state, "tuf1").signed.version, "level");
  state = (await publish(state, [addToBin(state, "dist/app.tar")], [targets])).state;
  const change = (before: Parameters<Parameters<typeof replaceTargets>[3]>[0]) => ({
    ...before,
    targets: new Map([
      ...before.targets,
      ["2.0", { length: 1, hashes: new Map([["sha256", new Uint8Array(32)]]), custom: undefined }],
    ]),
  });
  state = await replaceTargets(state, "notary1", "targets", change, targets);
  const levelled = await publish(state, [], [targets]);
  state = levelled.state;
  assert.equal(levelled.prepared.levelled.length, 1);
  for (const dialect of ["notary1", "tuf1"] as const) {
    assert.ok(lookup(state, dialect, "1.0") !== undefined && lookup(state, dialect, "2.0") !== undefined, dialect);
  }
  assert.ok(lookup(state, "tuf1", "dist/app.tar") !== undefined, "the bins survived");
  assert.equal(lookup(state, "notary1", "dist/app.tar"), undefined);
  state = (await publish(state, [{ kind: "bins", layout: flat }], [targets])).state;
  for (const dialect of ["notary1", "tuf1"] as const)
    assert.ok(lookup(state, dialect, "dist/app.tar") !== undefined, dialect);
});

it("a delegation made later is not hidden behind terminating bins; beside succinct ones it is refused", async () => {
  const born = await newCollection();
  const delegate: Change = {
    kind: "delegate",
    role: role("targets/ci"),
    addKeys: [alice.publicKey],
    addPaths: ["ci-"],
  };
  let { state } = await publish(born.state, [{ kind: "bins", layout: byPrefix(2) }], [targets]);
  state = (await publish(state, [delegate], [targets])).state;
  state = (await publish(state, [add("ci-1", "built", { role: role("targets/ci") })], [alice])).state;
  assert.ok(lookup(state, "tuf1", "ci-1") !== undefined && lookup(state, "notary1", "ci-1") !== undefined);
  const wanted: Change = { kind: "bins", layout: succinct(2) };
  await assert.rejects(publish(state, [wanted], [targets]), coded("preflight.inexpressible"));
  const other = (await publish(born.state, [wanted], [targets])).state;
  await assert.rejects(publish(other, [delegate], [targets]), coded("preflight.would_lock_out"));
});

it("bins have a limit, cannot be removed one by one, and a key that signs them is not silently kept by a purge", async () => {
  const state = await filesOnly();
  for (const bitLength of [0, 12, 1.5]) {
    await assert.rejects(
      publish(state, [{ kind: "bins", layout: succinct(bitLength) }], signers),
      coded("usage.invalid"),
    );
  }
  const laid = (await publish(state, [{ kind: "bins", layout: byPrefix(1) }], signers)).state;
  const [bin] = binNames(targetsOf(laid, "tuf1").signed.delegations);
  assert.ok(bin !== undefined);
  await assert.rejects(publish(laid, [{ kind: "undelegate", role: bin }], signers), coded("role.invalid"));
  const compact = (await publish(state, [{ kind: "bins", layout: succinct(1) }], signers)).state;
  const purge: Change = { kind: "purge", keys: [targets.publicKey.id] };
  await assert.rejects(publish(compact, [purge], signers), coded("preflight.inexpressible"));
});

it("bins signed by a key of their own: the holder of that key alone can add files", async () => {
  let state = await filesOnly();
  const signersOfBins = { keys: [alice.publicKey], threshold: 1 };
  state = (await publish(state, [{ kind: "bins", layout: succinct(2), signers: signersOfBins }], [...signers, alice]))
    .state;
  state = (await publish(state, [addToBin(state, "new.tar")], [alice])).state;
  assert.ok(lookup(state, "tuf1", "new.tar") !== undefined);
  await assert.rejects(publish(state, [addToBin(state, "more.tar")], [targets]), coded("preflight.would_lock_out"));
});
