// Whatever is asked for, by whoever, in whatever order and however late: what preflight lets through is read by readers of both
// dialects, from the first root ever published, and by those who followed every step. Found counter-examples become named tests.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isCountersignError, parseTargetName, type RoleName } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import type { Signer } from "../keys/index.ts";
import { type DialectName, TrustedSet } from "../tuf/index.ts";
import type { Change } from "./change.ts";
import type { CollectionState } from "./collection-state.ts";
import {
  add,
  day,
  gun,
  isRoot,
  keys,
  newCollection,
  now,
  publish,
  replaceTargets,
  role,
  stateOf,
  targetsOf,
} from "./sample-collection.ts";

const roles = ["targets", "targets/alice", "targets/bob", "targets/alice/ci"].map(role);
const names = ["1.0", "2.0", "v1.1", "dir/file", "__proto__"];
const holders: readonly Signer[] = [keys.main, keys.kit, keys.targets, keys.alice, keys.bob];
const delegates: readonly Signer[] = [keys.alice, keys.bob];

const anyRole = fc.constantFrom(...roles, role("targets"), role("targets"), role("targets/alice"));
const delegatedRole = fc.constantFrom(...roles.slice(1));
const someKeys = fc.subarray([...delegates]).map((signers) => signers.map(({ publicKey }) => publicKey));
const somePaths = fc.subarray(["", "v1.", "dir/", "2"]);

const anyChange: fc.Arbitrary<Change> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ name: fc.constantFrom(...names), inRole: anyRole }).map(addTo) },
  fc.record({
    kind: fc.constant("remove" as const),
    name: fc.constantFrom(...names).map(parseTargetName),
    role: anyRole,
  }),
  fc.record({ kind: fc.constant("renew" as const), role: fc.constantFrom(role("root"), ...roles) }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("delegate" as const),
      role: delegatedRole,
      addKeys: someKeys,
      removeKeys: someKeys.map((list) => list.map(({ id }) => id)),
      addPaths: somePaths,
      removePaths: somePaths,
      threshold: fc.constantFrom(1, 1, 1, 2, 3),
    }),
  },
  fc.record({ kind: fc.constant("undelegate" as const), role: delegatedRole }),
);

function addTo(wanted: { readonly name: string; readonly inRole: RoleName }): Change {
  return add(wanted.name, wanted.name, { role: wanted.inRole });
}

const anyStep = fc.record({
  changes: fc.array(anyChange, { minLength: 1, maxLength: 2 }),
  signers: fc.oneof({ weight: 4, arbitrary: fc.constant(holders) }, fc.subarray([...holders], { minLength: 2 })),
  daysLater: fc.constantFrom(0, 0, 0, 30, 800, 2000),
  oldClient: fc.constantFrom(undefined, undefined, ...roles),
});

/** Everything a first-time reader needs, and one reader for each dialect who followed every step. */
interface World {
  state: CollectionState;
  readonly roots: Map<DialectName, Uint8Array[]>;
  readonly held: Map<DialectName, CollectionState>;
}

async function born(): Promise<World> {
  const { state: empty } = await newCollection();
  const delegation = {
    kind: "delegate",
    role: role("targets/alice"),
    addKeys: [keys.alice.publicKey],
    addPaths: [""],
  } as const;
  const { state } = await publish(empty, [delegation, add("1.0", "1.0", { role: delegation.role })], holders);
  const roots = new Map<DialectName, Uint8Array[]>();
  for (const [name, { root }] of state.dialects) roots.set(name, [root.bytes]);
  return { state, roots, held: new Map([...state.dialects.keys()].map((name) => [name, state])) };
}

function readEverything(world: World, name: DialectName, at: number): void {
  const dialect = dialectNamed(name);
  const { timestamp, snapshot, targets } = stateOf(world.state, name);
  const [first, ...rest] = world.roots.get(name) ?? [];
  const before = stateOf(world.held.get(name) ?? world.state, name);
  assert.ok(first && timestamp && snapshot && before.timestamp && before.snapshot);
  for (const isHolder of [false, true]) {
    const set = TrustedSet.fromRoot(first, { dialect, gun, now: at });
    for (const root of rest) set.updateRoot(root);
    set.finishRoots();
    if (isHolder) {
      set.loadCachedTimestamp(before.timestamp.bytes);
      set.loadCachedSnapshot(before.snapshot.bytes);
      for (const document of before.targets.values()) set.loadCachedTargets(document.role, document.bytes);
    }
    set.updateTimestamp(timestamp.bytes);
    set.updateSnapshot(snapshot.bytes);
    for (const document of [...targets.values()].sort((a, b) => a.role.length - b.role.length)) {
      const delegator = document.role.includes("/") ? document.role.slice(0, document.role.lastIndexOf("/")) : "root";
      set.updateTargets(document.role, document.bytes, role(delegator));
    }
  }
  world.held.set(name, world.state);
}

/** Refusals are fine; what they may not be is a crash or a code that says the fault is ours. */
const refusals = [
  "preflight.would_lock_out",
  "preflight.inexpressible",
  "target.missing",
  "role.invalid",
  "key.missing",
] as const;

test("what preflight lets through, readers of both dialects accept from the first root on", async () => {
  let published = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 6 }), async (steps) => {
      const world = await born();
      let at = now;
      for (const { changes, signers, daysLater, oldClient } of steps) {
        at += daysLater * day;
        world.state = await maybeOldClient(world.state, oldClient);
        try {
          const { state, prepared } = await publish(world.state, changes, signers, { now: at });
          world.state = state;
          for (const document of prepared.publication.documents.filter(isRoot)) {
            world.roots.get(document.dialect)?.push(document.bytes);
          }
          published++;
        } catch (error) {
          assert.ok(isCountersignError(error, ...refusals), String(error));
          refused++;
          continue;
        }
        for (const name of ["notary1", "tuf1"] as const) readEverything(world, name, at);
      }
    }),
    { numRuns: Number(process.env.PROPERTY_RUNS ?? 16), seed: Number(process.env.PROPERTY_SEED ?? 20261122) },
  );
  assert.ok(published > 5 && refused > 5, `${published} published, ${refused} refused: the property says too little`);
});

/** An old client adds a tag to one role in notary1, if that role is there. */
async function maybeOldClient(state: CollectionState, name: RoleName | undefined): Promise<CollectionState> {
  const current = name === undefined ? undefined : stateOf(state, "notary1").targets.get(name);
  if (name === undefined || current === undefined) return state;
  const signer = [keys.targets, keys.alice, keys.bob].find(({ publicKey }) => signs(state, name, publicKey.id));
  if (signer === undefined) return state;
  const target = add("old", "old");
  const tags = new Map([...current.signed.targets, ["old", { length: 3, hashes: target.hashes, custom: undefined }]]);
  return replaceTargets(state, "notary1", name, (before) => ({ ...before, targets: tags }), signer);
}

function signs(state: CollectionState, name: RoleName, id: string): boolean {
  const { root } = stateOf(state, "notary1");
  const delegator = name === "targets" ? undefined : targetsOf(state, "notary1", name.slice(0, name.lastIndexOf("/")));
  const delegations = delegator?.signed.delegations;
  const listed = delegations?.roles.find((one) => one.name === name) ?? root.signed.roles.targets;
  const known = delegations?.keys ?? root.signed.keys;
  return listed.threshold === 1 && listed.keyIds.some((keyId) => known.get(keyId)?.publicKey?.id === id);
}
