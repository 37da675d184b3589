// Old clients write notary1 alone. The next publish brings tuf1 level from the verified notary1 state, says so, and never the other way
// round by accident; what it has no keys for stays behind with a warning and locks nobody out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../bytes/index.ts";
import { buildSelfSignedCertificate, type Signer } from "../keys/index.ts";
import { type Root, signDocument, type Target } from "../tuf/index.ts";
import type { CollectionState } from "./collection-state.ts";
import {
  add,
  day,
  gun,
  keys,
  newCollection,
  now,
  publish,
  replaceTargets,
  role,
  serve,
  stateOf,
  targetsOf,
  versionsOf,
} from "./sample-collection.ts";

const alices = role("targets/alice");
const target: Target = { length: 5, hashes: new Map([["sha256", sha256("hello")]]), custom: undefined };
const oldTag = new Map([["old", target]]);

test("a tag that an old client added comes into tuf1 at notary1's version, and notary1 is left alone", async () => {
  const { state } = await newCollection();
  const lagging = await replaceTargets(state, "notary1", "targets", (t) => ({ ...t, targets: oldTag }), keys.targets);
  const { prepared, state: next } = await publish(lagging, [], [keys.targets]);
  assert.deepEqual(versionsOf(prepared.publication), ["tuf1 targets 2"]);
  assert.deepEqual(prepared.levelled, [{ dialect: "tuf1", role: "targets", fromVersion: 1, toVersion: 2 }]);
  assert.equal(targetsOf(next, "tuf1").signed.targets.get("old")?.length, 5);
  assert.deepEqual((await publish(next, [], [keys.targets])).prepared.publication.documents, []);
});

test("a publish on top of an old client's keeps its tags in both dialects, at one version", async () => {
  const { state } = await newCollection();
  const lagging = await replaceTargets(state, "notary1", "targets", (t) => ({ ...t, targets: oldTag }), keys.targets);
  const { prepared, state: next } = await publish(lagging, [add("new", "x")], [keys.targets]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 3", "tuf1 targets 3"]);
  assert.equal(prepared.levelled.length, 1);
  for (const dialect of ["notary1", "tuf1"] as const) {
    assert.deepEqual([...targetsOf(next, dialect).signed.targets.keys()].sort(), ["new", "old"]);
  }
});

test("one version with different tags, one publish lost in each dialect, becomes level again at a new one", async () => {
  const { state } = await newCollection();
  const one = await replaceTargets(state, "notary1", "targets", (t) => ({ ...t, targets: oldTag }), keys.targets);
  const both = await replaceTargets(one, "tuf1", "targets", (t) => t, keys.targets);
  const { prepared, state: next } = await publish(both, [], [keys.targets]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 3", "tuf1 targets 3"]);
  assert.ok(targetsOf(next, "tuf1").signed.targets.has("old"));
});

async function withAlice(): Promise<CollectionState> {
  const { state } = await newCollection();
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.alice.publicKey], addPaths: ["v1."] } as const;
  const { state: delegated } = await publish(state, [delegate], [keys.targets]);
  return (await publish(delegated, [add("v1.0", "one", { role: alices })], [keys.alice])).state;
}

test("a delegation is said in both dialects: prefixes there, patterns here, the same key by identity", async () => {
  const state = await withAlice();
  const delegations = (["notary1", "tuf1"] as const).map((dialect) => targetsOf(state, dialect).signed.delegations);
  assert.deepEqual(
    delegations.map((one) => one?.roles[0]?.paths),
    [
      { kind: "prefixes", prefixes: ["v1."] },
      { kind: "patterns", patterns: ["v1.*", "v1.*/*", "v1.*/*/*", "v1.*/*/*/*"] },
    ],
  );
  const ids = delegations.map((one) => [...(one?.keys.values() ?? [])].map((key) => key.publicKey?.id));
  assert.deepEqual(ids, [[keys.alice.publicKey.id], [keys.alice.publicKey.id]]);
});

