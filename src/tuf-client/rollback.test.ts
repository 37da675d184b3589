// What a stored state protects from, and that nothing rejected ever gets into it. TUF 1.0.34, 5.4 to 5.6.
import assert from "node:assert/strict";
import { it } from "node:test";
import { dateAfter, day, jsonBytes, rejectsWith, TufReader, TufTree } from "../testing/index.ts";

async function refreshed(): Promise<{ tree: TufTree; reader: TufReader }> {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  await tree.publishAll("targets");
  await reader.open().refresh();
  tree.takeRequests();
  return { tree, reader };
}

it("an older timestamp is refused, and the stored one stays", async () => {
  const { tree, reader } = await refreshed();
  tree.role("timestamp").version = 0;
  await tree.publish("timestamp");
  await rejectsWith(reader.open().refresh(), "metadata.rollback");
  assert.equal(await reader.version("timestamp"), 2);
});

it("an expired stored timestamp still says what is too old", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  tree.role("timestamp").expires = dateAfter(1);
  await tree.publishAll();
  await reader.open().refresh();
  reader.clock.advance(2 * day);
  tree.role("timestamp").version = 0;
  tree.role("timestamp").expires = dateAfter(9);
  await tree.publish("timestamp");
  await rejectsWith(reader.open().refresh(), "metadata.rollback");
});

it("a timestamp that lists an older snapshot is refused", async () => {
  const { tree, reader } = await refreshed();
  tree.role("snapshot").version = 0;
  await tree.publish("snapshot", "timestamp");
  await rejectsWith(reader.open().refresh(), "metadata.rollback");
  assert.equal(await reader.version("timestamp"), 2);
});

it("a snapshot that lists an older role, or leaves one out, is refused", async () => {
  for (const meta of [{ "targets.json": { version: 1 } }, { "other.json": { version: 9 } }]) {
    const { tree, reader } = await refreshed();
    tree.role("snapshot").meta = meta;
    await tree.publish("snapshot", "timestamp");
    await rejectsWith(reader.open().refresh(), "metadata.rollback");
    // The steps that passed are kept, and only they.
    assert.deepEqual([await reader.version("timestamp"), await reader.version("snapshot")], [3, 2]);
  }
});

it("a timestamp of the same version changes nothing, whatever it says", async () => {
  const { tree, reader } = await refreshed();
  tree.role("timestamp").version = 1;
  tree.role("timestamp").meta["snapshot.json"].version = 77;
  await tree.publish("timestamp");
  assert.equal((await reader.open().refresh()).snapshot, 2);
  assert.deepEqual(tree.takeRequests(), ["metadata/2.root.json", "metadata/timestamp.json"]);
});

it("what is rejected is never stored, and the next run works", async () => {
  for (const role of ["root", "timestamp", "snapshot", "targets"]) {
    const { tree, reader } = await refreshed();
    const before = await Promise.all(["root", "timestamp", "snapshot", "targets"].map((name) => reader.version(name)));
    const [good] = tree.signers.get(role) ?? [];
    assert.ok(good);
    const other = await TufTree.create();
    tree.signers.set(role, [other.signer(role)]);
    await tree.publish(...(role === "root" ? ["root"] : ["targets", "snapshot", "timestamp"]));
    await rejectsWith(reader.open().refresh(), "threshold.unmet");
    assert.equal(await reader.version(role), before[["root", "timestamp", "snapshot", "targets"].indexOf(role)]);
    tree.signers.set(role, [good]);
    tree.files.delete("metadata/2.root.json");
    if (role === "root") tree.role("root").version = 1;
    await tree.publishAll("targets");
    await reader.open().refresh();
  }
});

