// Every lock-out of Notary's history that a publisher could cause (notary-v1, section 14), tried: preflight stops it, names the role, and
// does so before a key is opened where the plan alone shows it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CountersignError, encodeUtf8 } from "../bytes/index.ts";
import { notary1, tuf1 } from "../dialects/index.ts";
import { buildSelfSignedCertificate, type Signer } from "../keys/index.ts";
import { type Document, type Root, signDocument } from "../tuf/index.ts";
import type { Change } from "./change.ts";
import type { CollectionState } from "./collection-state.ts";
import { type FindingCode, isBricking, refuseLockOut } from "./findings.ts";
import { type KeyRing, keyRingOf } from "./key-ring.ts";
import { assertPublishable, preflightPublication } from "./preflight-readers.ts";
import { rootModelFindings } from "./preflight-root.ts";
import { checkChange } from "./prepare.ts";
import {
  add,
  coded,
  day,
  gun,
  isRoot,
  keys,
  newCollection,
  now,
  publish,
  role,
  stateOf,
  targetsOf,
} from "./sample-collection.ts";

const alices = role("targets/alice");

async function withAlice(): Promise<CollectionState> {
  const { state } = await newCollection();
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.alice.publicKey], addPaths: [""] } as const;
  const first = await publish(state, [delegate], [keys.targets]);
  return (await publish(first.state, [add("1.0", "one", { role: alices })], [keys.alice])).state;
}

/** The plan alone is refused with this bricking finding, and no key is opened on the way. */
async function refused(
  state: CollectionState,
  changes: readonly Change[],
  signers: readonly Signer[],
  code: FindingCode,
): Promise<void> {
  const ids = new Set(signers.map(({ publicKey }) => publicKey.id));
  const closed: KeyRing = { ids: () => ids, open: () => assert.fail("a key was opened") };
  const { findings } = checkChange(state, changes, { now, keys: closed });
  const bricking = new Set(findings.filter(isBricking).map((found) => found.code));
  assert.deepEqual([...bricking], [code]);
  await assert.rejects(publish(state, changes, [], { keys: closed }), coded("preflight.would_lock_out"));
}

/** A root that follows the present one, changed by `change`, signed by both root keys in one dialect. */
async function nextRoot(state: CollectionState, name: "notary1" | "tuf1", change: (root: Root) => Root) {
  const { dialect, root } = stateOf(state, name);
  const next = change({ ...root.signed, version: root.signed.version + 1 });
  const signing = [keys.main, keys.kit].flatMap((signer) =>
    [...root.signed.keys.values()]
      .filter((key) => key.publicKey?.id === signer.publicKey.id)
      .map((key) => ({ signer, key })),
  );
  return signDocument(dialect, role("root"), next, signing);
}

const publicationOf = (...documents: Document[]) => ({ gun, documents, blobs: new Map<string, Uint8Array>() });

test("M: a root that raises the targets threshold above its signatures stops in both dialects", async () => {
  const { state } = await newCollection();
  for (const name of ["notary1", "tuf1"] as const) {
    const dialect = stateOf(state, name).dialect;
    const bobs = dialect.makeKey(keys.bob.publicKey);
    const root = await nextRoot(state, name, (before) => ({
      ...before,
      keys: new Map([...before.keys, [bobs.id, bobs]]),
      roles: {
        ...before.roles,
        targets: { keyIds: [...before.roles.targets.keyIds, bobs.id], threshold: 2 },
      },
    }));
    const findings = await preflightPublication(publicationOf(root), state, now);
    assert.deepEqual(
      findings.map(({ severity, code, role: about }) => [severity, code, about]),
      [["bricking", "reader.refuses", "targets"]],
    );
  }
});

test("M: a root that swaps the targets key goes out only together with targets signed by the new key", async () => {
  const { state } = await newCollection();
  const { dialect } = stateOf(state, "notary1");
  const bobs = dialect.makeKey(keys.bob.publicKey);
  const root = await nextRoot(state, "notary1", (before) => ({
    ...before,
    keys: new Map([...before.keys, [bobs.id, bobs]]),
    roles: { ...before.roles, targets: { keyIds: [bobs.id], threshold: 1 } },
  }));
  await assert.rejects(assertPublishable(publicationOf(root), state, now), coded("preflight.would_lock_out"));
  const before = targetsOf(state, "notary1").signed;
  const signing = [{ signer: keys.bob, key: bobs }];
  const targets = await signDocument(dialect, role("targets"), { ...before, version: 2 }, signing);
  assert.deepEqual(await assertPublishable(publicationOf(root, targets), state, now), []);
});

