// The main job against a real registry: a real image signed and verified by tag, the tag re-pointed, a manifest altered in the
// registry's store, an index of two platforms, a revoked tag.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { peerTest } from "./peers/find.ts";
import { addImage, addIndex } from "./peers/images.ts";
import { openStage, stagePeers, verdict } from "./peers/stage.ts";

peerTest(
  "a signed tag is trusted, with digest, role, keys and dates, by its maker and by a reader who pins its key",
  stagePeers,
  async () => {
    await using stage = await openStage("signed");
    const image = `${stage.gun}:1.0`;
    await stage.publisher.ok("sign", image);
    const told = await verdict(stage.publisher, image);
    assert.equal(told.status, 0);
    assert.equal(told.signed?.digest, stage.good.digest);
    assert.equal(told.signed?.length, stage.good.size);
    assert.equal(told.signed?.role, "targets");
    assert.ok(told.signed?.keys.every((key) => /^[0-9a-f]{64}$/.test(key)));
    assert.ok(Date.parse(told.signed?.until ?? "") > Date.now());
    assert.deepEqual(
      told.signed?.documents.map(({ role }) => role),
      ["root", "timestamp", "snapshot", "targets"],
    );

    const reader = stage.reader("reader");
    const unpinned = await verdict(reader, image);
    assert.equal(unpinned.status, 1);
    assert.equal(unpinned.reasons[0]?.code, "pin.missing");
    for (const dialect of ["tuf1", "notary1"]) {
      const once = await verdict(reader, image, "--trust-on-first-use", "--dialect", dialect);
      assert.equal(once.status, 0, dialect);
      assert.equal(once.signed?.dialect, dialect);
    }
    const words = await stage.publisher.ok("verify", image);
    assert.match(words.stdout, /^trusted:/);
    assert.ok(words.stdout.includes(stage.good.digest));
  },
);

peerTest("a re-pointed tag is refused and both digests are named", stagePeers, async () => {
  await using stage = await openStage("repointed");
  const image = `${stage.gun}:1.0`;
  await stage.publisher.ok("sign", image);
  await stage.registry.push(stage.layout, "other", "team/app", "1.0");
  const told = await verdict(stage.publisher, image);
  assert.equal(told.status, 1);
  assert.equal(told.reasons[0]?.code, "image.mismatch");
  const words = await stage.publisher.run("verify", image);
  assert.equal(words.status, 1);
  assert.ok(words.stdout.includes(stage.good.digest) && words.stdout.includes(stage.other.digest), words.stdout);
});

peerTest("a manifest altered in the registry's own store is refused", stagePeers, async () => {
  await using stage = await openStage("altered");
  const image = `${stage.gun}:1.0`;
  await stage.publisher.ok("sign", image);
  const { bytes } = await stage.registry.manifest("team/app", "1.0");
  const hex = stage.good.digest.slice("sha256:".length);
  const store = stage.directory.at("registry", "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
  writeFileSync(store, Buffer.from(Buffer.from(bytes).toString().replace('"schemaVersion":2', '"schemaVersion": 2')));
  // The registry may notice by itself (then it serves nothing) or serve the altered bytes: neither is trusted.
  const done = await stage.publisher.json("verify", image);
  assert.notEqual(done.status, 0, done.text);
  assert.match(done.text, /image\.mismatch|registry\.failed|image\.missing/);
});

peerTest("an index is signed as an index, and every platform below it is checked by --deep", stagePeers, async () => {
  await using stage = await openStage("index");
  const { directory, layout, registry } = stage;
  const arm64 = await addImage(directory, layout, "arm64", "hello, arm", "arm64");
  const index = addIndex(layout, "multi", [
    { image: stage.good, architecture: "amd64" },
    { image: arm64, architecture: "arm64" },
  ]);
  await registry.push(layout, "multi", "team/app", "multi");
  const image = `${stage.gun}:multi`;
  await stage.publisher.ok("sign", image);
  const told = await verdict(stage.publisher, image, "--deep");
  assert.equal(told.status, 0);
  assert.equal(told.signed?.digest, index.digest);
});

peerTest("a revoked tag is no longer trusted, by its maker nor by a reader who knew it", stagePeers, async () => {
  await using stage = await openStage("revoked");
  const image = `${stage.gun}:1.0`;
  const reader = stage.reader("reader");
  await stage.publisher.ok("sign", image);
  assert.equal((await verdict(reader, image, "--trust-on-first-use")).status, 0);
  await stage.publisher.ok("revoke", image);
  for (const client of [stage.publisher, reader]) {
    const told = await verdict(client, image);
    assert.equal(told.trusted, false);
    assert.equal(told.reasons[0]?.code, "target.missing");
  }
  assert.equal((await stage.publisher.run("verify", image)).status, 3);
});
