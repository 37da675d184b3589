// The server's roles: hashes of the stored bytes, nothing dropped, nothing turned back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8, sha256, sha512 } from "../bytes/index.ts";
import { notary1, tuf1 } from "../dialects/index.ts";
import { add, coded, keys, newCollection, now, publish, role, stateOf, targetsOf } from "./sample-collection.ts";
import { nextSnapshot, nextTimestamp } from "./server-roles.ts";

const expiresAt = now + 1000;

test("the hash trap (9.5): notary1 lists the hashes of the stored bytes, not of what Go would have written", async () => {
  const { state } = await newCollection();
  const { root } = stateOf(state, "notary1");
  const targets = targetsOf(state, "notary1");
  const stored = { ...targets, bytes: encodeUtf8(`${new TextDecoder().decode(targets.bytes)}\n`) };
  const { meta } = nextSnapshot(notary1, { previous: undefined, root, changed: [stored], expiresAt });
  for (const [name, bytes] of [
    ["targets", stored.bytes],
    ["root", root.bytes],
  ] as const) {
    const entry = meta.get(role(name));
    assert.deepEqual(entry?.hashes.get("sha256"), sha256(bytes));
    assert.deepEqual(entry?.hashes.get("sha512"), sha512(bytes));
    assert.deepEqual([entry?.length, entry?.version], [bytes.length, undefined]);
  }
});

test("tuf1 lists versions, never root, and no hashes in the snapshot", async () => {
  const { state } = await newCollection();
  const { root, targets } = stateOf(state, "tuf1");
  const { meta } = nextSnapshot(tuf1, { previous: undefined, root, changed: targets.values(), expiresAt });
  assert.deepEqual([...meta], [[role("targets"), { version: 1, length: undefined, hashes: new Map() }]]);
});

test("an entry that is not renewed stays: readers refuse a snapshot that drops a role", async () => {
  const { state } = await newCollection();
  const { root, snapshot } = stateOf(state, "tuf1");
  const previous = snapshot?.signed;
  assert.ok(previous);
  const withAlice = { ...previous, meta: new Map([...previous.meta, [role("targets/alice"), emptyEntry(4)] as const]) };
  const next = nextSnapshot(tuf1, { previous: withAlice, root, changed: [], expiresAt });
  assert.equal(next.meta.get(role("targets/alice"))?.version, 4);
  assert.equal(next.version, previous.version + 1);
});

const emptyEntry = (version: number) => ({ version, length: undefined, hashes: new Map<string, Uint8Array>() });

test("a document older than the one listed is refused", async () => {
  const { state } = await newCollection();
  const { state: newer } = await publish(state, [add("1", "x")], [keys.targets]);
  const { root, snapshot } = stateOf(newer, "tuf1");
  const changed = [targetsOf(state, "tuf1")];
  const attempt = () => nextSnapshot(tuf1, { previous: snapshot?.signed, root, changed, expiresAt });
  assert.throws(attempt, coded("metadata.rollback"));
});

test("a snapshot without targets is refused", async () => {
  const { state } = await newCollection();
  for (const dialect of [notary1, tuf1]) {
    const { root } = stateOf(state, dialect.name);
    const attempt = () => nextSnapshot(dialect, { previous: undefined, root, changed: [], expiresAt });
    assert.throws(attempt, coded("metadata.missing"));
  }
});

test("a timestamp points at the exact snapshot bytes; in tuf1 with its version too", async () => {
  const { state } = await newCollection();
  for (const dialect of [notary1, tuf1]) {
    const { snapshot, timestamp } = stateOf(state, dialect.name);
    assert.ok(snapshot && timestamp);
    const next = nextTimestamp(dialect, { previous: timestamp.signed, snapshot, expiresAt });
    assert.equal(next.version, timestamp.signed.version + 1);
    assert.deepEqual(next.snapshot.hashes.get("sha256"), sha256(snapshot.bytes));
    assert.equal(next.snapshot.length, snapshot.bytes.length);
    assert.equal(next.snapshot.version, dialect === notary1 ? undefined : snapshot.signed.version);
    assert.equal(next.expires.at, dialect === notary1 ? expiresAt : Math.floor(expiresAt / 1000) * 1000);
  }
});
