// Who signs changes, and nobody is locked out: rotations, team roots, hand-over of the snapshot. Named after the rows of notary-v1,
// section 14, that each one answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTargetName, type TopRole } from "../bytes/index.ts";
import { notary1 } from "../dialects/index.ts";
import type { Signer } from "../keys/index.ts";
import type { RoleKeys } from "../tuf/index.ts";
import type { SetTopKeys, TopKey } from "./change.ts";
import type { CollectionState } from "./collection-state.ts";
import { rootCertificate } from "./initial.ts";
import {
  add,
  coded,
  day,
  gun,
  keys,
  newCollection,
  now,
  publish,
  role,
  stateOf,
  targetsOf,
  versionsOf,
} from "./sample-collection.ts";

async function rootKey(signer: Signer): Promise<TopKey> {
  return { publicKey: signer.publicKey, certificate: await rootCertificate({ gun, now }, signer) };
}

function rekey(
  name: TopRole,
  addKeys: readonly TopKey[],
  removeKeys: SetTopKeys["removeKeys"] = "others",
  threshold?: number,
): SetTopKeys {
  return { kind: "rekey", role: name, addKeys, removeKeys, ...(threshold === undefined ? {} : { threshold }) };
}

function signersOf(state: CollectionState, dialect: "notary1" | "tuf1", name: TopRole): readonly string[] {
  const root = stateOf(state, dialect).root.signed;
  const listed: RoleKeys = root.roles[name];
  return listed.keyIds.map((id) => root.keys.get(id)?.publicKey?.id ?? "?");
}

test("rotating targets: one root and targets signed again by the new key, level in both dialects", async () => {
  const { state } = await newCollection();
  const { state: tagged } = await publish(state, [add("1.0", "x")], [keys.targets]);
  const change = rekey("targets", [{ publicKey: keys.alice.publicKey }]);
  const { prepared, state: next } = await publish(tagged, [change], [keys.main, keys.kit, keys.targets, keys.alice]);
  assert.deepEqual(versionsOf(prepared.publication), [
    "notary1 root 2",
    "notary1 targets 3",
    "tuf1 root 2",
    "tuf1 targets 3",
  ]);
  for (const dialect of ["notary1", "tuf1"] as const) {
    assert.deepEqual(signersOf(next, dialect, "targets"), [keys.alice.publicKey.id]);
    assert.equal(targetsOf(next, dialect).signed.targets.size, 1);
    assert.equal(stateOf(next, dialect).root.signed.keys.size, 4, "the old key does not linger in the root");
  }
  await assert.rejects(publish(next, [add("2.0", "x")], [keys.targets]), coded("preflight.would_lock_out"));
});

test("14-F: the targets key is lost; the root key brings another one, and the tags are still there", async () => {
  const { state } = await newCollection();
  const { state: tagged } = await publish(state, [add("1.0", "x")], [keys.targets]);
  const change = rekey("targets", [{ publicKey: keys.alice.publicKey }]);
  const { state: next } = await publish(tagged, [change], [keys.kit, keys.alice]);
  assert.ok(targetsOf(next, "tuf1").signed.targets.has("1.0"));
});

test("14-M: a root that raises the targets threshold above the keys at hand is refused before a key is opened", async () => {
  const { state } = await newCollection();
  const ring = { ids: () => new Set([keys.main.publicKey.id]), open: () => assert.fail("a key was opened") };
  const unreachable = rekey("targets", [], [], 2);
  await assert.rejects(publish(state, [unreachable], [], { keys: ring }), coded("preflight.would_lock_out"));
  const shared = rekey("targets", [{ publicKey: keys.alice.publicKey }], [], 2);
  const tooFew = publish(state, [shared], [keys.main, keys.kit, keys.targets]);
  await assert.rejects(tooFew, coded("preflight.would_lock_out"), "targets must be signed by both in the same publish");
  const { state: next } = await publish(state, [shared], [keys.main, keys.kit, keys.targets, keys.alice]);
  assert.equal(stateOf(next, "notary1").targets.get(role("targets"))?.signatures.length, 2);
});

