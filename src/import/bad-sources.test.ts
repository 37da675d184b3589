// What a broken or hostile source may try, and that nothing of it is kept: named after the attack or the accident.
import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { encodeFileName } from "../home/index.ts";
import { generateSigner } from "../keys/index.ts";
import { day, Simulator } from "../testing/index.ts";
import type { MetadataSource } from "../updater/index.ts";
import { openArchive } from "./archive.ts";
import { checkArchive } from "./check-archive.ts";
import { importMany } from "./import-many.ts";
import { type ImportWorld, openImportWorld, pinsOf } from "./import-world.test.ts";

/** Refused for that reason, and neither archive nor server has a trace. */
async function refused(world: ImportWorld, changed: Parameters<ImportWorld["run"]>[0] = {}) {
  const outcome = await world.run(changed);
  assert.ok(!existsSync(join(world.archive.path, encodeFileName(world.old.gun))), "something was kept");
  assert.equal(await world.server().status(), undefined);
  return [outcome.kind, outcome.error?.code];
}

test("an unpinned source is not believed, unless that is asked for, and then it says so", async () => {
  await using world = await openImportWorld();
  assert.deepEqual(await refused(world, { pins: [] }), ["refused", "pin.missing"]);
  const outcome = await world.run({ pins: [], trustOnFirstUse: true, verifyOnly: true });
  assert.deepEqual([outcome.kind, outcome.evidence?.anchor], ["verified", "firstUse"]);
});

test("a wrong pin, by key and by certificate", async () => {
  await using world = await openImportWorld();
  assert.deepEqual(await refused(world, { pins: pinsOf([await generateSigner()]) }), ["refused", "pin.mismatch"]);
  const key = await world.old.keyOf("notary1", "root", world.old.keys.root[0] ?? (await generateSigner()));
  const outcome = await world.run({ pins: [{ kind: "certificate", id: key.id }], verifyOnly: true });
  assert.equal(outcome.kind, "verified");
});

test("rubbish, a redirect, a huge body and a collection that is not there", async () => {
  await using world = await openImportWorld();
  const source = world.old.source("notary1");
  source.lies.set("root newest", { kind: "bytes", bytes: Buffer.from("<html>not here any more</html>") });
  assert.deepEqual(await refused(world), ["refused", "json.invalid"]);
  const elsewhere = new CountersignError("download.redirected", "redirected to another host");
  source.lies.set("root newest", { kind: "error", error: elsewhere });
  assert.deepEqual(await refused(world), ["refused", "download.redirected"]);
  source.lies.set("root newest", { kind: "oversized" });
  assert.deepEqual(await refused(world), ["refused", "download.too_large"]);
  for (const root of ["root newest", "root 1"]) source.lies.set(root, { kind: "missing" });
  assert.deepEqual(await refused(world), ["missing", "collection.missing"]);
  source.lies.clear();
  source.lies.set("targets", { kind: "missing" });
  assert.deepEqual(await refused(world), ["refused", "metadata.missing"]);
  source.lies.set("targets", { kind: "error", error: new CountersignError("download.unreachable", "down") });
  assert.deepEqual(await refused(world), ["unreachable", "download.unreachable"]);
});

test("a gap in the roots before the pinned one", async () => {
  await using world = await openImportWorld();
  const { old } = world;
  for (let version = 2; version <= 5; version++) await old.publishRoot();
  await old.publish("targets");
  old.source("notary1").lies.set("root 3", { kind: "missing" });
  assert.deepEqual(await refused(world), ["refused", "metadata.missing"]);
  // Nothing at all below: then that is all there is, and it is told.
  for (const version of [1, 2]) old.source("notary1").lies.set(`root ${version}`, { kind: "missing" });
  const outcome = await world.run({ verifyOnly: true });
  assert.equal(outcome.kind, "verified");
  assert.match(outcome.warnings.join("\n"), /no roots below version 4/);
});

test("roots of another owner before the pinned one", async () => {
  await using world = await openImportWorld();
  const { old } = world;
  const stranger = await Simulator.create({ clock: world.clock.now });
  await old.publishRoot();
  await old.publish("targets");
  const bytes = stranger.source("notary1").stored.roots.get(1) ?? new Uint8Array();
  old.source("notary1").lies.set("root 1", { kind: "bytes", bytes });
  const [kind, code] = await refused(world);
  assert.equal(kind, "refused");
  assert.match(code ?? "", /^(threshold\.unmet|signature\.none)$/);
});

