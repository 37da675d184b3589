// A collection begins again without its old keys: what it says of where it is from, who follows, and that an interruption is healed.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { parseTargetName } from "../bytes/index.ts";
import { openHome } from "../home/index.ts";
import { MemoryCache, rejectsWith, sampleTarget } from "../testing/index.ts";
import { openCollection } from "../updater/index.ts";
import { openImportWorld, pinsOf } from "./import-world.test.ts";

test("every tag states, under the new owner's signature, what it was taken from", async () => {
  await using world = await openImportWorld();
  const { old, home } = world;
  await old.delegate("targets", "targets/releases");
  const custom = { built: 1, countersign: { publisher: "somebody" } };
  old.role("targets/releases").targets.set("2.0", { ...sampleTarget("two"), custom });
  await old.publish("targets", "targets/releases");
  const outcome = await world.run({ keys: [], anew: true });
  assert.equal(outcome.kind, "startedAnew", String(outcome.error?.message));
  assert.match(outcome.warnings.join("\n"), /pin the new root[\s\S]*targets\/releases/);
  const pins = (await home.pins.find(old.gun))?.pins ?? [];
  for (const dialect of ["notary1", "tuf1"] as const) {
    const server = world.server();
    const source = dialect === "tuf1" ? server.tuf1Source() : server.notary1Source();
    const options = { gun: old.gun, dialect, source, cache: new MemoryCache(), now: world.clock.now() };
    const collection = await openCollection({ ...options, pins });
    assert.deepEqual((await collection.listTargets()).map(({ name }) => name).sort(), ["1.0", "2.0"]);
    const found = await collection.lookup(parseTargetName("2.0"));
    const said = found?.target.custom as { built: number; importedFrom: Record<string, unknown> };
    assert.equal(said.built, 1);
    const { server: from, role, version, root, evidence, countersign } = said.importedFrom;
    assert.deepEqual([from, role, version, root], ["https://old.example.com/", "targets/releases", 1, 1]);
    assert.equal(evidence, `sha256:${outcome.evidence?.sha256}`);
    assert.deepEqual(countersign, custom.countersign);
    const oldPins = { ...options, cache: new MemoryCache(), pins: pinsOf(old.keys.root) };
    await rejectsWith(openCollection(oldPins), "pin.mismatch");
  }
});

test("the old pin of that name gives way to the new root, and no other pin does", async () => {
  await using world = await openImportWorld();
  const { old, home } = world;
  const [pin] = pinsOf(old.keys.root);
  assert.ok(pin);
  const entry = { pins: [pin], added: "2026-11-01T00:00:00Z", note: undefined };
  await home.pins.add({ ...entry, name: old.gun });
  await home.pins.add({ ...entry, name: "registry.example.com/*" });
  assert.equal((await world.run({ keys: [], anew: true })).kind, "startedAnew");
  const names = new Map((await home.pins.list()).map(({ name, pins }) => [name, pins]));
  assert.notDeepEqual(names.get(old.gun), [pin]);
  assert.deepEqual(names.get("registry.example.com/*"), [pin]);
});

test("interrupted before its tags, it goes on with the same root", async () => {
  await using world = await openImportWorld();
  const { publish } = world.server();
  let uploads = 0;
  const failing: typeof publish = (parts, options) => {
    uploads += 1;
    if (uploads === 2) return Promise.reject(new Error("killed here"));
    return publish(parts, options);
  };
  await assert.rejects(world.run({ keys: [], anew: true, server: { publish: failing } }), /killed here/);
  const roots = (await world.vault.list()).filter(({ role }) => role === "root");
  const outcome = await world.run({ keys: [], anew: true });
  assert.equal(outcome.kind, "startedAnew", String(outcome.error?.message));
  assert.deepEqual(
    (await world.vault.list()).filter(({ role }) => role === "root"),
    roots,
  );
  const status = await world.server().status();
  assert.equal(status?.dialects.get("tuf1")?.get("targets")?.version, 2);
});

test("a name that somebody else has there is not taken over", async () => {
  await using world = await openImportWorld();
  assert.equal((await world.run({ keys: [], anew: true })).kind, "startedAnew");
  const before = await world.storage.collection(world.old.gun);
  const elsewhere = openHome({ COUNTERSIGN_HOME: join(world.path, "somebody") });
  await world.home.pins.remove(world.old.gun);
  const outcome = await world.run({ keys: [], anew: true, again: true });
  assert.deepEqual([outcome.kind, outcome.error?.code], ["failed", "collection.exists"]);
  assert.deepEqual(await world.storage.collection(world.old.gun), before);
  assert.equal(await elsewhere.pins.find(world.old.gun), undefined);
});