test("14-L: a new root key without the old one at hand is refused; with it, old and new sign", async () => {
  const { state } = await newCollection({ rootSigners: [keys.main] });
  const change = rekey("root", [await rootKey(keys.bob)]);
  await assert.rejects(publish(state, [change], [keys.bob]), coded("preflight.would_lock_out"));
  const { state: next, prepared } = await publish(state, [change], [keys.main, keys.bob]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 root 2", "tuf1 root 2"]);
  assert.equal(stateOf(next, "notary1").root.signatures.length, 2);
  assert.ok(prepared.findings.some(({ code }) => code === "key.single_root"));
});

test("a root key for notary1 without a certificate, or with one for another name, is refused", async () => {
  const { state } = await newCollection();
  const bare = rekey("root", [{ publicKey: keys.bob.publicKey }], []);
  await assert.rejects(publish(state, [bare], [keys.main, keys.bob]), coded("preflight.inexpressible"));
  const { parseGun } = await import("../bytes/index.ts");
  const foreign = await rootCertificate({ gun: parseGun("registry.example.com/other"), now }, keys.bob);
  const wrong = rekey("root", [{ publicKey: keys.bob.publicKey, certificate: foreign }], []);
  await assert.rejects(publish(state, [wrong], [keys.main, keys.bob]), coded("preflight.would_lock_out"));
});

test("recovery: the kit alone makes a root with a new main key, and the next root goes on with that (14.1)", async () => {
  const { state } = await newCollection();
  const replaceMain = rekey("root", [await rootKey(keys.bob)], [keys.main.publicKey.id]);
  const { state: next } = await publish(state, [replaceMain], [keys.kit, keys.bob]);
  assert.deepEqual(signersOf(next, "notary1", "root"), [keys.kit.publicKey.id, keys.bob.publicKey.id]);
  const newKit = rekey("root", [await rootKey(keys.alice)], [keys.kit.publicKey.id]);
  const { state: later } = await publish(next, [newKit], [keys.bob, keys.alice]);
  assert.deepEqual(signersOf(later, "tuf1", "root"), [keys.bob.publicKey.id, keys.alice.publicKey.id]);
});

test("14-T: a new certificate for the same root key is signed under both ids, and readers of the old root follow", async () => {
  const { state } = await newCollection();
  const later = now + 46 * 365 * day;
  const certificate = await rootCertificate({ gun, now: later }, keys.main);
  const change = rekey("root", [{ publicKey: keys.main.publicKey, certificate }], []);
  const before = stateOf(state, "notary1").root.signed.roles.root.keyIds;
  const { state: next } = await publish(state, [change], [keys.main, keys.kit, keys.targets], { now: later });
  const root = stateOf(next, "notary1").root;
  assert.equal(root.signatures.length, 3, "old id, new id and the kit");
  assert.ok(
    root.signatures.some(({ keyId }) => !root.signed.roles.root.keyIds.includes(keyId) && before.includes(keyId)),
  );
  assert.equal(stateOf(next, "tuf1").root.signed.roles.root.keyIds.length, 2);
});

test("team root: 2 of 3, then no root without two of them", async () => {
  const { state } = await newCollection();
  const team = rekey("root", [await rootKey(keys.bob)], [], 2);
  const { state: next } = await publish(state, [team], [keys.main, keys.kit, keys.bob]);
  assert.equal(stateOf(next, "notary1").root.signed.roles.root.threshold, 2);
  const renew = { kind: "renew", role: role("root") } as const;
  await assert.rejects(publish(next, [renew], [keys.bob]), coded("preflight.would_lock_out"));
  const { state: later } = await publish(next, [renew], [keys.bob, keys.kit]);
  assert.equal(stateOf(later, "tuf1").root.signed.version, 3);
  const four = rekey("root", [], [], 4);
  await assert.rejects(publish(later, [four], [keys.main, keys.kit, keys.bob]), coded("preflight.would_lock_out"));
});

test("14-H: one root re-keys snapshot and timestamp together, targets stay as they are", async () => {
  const { state } = await newCollection();
  const changes = [
    rekey("snapshot", [{ publicKey: keys.server.publicKey }]),
    rekey("timestamp", [{ publicKey: keys.server.publicKey }]),
  ];
  const { prepared } = await publish(state, changes, [keys.main, keys.kit]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 root 2", "tuf1 root 2"]);
});

test("the snapshot taken into the publisher's hands is signed and sent with every publish; given back it is not", async () => {
  const { state } = await newCollection();
  const mine = rekey("snapshot", [{ publicKey: keys.alice.publicKey }]);
  const { prepared, state: held } = await publish(state, [mine], [keys.main, keys.kit, keys.alice]);
  assert.deepEqual(versionsOf(prepared.publication), [
    "notary1 root 2",
    "tuf1 root 2",
    "notary1 snapshot 2",
    "tuf1 snapshot 2",
  ]);
  assert.ok(prepared.findings.some(({ code, severity }) => code === "snapshot.held_here" && severity === "warning"));
  const { prepared: tag, state: tagged } = await publish(held, [add("1", "x")], [keys.targets, keys.alice]);
  assert.deepEqual(versionsOf(tag.publication).slice(2), ["notary1 snapshot 3", "tuf1 snapshot 3"]);
  const renew = { kind: "renew", role: role("snapshot"), expiresAt: now + 30 * day } as const;
  const { prepared: renewed, state: again } = await publish(tagged, [renew], [keys.alice]);
  assert.deepEqual(versionsOf(renewed.publication), ["notary1 snapshot 4", "tuf1 snapshot 4"]);
  assert.equal(stateOf(again, "notary1").snapshot?.signed.expires.at, now + 30 * day);
  const back = rekey("snapshot", [{ publicKey: keys.server.publicKey }]);
  const { prepared: returned } = await publish(again, [back], [keys.main, keys.kit, keys.alice]);
  assert.deepEqual(versionsOf(returned.publication), ["notary1 root 3", "tuf1 root 3"]);
});

test("a snapshot that lists other bytes than those published is refused by preflight (the hash trap, 9.5)", async () => {
  const { state } = await newCollection();
  const mine = rekey("snapshot", [{ publicKey: keys.alice.publicKey }]);
  const { state: held } = await publish(state, [mine], [keys.main, keys.kit, keys.alice]);
  const { prepared } = await publish(held, [add("1", "x")], [keys.targets, keys.alice]);
  const { preflightPublication } = await import("./preflight-readers.ts");
  const { prepared: other } = await publish(held, [add("2", "y")], [keys.targets, keys.alice]);
  const documents = prepared.publication.documents.map((document) =>
    document.role === "targets"
      ? (other.publication.documents.find((one) => one.role === "targets" && one.dialect === document.dialect) ??
        assert.fail())
      : document,
  );
  const findings = await preflightPublication({ ...prepared.publication, documents }, held, now);
  assert.deepEqual(
    findings.map(({ severity, code, dialect }) => `${severity} ${code} ${dialect}`),
    ["bricking reader.refuses notary1"],
    "tuf1's snapshot lists versions, and those are the same",
  );
});

test("14-N: taking a signer out of a delegation re-signs it when another key is at hand, else says who has to", async () => {
  const { state } = await newCollection();
  const releases = role("targets/releases");
  const both = [keys.alice.publicKey, keys.bob.publicKey];
  const delegate = { kind: "delegate", role: releases, addKeys: both, addPaths: [""] } as const;
  const { state: open } = await publish(state, [delegate], [keys.targets]);
  const { state: signed } = await publish(open, [add("1", "x", { role: releases })], [keys.alice]);
  const purge = { kind: "purge", keys: [keys.alice.publicKey.id] } as const;
  await assert.rejects(publish(signed, [purge], [keys.targets]), coded("preflight.would_lock_out"));
  const { prepared, state: next } = await publish(signed, [purge], [keys.targets, keys.bob]);
  assert.deepEqual(versionsOf(prepared.publication), [
    "notary1 targets 3",
    "notary1 targets/releases 2",
    "tuf1 targets 3",
    "tuf1 targets/releases 2",
  ]);
  assert.ok(targetsOf(next, "tuf1", "targets/releases").signed.targets.has("1"));
  const last = { kind: "purge", keys: [keys.bob.publicKey.id] } as const;
  await assert.rejects(publish(next, [last], [keys.targets, keys.bob]), coded("preflight.would_lock_out"));
});

test("14-N, after the fact: a delegation nobody counted has signed is taken over only by who says so", async () => {
  const { state } = await newCollection({ dialects: [notary1] });
  const releases = role("targets/releases");
  const delegate = { kind: "delegate", role: releases, addKeys: [keys.alice.publicKey], addPaths: [""] } as const;
  const { state: open } = await publish(state, [delegate], [keys.targets]);
  const { state: signed } = await publish(open, [add("1", "x", { role: releases })], [keys.alice]);
  const one = stateOf(signed, "notary1");
  const document = targetsOf(signed, "notary1", "targets/releases");
  const swapped = await publish(
    {
      ...signed,
      dialects: new Map([["notary1", { ...one, targets: new Map([[role("targets"), targetsOf(signed, "notary1")]]) }]]),
    },
    [{ kind: "delegate", role: releases, addKeys: [keys.bob.publicKey], removeKeys: [keys.alice.publicKey.id] }],
    [keys.targets],
  );
  const after = stateOf(swapped.state, "notary1");
  const broken: CollectionState = {
    gun,
    dialects: new Map([["notary1", { ...after, lapsed: new Map([[releases, { document, isSigned: false }]]) }]]),
  };
  const witness = { kind: "renew", role: releases } as const;
  await assert.rejects(publish(broken, [witness], [keys.bob]), coded("preflight.would_lock_out"));
  const { prepared, state: healed } = await publish(broken, [{ ...witness, acceptsUnsigned: true }], [keys.bob]);
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets/releases 2"]);
  assert.ok(targetsOf(healed, "notary1", "targets/releases").signed.targets.has("1"));
});

test("a collection born in Notary gets its tuf1 side on demand: a root chain from version 1, level at the end", async () => {
  const { state } = await newCollection({ dialects: [notary1] });
  const { state: tagged } = await publish(state, [add("1.0", "x")], [keys.targets]);
  const { state: rotated } = await publish(tagged, [{ kind: "renew", role: role("root") }], [keys.main, keys.kit]);
  const all = [keys.main, keys.kit, keys.targets];
  const { prepared, state: both } = await publish(rotated, [], all, { startsTuf1: true });
  assert.deepEqual(versionsOf(prepared.publication), ["tuf1 root 1", "tuf1 root 2", "tuf1 targets 2"]);
  assert.ok(targetsOf(both, "tuf1").signed.targets.has("1.0"));
  const { prepared: next } = await publish(both, [add("2.0", "x")], [keys.targets], { startsTuf1: true });
  assert.deepEqual(versionsOf(next.publication), ["notary1 targets 3", "tuf1 targets 3"]);
});

test("tuf1 is not started where a signed delegation would be missing from it", async () => {
  const { state } = await newCollection({ dialects: [notary1] });
  const alices = role("targets/alice");
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.alice.publicKey], addPaths: [""] } as const;
  const { state: open } = await publish(state, [delegate], [keys.targets]);
  const { state: signed } = await publish(open, [add("1", "x", { role: alices })], [keys.alice]);
  const all = [keys.main, keys.kit, keys.targets];
  const { prepared } = await publish(signed, [add("2", "x")], all, { startsTuf1: true });
  assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 3"]);
  assert.ok(
    prepared.findings.some(({ code, message }) => code === "dialect.not_started" && /targets\/alice/.test(message)),
  );
});

