// The birth of a collection: both dialects, level, two root keys, readable by every reader, and no way to begin locked out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGun } from "../bytes/index.ts";
import { notary1, tuf1 } from "../dialects/index.ts";
import { generateSigner } from "../keys/index.ts";
import { TrustedSet } from "../tuf/index.ts";
import { documentsOf, publicationParts } from "./publication.ts";
import { coded, day, gun, isRoot, keys, newCollection, now, stateOf, versionsOf } from "./sample-collection.ts";

test("a new collection begins at version 1 of root and targets in both dialects", async () => {
  const { prepared } = await newCollection();
  assert.deepEqual(versionsOf(prepared.publication), [
    "notary1 root 1",
    "notary1 targets 1",
    "tuf1 root 1",
    "tuf1 targets 1",
  ]);
  assert.deepEqual(prepared.findings, []);
  assert.deepEqual(
    publicationParts(prepared.publication).map(({ name }) => name),
    ["notary1/root", "notary1/targets", "tuf1/root", "tuf1/targets"],
  );
});

test("readers of both dialects accept it as the server serves it", async () => {
  const { state } = await newCollection();
  for (const dialect of [notary1, tuf1]) {
    const { root, timestamp, snapshot, targets } = stateOf(state, dialect.name);
    const set = TrustedSet.fromRoot(root.bytes, { dialect, gun, now });
    set.finishRoots();
    assert.ok(timestamp && snapshot);
    set.updateTimestamp(timestamp.bytes);
    set.updateSnapshot(snapshot.bytes);
    for (const document of targets.values()) set.updateTargets(document.role, document.bytes, root.role);
  }
});

test("every root key signs the first root, and either alone carries it", async () => {
  const { prepared } = await newCollection();
  for (const document of prepared.publication.documents.filter(isRoot)) {
    assert.equal(document.signatures.length, 2);
    const listed = document.signed.roles.root.keyIds.map((id) => document.signed.keys.get(id)?.publicKey?.id);
    assert.deepEqual(listed, [keys.main.publicKey.id, keys.kit.publicKey.id]);
  }
});

test("root certificates name the collection and outlive the root by decades: an expired one heals never", async () => {
  const { prepared } = await newCollection();
  const [root] = documentsOf(prepared.publication, "notary1").filter(isRoot);
  for (const id of root?.signed.roles.root.keyIds ?? []) {
    const [certificate] = root?.signed.keys.get(id)?.certificates ?? [];
    assert.equal(certificate?.commonName, gun);
    assert.ok((certificate?.notAfter ?? 0) >= now + 49 * 365 * day);
    assert.ok((certificate?.notBefore ?? now) < now, "a reader whose clock is late accepts it");
  }
});

test("a root key alone is possible and warned about in both dialects", async () => {
  const { prepared } = await newCollection({ rootSigners: [keys.main] });
  assert.deepEqual(
    prepared.findings.map(({ code, severity }) => [code, severity]),
    [
      ["key.single_root", "warning"],
      ["key.single_root", "warning"],
    ],
  );
});

test("a threshold that the keys can never reach is refused before anything is signed", async () => {
  await assert.rejects(newCollection({ rootThreshold: 3 }), coded("preflight.would_lock_out"));
  await assert.rejects(newCollection({ targetsThreshold: 2 }), coded("preflight.would_lock_out"));
  await assert.rejects(newCollection({ rootThreshold: 0 }), coded("preflight.would_lock_out"));
  await assert.rejects(newCollection({ rootThreshold: 1.5 }), coded("preflight.would_lock_out"));
  await assert.rejects(newCollection({ targetsSigners: [] }), coded("preflight.would_lock_out"));
  await assert.rejects(
    newCollection({ rootSigners: [keys.main, keys.main], rootThreshold: 2 }),
    coded("preflight.would_lock_out"),
  );
});

test("a collection may carry one dialect only", async () => {
  const { prepared } = await newCollection({ dialects: [tuf1] });
  assert.deepEqual(versionsOf(prepared.publication), ["tuf1 root 1", "tuf1 targets 1"]);
});

test("server keys of another kind are named, as a real notary-server's ed25519 ones", async () => {
  const server = await generateSigner("ed25519");
  const { state } = await newCollection({ snapshotKey: keys.server.publicKey, timestampKey: keys.server.publicKey });
  assert.ok(state);
  const prepared = await import("./prepare.ts").then(({ prepareInitial }) =>
    prepareInitial({
      gun,
      dialects: [notary1, tuf1],
      now,
      rootSigners: [keys.main, keys.kit],
      targetsSigners: [keys.targets],
      snapshotKey: server.publicKey,
      timestampKey: server.publicKey,
    }),
  );
  const text = new TextDecoder().decode(prepared.publication.documents[0]?.bytes);
  assert.match(text, /"keytype":"ed25519"/);
});

test("a lifetime in the past is refused: a clock far off would publish an expired collection", async () => {
  await assert.rejects(
    newCollection({ lifetimes: { root: -day, targets: day, certificate: day } }),
    coded("preflight.would_lock_out"),
  );
});

test("notary1's bytes have Go's shape: no trailing newline, signed first, compact", async () => {
  const { prepared } = await newCollection();
  for (const { bytes } of documentsOf(prepared.publication, "notary1")) {
    const text = new TextDecoder().decode(bytes);
    assert.ok(text.startsWith('{"signed":{"_type":"') && text.endsWith("}]}"));
    assert.equal(JSON.stringify(JSON.parse(text)), text);
  }
});

test("a name with a port and one of 255 characters fit their certificates", async () => {
  for (const name of ["127.0.0.1:5000/team/app", `registry.example.com/${"a".repeat(234)}`]) {
    const wanted = parseGun(name);
    const { prepared } = await newCollection({ gun: wanted });
    assert.equal(prepared.publication.gun, wanted);
  }
});