test("L: a root not signed by the keys readers hold is refused, and so is one that skips a version", async () => {
  const { state } = await newCollection();
  for (const name of ["notary1", "tuf1"] as const) {
    const { dialect, root } = stateOf(state, name);
    const stranger = dialect.makeKey(
      keys.bob.publicKey,
      name === "tuf1"
        ? undefined
        : await buildSelfSignedCertificate({
            commonName: gun,
            notBefore: now - day,
            notAfter: now + 999 * day,
            signer: keys.bob,
            usage: { kind: "root-of-trust" },
          }),
    );
    const signed: Root = {
      ...root.signed,
      version: 2,
      keys: new Map([...root.signed.keys, [stranger.id, stranger]]),
      roles: { ...root.signed.roles, root: { keyIds: [stranger.id], threshold: 1 } },
    };
    const theirs = await signDocument(dialect, role("root"), signed, [{ signer: keys.bob, key: stranger }]);
    await assert.rejects(assertPublishable(publicationOf(theirs), state, now), coded("preflight.would_lock_out"));
    const skipping = await nextRoot(state, name, (before) => ({ ...before, version: 3 }));
    await assert.rejects(assertPublishable(publicationOf(skipping), state, now), coded("preflight.would_lock_out"));
  }
});

test("N: removing the last key of a delegation is refused: its tags would vanish", async () => {
  const state = await withAlice();
  const removal = { kind: "delegate", role: alices, removeKeys: [keys.alice.publicKey.id] } as const;
  await refused(state, [removal], [keys.targets], "delegation.last_key");
});

test("a clock far ahead of its lifetimes does not publish what is expired already", async () => {
  const { state } = await newCollection();
  const lifetimes = { root: day, targets: 1000, certificate: day };
  const options = { now, keys: keyRingOf([keys.targets]), lifetimes };
  const { findings } = checkChange(state, [add("1.0", "x")], options);
  assert.deepEqual([...new Set(findings.filter(isBricking).map(({ code }) => code))], ["document.expired"]);
});

test("N: a key is removed from both dialects, whatever id each lists it under", async () => {
  const state = await withAlice();
  const bob = { kind: "delegate", role: alices, addKeys: [keys.bob.publicKey] } as const;
  const { state: both } = await publish(state, [bob], [keys.targets]);
  const removal = { kind: "delegate", role: alices, removeKeys: [keys.alice.publicKey.id] } as const;
  const renew = { kind: "renew", role: alices } as const;
  const { state: next } = await publish(both, [removal, renew], [keys.targets, keys.bob]);
  for (const dialect of ["notary1", "tuf1"] as const) {
    const listed = targetsOf(next, dialect).signed.delegations?.keys.values() ?? [];
    assert.deepEqual(
      [...listed].map((key) => key.publicKey?.id),
      [keys.bob.publicKey.id],
    );
  }
});

test("N: replacing the key that signed a delegation needs its new holder in the same publish", async () => {
  const state = await withAlice();
  const swap = {
    kind: "delegate",
    role: alices,
    removeKeys: [keys.alice.publicKey.id],
    addKeys: [keys.bob.publicKey],
  } as const;
  await refused(state, [swap], [keys.targets], "reader.refuses");
  const renew = { kind: "renew", role: alices } as const;
  const { prepared, state: next } = await publish(state, [swap, renew], [keys.targets, keys.bob]);
  assert.equal(prepared.publication.documents.length, 4);
  assert.equal(targetsOf(next, "tuf1", alices).signed.targets.size, 1);
});

test("a delegation's threshold above its keys, or above the signatures it has, is refused", async () => {
  const state = await withAlice();
  const raise = { kind: "delegate", role: alices, threshold: 2 } as const;
  await refused(state, [raise], [keys.targets], "threshold.unreachable");
  const withBob = { ...raise, addKeys: [keys.bob.publicKey] };
  await refused(state, [withBob], [keys.targets], "reader.refuses");
  const renew = { kind: "renew", role: alices } as const;
  await publish(state, [withBob, renew], [keys.targets, keys.alice, keys.bob]);
});

test("Q: a target outside its role's paths, or those above it, is refused instead of signed and never found", async () => {
  const { state } = await newCollection();
  const delegate = { kind: "delegate", role: alices, addKeys: [keys.alice.publicKey], addPaths: ["v1."] } as const;
  const { state: first } = await publish(state, [delegate], [keys.targets]);
  await refused(first, [add("v2.0", "x", { role: alices })], [keys.alice], "delegation.unreachable_target");
  const { state: second } = await publish(first, [add("v1.5", "x", { role: alices })], [keys.alice]);
  const nested = role("targets/alice/ci");
  const deeper = { kind: "delegate", role: nested, addKeys: [keys.bob.publicKey], addPaths: [""] } as const;
  const { state: third } = await publish(second, [deeper], [keys.alice]);
  await refused(third, [add("v2.0", "x", { role: nested })], [keys.bob], "delegation.unreachable_target");
});