test("overlapping nested delegations: a tag that the dialects would take from different roles is pointed out", async () => {
  const { state } = await newCollection();
  const [a, ab, c] = ["targets/a", "targets/a/b", "targets/c"].map(role) as [never, never, never];
  const delegate = (name: never, signer: Signer) =>
    ({ kind: "delegate", role: name, addKeys: [signer.publicKey], addPaths: [""] }) as const;
  const all = [keys.targets, keys.alice, keys.bob];
  const { state: one } = await publish(state, [delegate(a, keys.alice), delegate(c, keys.bob)], all);
  const { state: two } = await publish(one, [delegate(ab, keys.alice), add("1", "x", { role: c })], all);
  const { prepared } = await publish(two, [add("1", "y", { role: ab })], all);
  const found = prepared.findings.filter(({ code }) => code === "delegation.walk_differs");
  assert.equal(found.length, 1);
  assert.match(
    found[0]?.message ?? "",
    /decided by targets\/c for readers of notary1 and by targets\/a\/b for readers of tuf1/,
  );
});

test("what a staged change carries is kept to the letter; a list of paths can be emptied", async () => {
  const { state } = await newCollection();
  const verbatim = add("1", "x", { custom: ["as", "staged"], isVerbatim: true });
  const { state: next } = await publish(state, [verbatim], [keys.targets]);
  assert.deepEqual(targetsOf(next, "tuf1").signed.targets.get("1")?.custom, ["as", "staged"]);
  const { isVerbatim: _, ...decorated } = verbatim;
  await assert.rejects(publish(state, [decorated], [keys.targets]), coded("target.invalid"));
  const alices = role("targets/alice");
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.alice.publicKey], addPaths: ["v1", "v2"] } as const;
  const { state: open } = await publish(next, [delegate], [keys.targets]);
  const cleared = { kind: "delegate", role: alices, clearsPaths: true } as const;
  const { state: shut } = await publish(open, [cleared], [keys.targets]);
  const paths = targetsOf(shut, "notary1").signed.delegations?.roles[0]?.paths;
  assert.deepEqual(paths, { kind: "prefixes", prefixes: [] });
  assert.ok(parseTargetName("1"));
});

