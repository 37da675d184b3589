// Who signed is counted by distinct public keys. Each test is named after a defect that some client had.
import assert from "node:assert/strict";
import { it } from "node:test";
import { tuf1 } from "../dialects/index.ts";
import { generateSigner } from "../keys/index.ts";
import { rejectsWith, TufReader, TufTree } from "../testing/index.ts";

for (const threshold of [0, -1, 1.5, "1", null]) {
  it(`a threshold of ${JSON.stringify(threshold)} makes a root unreadable`, async () => {
    const tree = await TufTree.create();
    const reader = await TufReader.of(tree);
    tree.role("root").roles.timestamp.threshold = threshold;
    if (threshold !== 1.5) await tree.publish("root");
    else {
      // Canonical JSON cannot say it; what a signer would make of it does not matter.
      const text = new TextDecoder().decode(tree.firstRoot).replace('"threshold":1', '"threshold":1.5');
      tree.files.set("metadata/2.root.json", new TextEncoder().encode(text));
    }
    await rejectsWith(reader.open().refresh(), "threshold.invalid", "json.not_integer");
    assert.equal(await reader.version("root"), 1);
  });
}

it("one key under two key ids is one signer", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  const root = tree.role("root");
  const key = tuf1.makeKey(tree.signer("timestamp").publicKey);
  root.keys.another = { ...key.source, name: "the same key" };
  root.roles.timestamp = { keyids: [key.id, "another"], threshold: 2 };
  tree.envelope.set("timestamp", ({ signatures }) => signatures.push({ ...signatures[0], keyid: "another" }));
  await tree.publish("root", "timestamp");
  await rejectsWith(reader.open().refresh(), "threshold.unmet");
});

it("one P-256 key as ecdsa and as ecdsa-sha2-nistp256 is one signer", async () => {
  const tree = await TufTree.create({ algorithm: "ecdsa-p256" });
  const reader = await TufReader.of(tree);
  const root = tree.role("root");
  const key = tuf1.makeKey(tree.signer("snapshot").publicKey);
  root.keys.old = { ...key.source, keytype: "ecdsa-sha2-nistp256" };
  root.roles.snapshot = { keyids: [key.id, "old"], threshold: 2 };
  tree.envelope.set("snapshot", ({ signatures }) => signatures.push({ ...signatures[0], keyid: "old" }));
  await tree.publishAll();
  await tree.publish("root");
  await rejectsWith(reader.open().refresh(), "threshold.unmet");
});

it("the same signature twice makes a document unreadable, even where one would do", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  tree.envelope.set("timestamp", ({ signatures }) => signatures.push(signatures[0]));
  await tree.publish("timestamp");
  await rejectsWith(reader.open().refresh(), "metadata.invalid");
  assert.equal(await reader.version("timestamp"), undefined);
});

it("thousands of signatures are refused before any is checked", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  tree.envelope.set("snapshot", ({ signatures }) => {
    for (let index = 0; index < 5_000; index++) signatures.unshift({ keyid: `${index}`, sig: "00" });
  });
  await tree.publishAll();
  await rejectsWith(reader.open().refresh(), "limit.exceeded");
});

it("empty, odd and unknown signatures harm nothing when the threshold is met by others", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  const extra = await generateSigner("ed25519");
  const key = tuf1.makeKey(extra.publicKey);
  const root = tree.role("root");
  root.keys[key.id] = key.source;
  root.keys.future = { keytype: "ml-dsa-65", scheme: "ml-dsa-65/1", keyval: { public: "?", more: [] } };
  root.keys.short = { keytype: "ed25519", scheme: "ed25519", keyval: { public: "00" } };
  root.keys.oidc = { keytype: "sigstore-oidc", scheme: "Fulcio", keyval: { identity: "a", issuer: "b" } };
  for (const role of ["timestamp", "snapshot"])
    root.roles[role].keyids.push(key.id, "future", "short", "oidc", "nobody");
  tree.envelope.set("timestamp", ({ signatures }) => {
    signatures.unshift({ keyid: key.id, sig: "" }, { keyid: "future", sig: "no hex", bundle: {} });
    signatures.unshift({ keyid: "short", sig: "00" }, { keyid: "nobody", sig: "" });
  });
  await tree.publish("root", "timestamp");
  assert.equal((await reader.open().refresh()).timestamp, 2);
});