test("Q: a delegation without a path is pointed out once, when it is made or loses its last one", async () => {
  const { state } = await newCollection();
  const told = async (from: CollectionState, ...changes: readonly Change[]) => {
    const { prepared, state: next } = await publish(from, changes, [keys.targets]);
    return { next, codes: prepared.findings.map(({ severity, code, dialect }) => [severity, code, dialect].join(" ")) };
  };
  const both = ["warning delegation.no_paths notary1", "warning delegation.no_paths tuf1"];
  const bare = { kind: "delegate", role: alices, addKeys: [keys.alice.publicKey] } as const;
  const made = await told(state, bare);
  assert.deepEqual(made.codes, both);
  assert.deepEqual((await told(made.next, add("1.0", "one"))).codes, []);
  assert.deepEqual((await told(made.next, { ...bare, addKeys: [keys.bob.publicKey] })).codes, both);
  const given = await told(made.next, { kind: "delegate", role: alices, addPaths: ["v1."] });
  assert.deepEqual(given.codes, []);
  assert.deepEqual((await told(given.next, { kind: "delegate", role: alices, clearsPaths: true })).codes, both);
  // Two steps of one publish, as Notary's users take them.
  assert.deepEqual((await told(state, bare, { kind: "delegate", role: alices, addPaths: [""] })).codes, []);
});

test("Q: a name or custom data that a dialect cannot write is refused while the other keeps working", async () => {
  const { state } = await newCollection();
  const both = [{ text: "tab\there" }, { half: "\ud800" }];
  for (const custom of both) {
    await refused(state, [add("1.0", "x", { custom })], [keys.targets], "dialect.inexpressible");
  }
  for (const custom of [{ fraction: 1.5 }, { huge: 2 ** 60 }]) {
    await refused(state, [add("1.0", "x", { custom })], [keys.targets], "dialect.inexpressible");
  }
});

test("Q: custom data that Notary's client cannot sign again is pointed out, not refused", async () => {
  const { state } = await newCollection();
  const custom = { url: "https://ci.example.com/?a=1&b=2" };
  const { prepared } = await publish(state, [add("1.0", "x", { custom })], [keys.targets]);
  assert.deepEqual(
    prepared.findings.map(({ severity, code, dialect }) => [severity, code, dialect]),
    [["warning", "custom.breaks_old_writers", "notary1"]],
  );
});

test("X, F: without a key of the role nothing is signed, and the keys that would do are named", async () => {
  const { state } = await newCollection();
  await refused(state, [add("1.0", "x")], [keys.main], "key.not_at_hand");
  await assert.rejects(publish(state, [add("1.0", "x")], [keys.main]), (error: Error) =>
    error.message.includes(keys.targets.publicKey.id),
  );
});

test("T: a root key whose certificate names another collection, or has ended, does not enter a root", async () => {
  const { state } = await newCollection();
  const { root } = stateOf(state, "notary1");
  for (const [commonName, notAfter] of [
    ["registry.example.com/other", now + 999 * day],
    [gun, now - 1],
  ] as const) {
    const certificate = await buildSelfSignedCertificate({
      commonName,
      notBefore: now - 99 * day,
      notAfter,
      signer: keys.bob,
      usage: { kind: "root-of-trust" },
    });
    const key = notary1.makeKey(keys.bob.publicKey, certificate);
    const next: Root = {
      ...root.signed,
      keys: new Map([...root.signed.keys, [key.id, key]]),
      roles: { ...root.signed.roles, root: { keyIds: [...root.signed.roles.root.keyIds, key.id], threshold: 1 } },
    };
    const about = { gun, now, before: root.signed, isNew: true };
    const codes = rootModelFindings(notary1, next, about).map(({ severity, code }) => [severity, code]);
    assert.deepEqual(codes, [["bricking", "certificate.unacceptable"]]);
    const asItIs = rootModelFindings(notary1, next, { ...about, isNew: false });
    assert.deepEqual(
      asItIs.map(({ severity }) => severity),
      ["warning"],
    );
  }
});

test("T: a bare key as root key of notary1 is refused: real servers take it and readers never do", async () => {
  const { state } = await newCollection();
  const { root } = stateOf(state, "notary1");
  const key = notary1.makeKey(keys.bob.publicKey);
  const next: Root = {
    ...root.signed,
    keys: new Map([...root.signed.keys, [key.id, key]]),
    roles: { ...root.signed.roles, root: { keyIds: [...root.signed.roles.root.keyIds, key.id], threshold: 1 } },
  };
  const about = { gun, now, before: root.signed, isNew: true };
  assert.deepEqual(
    rootModelFindings(notary1, next, about).map(({ code }) => code),
    ["certificate.unacceptable"],
  );
});