test("a collaborator's document that lags stays behind with a warning: her key is not here", async () => {
  const state = await withAlice();
  const lagging = await replaceTargets(state, "notary1", alices, (t) => ({ ...t, targets: oldTag }), keys.alice);
  const { prepared } = await publish(lagging, [add("2.0", "two")], [keys.targets]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 3", "tuf1 targets 3"]);
  assert.deepEqual(
    prepared.findings.map(({ severity, code, role: about }) => [severity, code, about]),
    [["warning", "dialect.behind", alices]],
  );
  const { prepared: hers } = await publish(lagging, [], [keys.alice]);
  assert.deepEqual(versionsOf(hers.publication), ["tuf1 targets/alice 2"]);
});

test("a delegation that an old client removed is not brought back by tuf1, which still has it", async () => {
  const state = await withAlice();
  const lagging = await replaceTargets(
    state,
    "notary1",
    "targets",
    (t) => ({ ...t, delegations: undefined }),
    keys.targets,
  );
  const { prepared, state: next } = await publish(lagging, [], [keys.targets, keys.alice]);
  assert.deepEqual(versionsOf(prepared.publication), ["tuf1 targets 3"]);
  assert.equal(targetsOf(next, "tuf1").signed.delegations?.roles.length ?? 0, 0);
});

/** What an old client's key rotation leaves: a newer root in notary1 alone, with `signer` as the only targets key. */
async function rotatedInNotary(state: CollectionState, signer: Signer, rounds: number): Promise<CollectionState> {
  let current = state;
  for (let round = 0; round < rounds; round++) {
    const { dialect, root } = stateOf(current, "notary1");
    const key = dialect.makeKey(signer.publicKey);
    const signed: Root = {
      ...root.signed,
      version: root.signed.version + 1,
      keys: new Map([...root.signed.keys, [key.id, key]]),
      roles: { ...root.signed.roles, targets: { keyIds: [key.id], threshold: 1 } },
    };
    const rootKey = root.signed.keys.get(root.signed.roles.root.keyIds[0] ?? assert.fail()) ?? assert.fail();
    const nextRoot = await signDocument(dialect, role("root"), signed, [{ signer: keys.main, key: rootKey }]);
    const before = targetsOf(current, "notary1").signed;
    const content = { ...before, version: before.version + 1, targets: oldTag };
    const targets = await signDocument(dialect, role("targets"), content, [{ signer, key }]);
    current = await serve(current, { gun, documents: [nextRoot, targets], blobs: new Map() });
  }
  return current;
}

test("keys rotated by an old client come into tuf1 as one root for each version it missed", async () => {
  const { state } = await newCollection();
  const lagging = await rotatedInNotary(state, keys.bob, 3);
  const { prepared, state: next } = await publish(lagging, [add("new", "x")], [keys.main, keys.kit, keys.bob]);
  assert.deepEqual(versionsOf(prepared.publication), [
    "notary1 targets 5",
    "tuf1 root 2",
    "tuf1 root 3",
    "tuf1 root 4",
    "tuf1 targets 5",
  ]);
  assert.deepEqual(prepared.levelled, [
    { dialect: "tuf1", role: "root", fromVersion: 1, toVersion: 4 },
    { dialect: "tuf1", role: "targets", fromVersion: 1, toVersion: 4 },
  ]);
  assert.equal(stateOf(next, "tuf1").root.signatures.length, 2, "signed by every root key at hand");
});

test("without the root keys tuf1 stays behind, notary1 goes on, and the warning says what to bring", async () => {
  const { state } = await newCollection();
  const lagging = await rotatedInNotary(state, keys.bob, 1);
  const { prepared } = await publish(lagging, [add("new", "x")], [keys.bob]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 3"]);
  const warnings = prepared.findings.map(({ severity, code, dialect }) => `${severity} ${code} ${dialect}`);
  assert.ok(warnings.every((one) => one === "warning dialect.behind tuf1") && warnings.length > 0, warnings.join());
});

test("a root key rotated away in notary1 is needed for tuf1 once more; without it tuf1 stays behind, notary1 goes on", async () => {
  const { state } = await newCollection({ rootSigners: [keys.main] });
  const { dialect, root } = stateOf(state, "notary1");
  const certificate = await buildSelfSignedCertificate({
    commonName: gun,
    notBefore: now - day,
    notAfter: now + 9999 * day,
    signer: keys.bob,
    usage: { kind: "root-of-trust" },
  });
  const bobs = dialect.makeKey(keys.bob.publicKey, certificate);
  const signed: Root = {
    ...root.signed,
    version: 2,
    keys: new Map([...root.signed.keys, [bobs.id, bobs]]),
    roles: { ...root.signed.roles, root: { keyIds: [bobs.id], threshold: 1 } },
  };
  const mains = root.signed.keys.get(root.signed.roles.root.keyIds[0] ?? assert.fail()) ?? assert.fail();
  const both = [
    { signer: keys.main, key: mains },
    { signer: keys.bob, key: bobs },
  ];
  const next = await signDocument(dialect, role("root"), signed, both);
  const lagging = await serve(state, { gun, documents: [next], blobs: new Map() });
  const { prepared } = await publish(lagging, [add("1.0", "x")], [keys.bob, keys.targets]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 2", "tuf1 targets 2"]);
  assert.deepEqual(
    prepared.findings.map(({ severity, code }) => `${severity} ${code}`),
    ["warning dialect.behind"],
  );
  const { prepared: healed } = await publish(lagging, [], [keys.main, keys.bob, keys.targets]);
  assert.deepEqual(versionsOf(healed.publication), ["tuf1 root 2"]);
});

test("two certificates of one root key are one key in tuf1, and a threshold over them cannot be said there", async () => {
  const { state } = await newCollection({ rootSigners: [keys.main] });
  const { dialect, root } = stateOf(state, "notary1");
  const certificate = await buildSelfSignedCertificate({
    commonName: gun,
    notBefore: now - day,
    notAfter: now + 9999 * day,
    signer: keys.main,
    usage: { kind: "root-of-trust" },
  });
  const renewed = dialect.makeKey(keys.main.publicKey, certificate);
  const listed = [...root.signed.keys.values()].filter((key) => key.publicKey?.id === keys.main.publicKey.id);
  const signed: Root = {
    ...root.signed,
    version: 2,
    keys: new Map([...root.signed.keys, [renewed.id, renewed]]),
    roles: { ...root.signed.roles, root: { keyIds: [renewed.id], threshold: 1 } },
  };
  const both = [...listed, renewed].map((key) => ({ signer: keys.main, key }));
  const next = await signDocument(dialect, role("root"), signed, both);
  const lagging = await serve(state, { gun, documents: [next], blobs: new Map() });
  const { prepared, state: level } = await publish(lagging, [], [keys.main, keys.targets]);
  assert.deepEqual(versionsOf(prepared.publication), ["tuf1 root 2"]);
  assert.equal(stateOf(level, "tuf1").root.signed.roles.root.keyIds.length, 1);
  const { prepared: later } = await publish(level, [{ kind: "renew", role: role("root") }], [keys.main, keys.targets]);
  assert.deepEqual(versionsOf(later.publication), ["notary1 root 3", "tuf1 root 3"]);
});