it("expiry is judged by the time at which the run began, on the same instance for ever", async () => {
  const { tree, reader } = await refreshed();
  tree.role("targets").expires = dateAfter(2);
  await tree.delegate("targets", "team");
  tree.role("team").expires = dateAfter(1);
  await tree.publishAll("team", "targets");
  const repository = reader.open();
  await repository.refresh();
  reader.clock.advance(5 * day);
  assert.equal(await repository.lookup("x"), undefined);
  await rejectsWith(reader.open().refresh(), "metadata.expired");
});

it("expired top-level roles are refused one by one, and those before them are kept", async () => {
  for (const [role, kept] of [
    ["timestamp", 0],
    ["snapshot", 1],
    ["targets", 2],
  ] as const) {
    const tree = await TufTree.create();
    const reader = await TufReader.of(tree);
    tree.role(role).expires = dateAfter(-1);
    await tree.publishAll("targets");
    await rejectsWith(reader.open().refresh(), "metadata.expired");
    const versions = await Promise.all(["timestamp", "snapshot", "targets"].map((name) => reader.version(name)));
    assert.equal(versions.filter((version) => version !== undefined).length, kept, role);
  }
});

it("a document that expires at this very moment has expired", async () => {
  const tree = await TufTree.create();
  const reader = await TufReader.of(tree);
  tree.role("timestamp").expires = dateAfter(0);
  await tree.publish("timestamp");
  await rejectsWith(reader.open().refresh(), "metadata.expired");
  reader.clock.advance(-1);
  assert.equal((await reader.open().refresh()).timestamp, 2);
});

it("hash and length of snapshot and targets are held before they are read", async () => {
  for (const [parent, child] of [
    ["timestamp", "snapshot"],
    ["snapshot", "targets"],
  ] as const) {
    const tree = await TufTree.create();
    const reader = await TufReader.of(tree);
    tree.listsHashes = true;
    await tree.publishAll("targets");
    await reader.open().refresh();
    tree.listsHashes = true;
    await tree.publishAll("targets");
    tree.role(parent).meta[`${child}.json`].hashes.sha256 = "0".repeat(64);
    await tree.publish(...(parent === "snapshot" ? ["snapshot", "timestamp"] : ["timestamp"]));
    await rejectsWith(reader.open().refresh(), "metadata.hash_mismatch");
  }
});

it("documents are read whoever wrote them: members nobody knows, other 1.x versions, other numbers of spaces", async () => {
  const tree = await TufTree.create({ consistent: false });
  const reader = await TufReader.of(tree);
  const root = tree.role("root");
  root.spec_version = "1.7.2";
  root["x-note"] = { text: 'caf\u00e9 \u0001 \n \\ "', list: [1, null, true, { "\u{1F600}": 1, "\uFFFD": 2 }] };
  root.keys[root.roles.root.keyids[0]].name = "root key";
  root.roles.mirrors = { url: "https://example.com/" };
  root.mirrors = [];
  tree.role("timestamp").meta["other.json"] = { version: 1 };
  tree.role("snapshot").meta["root.json"] = { version: 1 };
  tree.role("targets").delegations = { keys: {}, roles: [], more: 1 };
  tree.envelope.set("root", (envelope) => Object.assign(envelope, { comment: "outside" }));
  await tree.publish("root");
  tree.role("targets").targets["a b"] = {
    length: 1,
    hashes: { sha256: "0".repeat(64) },
    custom: { deep: [{}] },
    why: 1,
  };
  await tree.publishAll("targets");
  tree.files.set(
    "metadata/targets.json",
    jsonBytes(JSON.parse(new TextDecoder().decode(tree.file("metadata/targets.json")))),
  );
  const text = new TextDecoder().decode(tree.file("metadata/snapshot.json"));
  tree.files.set(
    "metadata/snapshot.json",
    new TextEncoder().encode(`${JSON.stringify(JSON.parse(text), undefined, 3)}\n`),
  );
  assert.equal((await reader.open().refresh()).root, 2);
  assert.deepEqual((await reader.open().lookup("a b"))?.custom, { deep: [{}] });
});