test("T: a root certificate within five years of its end is pointed out while it can be renewed", async () => {
  const lifetimes = { root: 365 * day, targets: 365 * day, certificate: 4 * 365 * day };
  const { prepared } = await newCollection({ lifetimes });
  const codes = prepared.findings.map(({ code, severity }) => `${severity} ${code}`);
  assert.deepEqual(codes, ["warning certificate.near_expiry", "warning certificate.near_expiry"]);
});

test("a document altered after signing never leaves: one byte is enough", async () => {
  const { state } = await newCollection();
  const { prepared } = await publish(state, [add("1.0", "one")], [keys.targets]);
  const [document] = prepared.publication.documents;
  assert.ok(document);
  const text = new TextDecoder().decode(document.bytes);
  const altered = { ...document, bytes: encodeUtf8(text.replace('"length":3', '"length":4')) };
  await assert.rejects(assertPublishable(publicationOf(altered), state, now), coded("preflight.would_lock_out"));
});

test("an older targets document than readers hold is refused", async () => {
  const { state } = await newCollection();
  const { state: second, prepared } = await publish(state, [add("1.0", "one")], [keys.targets]);
  const { state: third } = await publish(second, [add("1.1", "two")], [keys.targets]);
  for (const document of prepared.publication.documents) {
    const old = publicationOf(document);
    await assert.rejects(assertPublishable(old, third, now), coded("preflight.would_lock_out"), document.dialect);
  }
});

test("a first publish without a root, or without targets, is refused", async () => {
  const { prepared } = await newCollection();
  for (const missing of ["root", "targets"]) {
    const documents = prepared.publication.documents.filter((document) => document.role !== missing);
    await assert.rejects(
      assertPublishable(publicationOf(...documents), undefined, now),
      coded("preflight.would_lock_out"),
    );
  }
});

test("a role that nothing delegates to is refused", async () => {
  const { state } = await newCollection();
  const key = tuf1.makeKey(keys.alice.publicKey);
  const content = { ...targetsOf(state, "tuf1").signed, version: 1 };
  const stray = await signDocument(tuf1, alices, content, [{ signer: keys.alice, key }]);
  await assert.rejects(assertPublishable(publicationOf(stray), state, now), coded("preflight.would_lock_out"));
  await assert.rejects(publish(state, [add("1", "x", { role: alices })], [keys.alice]), coded("role.invalid"));
});

test("a blob under another digest, or too large for the server, is refused", async () => {
  const { state } = await newCollection();
  for (const [name, bytes] of [
    ["00".repeat(32), encodeUtf8("x")],
    ["__proto__", encodeUtf8("x")],
  ] as const) {
    const blobs = new Map([[name, bytes]]);
    const attempt = publish(state, [add("1.0", "x")], [keys.targets], { blobs });
    await assert.rejects(attempt, coded("preflight.would_lock_out"));
  }
});

test("dialects that would part in version are pointed out", async () => {
  const { prepared } = await newCollection();
  const { state } = await newCollection();
  const { prepared: second } = await publish(state, [add("1.0", "one")], [keys.targets]);
  const { prepared: third } = await publish(state, [add("1.0", "one")], [keys.targets], {
    seenVersions: new Map([[role("targets"), 6]]),
  });
  const mixed = [second.publication.documents[0], third.publication.documents[1]].filter((one) => one !== undefined);
  const findings = await preflightPublication(publicationOf(...mixed), state, now);
  assert.deepEqual(
    findings.map(({ code }) => code),
    ["version.not_level"],
  );
  assert.ok(prepared.publication.documents.every((document) => !isRoot(document) || document.signed.version === 1));
});

test("warnings alone stop nothing; one bricking finding stops all and carries every hint", () => {
  const base = { dialect: undefined, role: undefined, cause: undefined };
  refuseLockOut([{ ...base, severity: "warning", code: "key.single_root", message: "m", hints: [] }]);
  assert.throws(
    () =>
      refuseLockOut([
        { ...base, severity: "warning", code: "key.single_root", message: "not me", hints: ["no"] },
        { ...base, severity: "bricking", code: "role.no_keys", message: "a", hints: ["do a"] },
        { ...base, severity: "bricking", code: "role.no_keys", message: "b", hints: ["do b"] },
      ]),
    (error: CountersignError) =>
      error.code === "preflight.would_lock_out" &&
      error.message.includes("a; b") &&
      !error.message.includes("not me") &&
      error.hints.join() === "do a,do b",
  );
});