test("a root under certificates that have expired is refused, whatever its date says", async () => {
  await using world = await openImportWorld();
  world.old.lifetimes.root = 20_000 * day;
  await world.old.publishRoot();
  await world.old.publish("targets");
  world.clock.advance(4_000 * day);
  await world.old.publish("targets");
  assert.deepEqual(await refused(world), ["refused", "certificate.invalid"]);
});

/** What a source showed then, whatever is published since. */
async function frozen(world: ImportWorld): Promise<MetadataSource> {
  const { stored } = world.old.source("notary1");
  const copy = {
    roots: new Map(stored.roots),
    timestamps: [...stored.timestamps],
    snapshots: [...stored.snapshots],
    targets: [...stored.targets],
  };
  const source = world.old.source("notary1");
  return new (source.constructor as new (name: "notary1", documents: typeof copy) => typeof source)("notary1", copy);
}

test("two mirrors with different histories come to light, and the evidence stays what it was", async () => {
  await using world = await openImportWorld();
  const { old } = world;
  const before = await frozen(world);
  await old.publish("targets");
  const honest = await frozen(world);
  assert.equal((await world.run({ documents: honest, verifyOnly: true })).kind, "verified");
  const kept = await world.archive.record(old.gun);
  const mirror = { description: "https://mirror.example.com/", verifyOnly: true };
  const back = await world.run({ ...mirror, documents: before });
  assert.deepEqual([back.kind, back.error?.code], ["refused", "metadata.rollback"]);
  // The owner's key signed another targets version 2 for the mirror.
  old.role("targets").version = 2;
  old.role("targets").targets.clear();
  await old.publish("targets");
  const forked = await world.run({ ...mirror, documents: await frozen(world) });
  assert.deepEqual([forked.kind, forked.error?.code], ["refused", "import.forked"]);
  assert.deepEqual(await world.archive.record(old.gun), kept);
});

test("a check finds what was changed in an archive, and what the given pins do not vouch for", async () => {
  await using world = await openImportWorld();
  await world.run({ verifyOnly: true });
  world.clock.advance(1_000 * day);
  const check = async (pins = pinsOf(world.old.keys.root)) => {
    const [only] = await checkArchive(world.archive, async () => pins);
    return [only?.error?.code, only?.restsOnRecord];
  };
  assert.deepEqual(await check(), [undefined, false]);
  assert.deepEqual(await check([]), [undefined, true]);
  assert.deepEqual(await check(pinsOf([await generateSigner()])), ["pin.mismatch", false]);
  const folder = join(world.archive.path, encodeFileName(world.old.gun));
  const bundle = readdirSync(folder).find((name) => name.endsWith(".bundle")) ?? "";
  const record = await world.archive.record(world.old.gun);
  assert.ok(record);
  const bytes = Buffer.from(await world.archive.evidence(record));
  bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
  writeFileSync(join(folder, bundle), bytes);
  assert.deepEqual(await check(), ["bundle.invalid", false]);
  writeFileSync(join(folder, "record.json"), '{"import":1}');
  await assert.rejects(check(), (error) => isCountersignError(error, "config.invalid"));
});

test("a record that was moved into another collection's folder does not pass for it", async () => {
  await using world = await openImportWorld();
  await world.run({ verifyOnly: true });
  const record = await world.archive.record(world.old.gun);
  assert.ok(record);
  const other = openArchive(join(world.path, "other"));
  await other.keep(record, await world.archive.evidence(record));
  const { renameSync } = await import("node:fs");
  renameSync(join(other.path, encodeFileName(record.gun)), join(other.path, "another"));
  await assert.rejects(other.collections(), (error) => isCountersignError(error, "config.invalid"));
});

test("a full disk stops the import, and nothing reaches the server without its evidence", async () => {
  await using world = await openImportWorld();
  const full = new CountersignError("disk.full", "no space left");
  const archive = { ...world.archive, keep: () => Promise.reject(full) };
  await assert.rejects(world.run({ archive }), (error) => error === full);
  assert.equal(await world.server().status(), undefined);
});

test("two imports into one archive at once: the second one is refused", async () => {
  await using world = await openImportWorld();
  const { archive } = world;
  const wanted = {
    archive,
    destination: undefined,
    guns: [],
    parallel: 1,
    plan: () => Promise.reject(new Error("none")),
  };
  await archive.whileImporting(async () => {
    await assert.rejects(importMany(wanted), (error) => isCountersignError(error, "storage.locked"));
  });
  assert.deepEqual((await importMany(wanted)).collections, []);
});
