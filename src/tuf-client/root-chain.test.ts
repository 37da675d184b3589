// The way from a trusted root to the newest one, and what a stored state may hold back. TUF 1.0.34, 5.2 and 5.3.
import assert from "node:assert/strict";
import { it } from "node:test";
import { tuf1 } from "../dialects/index.ts";
import { generateSigner, type Signer } from "../keys/index.ts";
import { dateAfter, rejectsWith, TufReader, TufTree } from "../testing/index.ts";

/** Gives a role of the root another key; whoever signed it before no longer does, unless `keeps`. */
async function rotate(tree: TufTree, role: string, keeps: readonly Signer[] = []): Promise<void> {
  const signer = await generateSigner("ed25519");
  const key = tuf1.makeKey(signer.publicKey);
  const root = tree.role("root");
  root.keys[key.id] = key.source;
  root.roles[role].keyids = [key.id];
  tree.signers.set(role, [signer, ...keeps]);
}

it("a root that its own keys did not sign is refused", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  const old = tree.signer("root");
  await rotate(tree, "root");
  tree.signers.set("root", [old]);
  await tree.publish("root");
  await rejectsWith(reader.open().refresh(), "threshold.unmet");
  assert.equal(await reader.version("root"), 1);
});

it("a root that the keys before it did not sign is refused", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  await rotate(tree, "root");
  await tree.publish("root");
  await rejectsWith(reader.open().refresh(), "threshold.unmet");
});

it("a root that skips a version is refused, and one that repeats it", async () => {
  for (const version of [1, 3]) {
    const tree = await TufTree.create();
    const reader = await TufReader.of(tree);
    tree.files.set("metadata/2.root.json", await tree.sign("root", { ...tree.role("root"), version }));
    await rejectsWith(reader.open().refresh(), "metadata.version_mismatch");
  }
});

it("a chain of rotated roots is walked, an expired one in the middle too, and each is stored", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  const { expires } = tree.role("root");
  for (const date of [dateAfter(-10), dateAfter(-5), expires]) {
    const before = tree.signer("root");
    await rotate(tree, "root", [before]);
    tree.role("root").expires = date;
    await tree.publish("root");
    tree.signers.set("root", [tree.signer("root")]);
  }
  assert.equal((await reader.open().refresh()).root, 4);
  assert.deepEqual(
    tree.takeRequests().slice(0, 4),
    [2, 3, 4, 5].map((version) => `metadata/${version}.root.json`),
  );
});

it("an expired newest root stops the run, and is kept for the next", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  tree.role("root").expires = dateAfter(-1);
  await tree.publish("root");
  await rejectsWith(reader.open().refresh(), "metadata.expired");
  assert.equal(await reader.version("root"), 2);
  assert.equal(await reader.version("timestamp"), undefined);
});

it("a trusted root that is not signed by its own threshold fails before anything is asked for", async () => {
  const tree = await TufTree.create();
  const reader = new TufReader(tree);
  await rejectsWith(reader.open().refresh(), "root.missing");
  const root = JSON.parse(new TextDecoder().decode(tree.firstRoot));
  root.signed.version = 7;
  await reader.store.write("root", new TextEncoder().encode(JSON.stringify(root)));
  await rejectsWith(reader.open().refresh(), "threshold.unmet");
  assert.deepEqual(tree.requests, []);
});

it("403 says that there is no newer root, as 404; anything else stops the run", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  tree.lies.set("metadata/2.root.json", { status: 403 });
  assert.equal((await reader.open().refresh()).root, 1);
  tree.lies.set("metadata/2.root.json", { status: 500 });
  await rejectsWith(reader.open().refresh(), "download.unavailable");
  tree.lies.set("metadata/2.root.json", { status: 401 });
  await rejectsWith(reader.open().refresh(), "download.denied");
  tree.lies.set("metadata/timestamp.json", { status: 403 });
  tree.lies.delete("metadata/2.root.json");
  await rejectsWith(reader.open().refresh(), "download.denied");
});

it("no more roots than the limit are taken in one run, and the next goes on", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  for (let version = 2; version <= 6; version++) await tree.publish("root");
  assert.equal((await reader.open({ limits: { rootRotations: 3 } }).refresh()).root, 4);
  assert.equal((await reader.open({ limits: { rootRotations: 3 } }).refresh()).root, 6);
});

it("a fast-forward attack is recovered from by rotating the online key, also where an old key stays listed", async () => {
  for (const role of ["timestamp", "snapshot"]) {
    const tree = await TufTree.create();
    const reader = await TufReader.of(tree);
    for (const name of ["targets", "snapshot", "timestamp"]) tree.role(name).version = 900;
    await tree.publishAll("targets");
    await reader.open().refresh();
    for (const name of ["targets", "snapshot", "timestamp"]) tree.role(name).version = 1;
    await rotate(tree, role);
    await tree.publish("root");
    await tree.publishAll("targets");
    assert.deepEqual(await reader.open().refresh(), { root: 2, timestamp: 2, snapshot: 2, targets: 2 }, role);
  }
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  const second = await generateSigner("ed25519");
  const key = tuf1.makeKey(second.publicKey);
  tree.role("root").keys[key.id] = key.source;
  tree.role("root").roles.timestamp.keyids.push(key.id);
  await tree.publish("root");
  tree.role("timestamp").version = 900;
  tree.signers.get("timestamp")?.push(second);
  await tree.publish("timestamp");
  await reader.open().refresh();
  // The key that stays listed still vouches for timestamp 901: only deleting it helps (5.3.11).
  tree.role("root").roles.timestamp.keyids.shift();
  tree.signers.set("timestamp", [second]);
  tree.role("timestamp").version = 1;
  await tree.publish("root", "timestamp");
  assert.equal((await reader.open().refresh()).timestamp, 2);
});

it("a root put into the store does not replace the bootstrap root", async () => {
  const tree = await TufTree.create();
  const other = await TufTree.create();
  const reader = new TufReader(tree);
  await reader.store.write("root", other.firstRoot);
  const bootstrapRoot = tree.firstRoot;
  assert.equal((await reader.open({ bootstrapRoot }).refresh()).root, 1);
  await tree.publish("root");
  assert.equal((await reader.open({ bootstrapRoot }).refresh()).root, 2);
  // A root that is not on the chain and claims to be ahead of it.
  for (let version = 2; version <= 9; version++) await other.publish("root");
  await reader.store.write("root", other.file("metadata/9.root.json"));
  await rejectsWith(reader.open({ bootstrapRoot }).refresh(), "metadata.rollback");
});

it("with a bootstrap root the roots in between are verified again without asking for them", async () => {
  const tree = await TufTree.create();
  const reader = new TufReader(tree);
  for (let version = 2; version <= 4; version++) await tree.publish("root");
  const bootstrapRoot = tree.firstRoot;
  await reader.open({ bootstrapRoot }).refresh();
  tree.takeRequests();
  assert.equal((await reader.open({ bootstrapRoot }).refresh()).root, 4);
  assert.deepEqual(tree.takeRequests(), ["metadata/5.root.json", "metadata/timestamp.json"]);
});