test("a signer who must go at once goes, where no tuf1 reader would be stopped by it; their tags vanish with a warning", async () => {
  const releases = role("targets/releases");
  const delegate = {
    kind: "delegate",
    role: releases,
    addKeys: [keys.alice.publicKey, keys.bob.publicKey],
    addPaths: [""],
  } as const;
  const purge = { kind: "purge", keys: [keys.alice.publicKey.id], mayVanish: true } as const;
  for (const dialects of [[notary1], undefined]) {
    const { state } = await newCollection(dialects === undefined ? {} : { dialects });
    const { state: open } = await publish(state, [delegate], [keys.targets]);
    const { state: signed } = await publish(open, [add("1", "x", { role: releases })], [keys.alice]);
    const going = publish(signed, [purge], [keys.targets]);
    if (dialects === undefined) {
      await assert.rejects(going, coded("preflight.would_lock_out"));
      continue;
    }
    const { prepared } = await going;
    assert.deepEqual(versionsOf(prepared.publication), ["notary1 targets 3"]);
    assert.ok(prepared.findings.some(({ code, severity }) => code === "delegation.vanishes" && severity === "warning"));
    const both = {
      kind: "delegate",
      role: releases,
      removeKeys: [keys.alice.publicKey.id, keys.bob.publicKey.id],
    } as const;
    await assert.rejects(publish(signed, [both], [keys.targets]), coded("preflight.would_lock_out"));
    const { prepared: emptied } = await publish(signed, [{ ...both, mayVanish: true }], [keys.targets]);
    assert.deepEqual(versionsOf(emptied.publication), ["notary1 targets 3"]);
  }
});
