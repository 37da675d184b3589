// The keys of notary-signer on their way: each signs on the new server whichever of the three ways it goes, also when an operator changes
// their mind between two runs; used stays used, and what cannot be taken is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseGun } from "../bytes/index.ts";
import { openSignerKeys, type SignerKeys } from "../notary-signer/index.ts";
import { isRememberedRemoteKey, localRoleSigner } from "../server/index.ts";
import { openSqliteSignerKeys, type SignerKeyStore, type Storage } from "../storage/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { intoSignerKeys, keptBySigner, sealedUnder } from "./key-destinations.ts";
import { outcomeOf } from "./report.ts";
import { SampleDeployment, type SampleKey, sampleGuns, sampleNow } from "./sample-deployment.ts";
import { finding, master, run, withStorage } from "./sample-migration.ts";

const gun = parseGun(sampleGuns["docker-push-then-signer"]);
const content = Buffer.from("content");

/** A deployment whose signer has one timestamp key. */
async function oneKey(name: string = gun) {
  const source = new SampleDeployment("docker-push-then-signer");
  return { source, key: await source.addKey(name, "timestamp") };
}

/** As `oneKey`, and it is the one that the collection's root names. */
async function namedKey() {
  const { source, key } = await oneKey();
  return { source, key: Object.assign(key, source.timestampKeyNamed(gun)) };
}

/** With an empty storage and an empty signer of the new server. */
async function withSigner(
  body: (storage: Storage, signer: SignerKeys, store: SignerKeyStore) => Promise<void>,
): Promise<void> {
  await using directory = await temporaryDirectory();
  await using store = openSqliteSignerKeys(directory.path);
  const passphraseOf = () => "of the new signer";
  const options = { store, passphraseOf, defaultAlias: "y2026", clock: () => 0, testOnlyCost: 16 };
  const signer = await openSignerKeys(options);
  await withStorage((storage) => body(storage, signer, store));
}

test("keys sign on the new server; used stays used, unused stays to be given out, and a second run adds none twice", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("docker-push-then-signer");
    const used = await source.addKey(gun, "timestamp");
    used.lastUsed = sampleNow - 60_000;
    const unused = await source.addKey(gun, "timestamp");
    const unpublished = await source.addKey("only/keys", "snapshot");
    await source.addKey(gun, "targets");
    for (const expected of [
      { copied: 3, already: 0 },
      { copied: 0, already: 3 },
    ]) {
      const { keys } = await run(source, storage);
      assert.deepEqual(keys, { found: 4, leftOut: 1, ...expected });
    }
    const signer = localRoleSigner(storage, master, () => sampleNow);
    assert.deepEqual(
      (await signer.held(gun, "timestamp")).map(({ publicKey }) => publicKey.id),
      [used.keyId, unused.keyId],
    );
    assert.equal((await signer.pending(gun, "timestamp")).id, unused.keyId);
    assert.equal((await signer.pending(parseGun("only/keys"), "snapshot")).id, unpublished.keyId);
  }));

test("a key named by a root counts as used, whatever its row says: it must not be given out for a rotation", () =>
  withStorage(async (storage) => {
    const { source, key } = await namedKey();
    await run(source, storage, { keys: keptBySigner });
    const [stored] = await storage.serverKeys(gun, "timestamp");
    assert.equal(stored?.usedAt, key.createdAt);
    assert.deepEqual(Buffer.from(stored?.sealed ?? []), Buffer.from([2, ...key.public]));
  }));

test("secrets go to our own signer when it is to hold them, and storage keeps the public half by which it is asked", () =>
  withSigner(async (storage, signer, store) => {
    const { source, key } = await oneKey();
    key.lastUsed = sampleNow - 1;
    for (const _ of ["first run", "second run"]) await run(source, storage, { keys: intoSignerKeys(signer) });
    const signed = await signer.sign(key.keyId, content);
    assert.equal(signed?.key.id, key.keyId);
    assert.equal((await store.key(key.keyId))?.usedAt, sampleNow - 1);
    const stored = await storage.serverKeys(gun, "timestamp");
    assert.deepEqual(
      stored.map(({ sealed }) => Buffer.from(sealed)),
      [Buffer.from([2, ...key.public])],
    );
  }));

test("keys left with notary-signer first come over by a later run: else the new server could not sign with one of them", () =>
  withStorage(async (storage) => {
    const { source, key } = await oneKey();
    key.lastUsed = sampleNow - 1;
    await run(source, storage, { keys: keptBySigner });
    const report = await run(source, storage);
    assert.deepEqual(report.keys, { found: 1, copied: 1, already: 0, leftOut: 0 });
    assert.equal(report.collections.already, 1);
    const [held] = await localRoleSigner(storage, master, () => sampleNow).held(gun, "timestamp");
    assert.equal(held?.publicKey.id, key.keyId);
    const stored = await storage.serverKeys(gun, "timestamp");
    assert.deepEqual(
      stored.map(({ usedAt }) => usedAt),
      [sampleNow - 1],
    );
    assert.deepEqual((await run(source, storage)).keys, { found: 1, copied: 0, already: 1, leftOut: 0 });
  }));

test("so do they into our signer, also those that the new server had sealed for itself", () =>
  withSigner(async (storage, signer) => {
    for (const first of [keptBySigner, sealedUnder(master)]) {
      const { source, key } = await oneKey(first === keptBySigner ? gun : parseGun("only/keys"));
      await run(source, storage, { keys: first });
      await run(source, storage, { keys: intoSignerKeys(signer) });
      assert.equal((await signer.sign(key.keyId, content))?.key.id, key.keyId);
      const stored = await storage.serverKeys(parseGun(key.gun), "timestamp");
      assert.deepEqual(stored.map(isRememberedRemoteKey), [true]);
    }
  }));

test("a key that the new server has sealed is not thrown away for one that a signer may not open: a conflict, told", () =>
  withStorage(async (storage) => {
    const { source } = await oneKey();
    await run(source, storage);
    const report = await run(source, storage, { keys: keptBySigner });
    assert.equal(finding(report, "key.sealed_here").gun, gun);
    assert.deepEqual([outcomeOf(report), report.keys.leftOut, report.keys.already], ["conflict", 1, 0]);
    assert.equal((await localRoleSigner(storage, master, () => sampleNow).held(gun, "timestamp")).length, 1);
  }));

test("a key used at the old signer between two runs is not given out by ours for a rotation, which would change nothing", () =>
  withSigner(async (storage, signer) => {
    const { source, key } = await oneKey();
    const keys = intoSignerKeys(signer);
    await run(source, storage, { keys });
    assert.equal((await signer.create(gun, "timestamp", "ecdsa")).id, key.keyId);
    key.lastUsed = sampleNow;
    await run(source, storage, { keys });
    assert.notEqual((await signer.create(gun, "timestamp", "ecdsa")).id, key.keyId);
  }));

test("a key that does not open is told with what follows for its collection", () =>
  withStorage(async (storage) => {
    const source = new SampleDeployment("docker-push-then-signer");
    await source.addKey(sampleGuns["docker-push-then-signer"], "timestamp", "a passphrase of long ago");
    const report = await run(source, storage);
    const told = finding(report, "key.unopened");
    assert.match(told.message, /passphrase does not open/);
    assert.doesNotMatch(JSON.stringify(report), /of long ago|test passphrase/);
    assert.equal(report.collections.copied, 1);
    assert.equal(outcomeOf(report), "incomplete");
  }));

/** What the MySQL migration to Notary 0.4 left of a key that was there before it. */
function forgetName(key: SampleKey): void {
  Object.assign(key, { gun: "", role: "", lastUsed: undefined });
}

test("a key from before Notary wrote down whose it is goes to the collection whose root names it, in every kind of run", () =>
  withStorage(async (storage) => {
    const { source, key } = await namedKey();
    const retired = await source.addKey("", "");
    forgetName(key);
    const dry = await run(source, undefined, { keys: keptBySigner });
    assert.deepEqual(dry.keys, { found: 2, copied: 1, already: 0, leftOut: 1 });
    const first = await run(source, storage, { keys: keptBySigner, isWanted: () => true });
    assert.equal(finding(first, "key.unnamed").severity, "left_out");
    assert.deepEqual(await storage.serverKeys(gun, "timestamp"), []);
    for (const expected of [
      { copied: 1, already: 0 },
      { copied: 0, already: 1 },
    ]) {
      const report = await run(source, storage, { keys: keptBySigner });
      assert.deepEqual(report.keys, { found: 2, leftOut: 1, ...expected });
      assert.equal(finding(report, "key.unnamed").keyId, retired.keyId);
      assert.ok(!report.findings.some(({ code, role }) => code === "key.missing" && role === "timestamp"));
      assert.equal(outcomeOf(report), "complete");
    }
    const [stored] = await storage.serverKeys(gun, "timestamp");
    assert.deepEqual([stored?.keyId, stored?.usedAt], [key.keyId, key.createdAt]);
  }));

test("a collection whose root names the old key of another does not get it: it could have things signed as the other", () =>
  withStorage(async (storage) => {
    const { source, key } = await namedKey();
    forgetName(key);
    const thief = parseGun("aaa/thief");
    for (const { role, version, data } of [...source.tufRows]) source.addRow(thief, role, version, data);
    for (const outcome of ["complete", "conflict"]) {
      const report = await run(source, storage, { keys: keptBySigner });
      assert.equal(report.collections.conflicts > 0 ? "conflict" : "complete", outcome);
      const told = report.findings.filter(({ code }) => code === "key.unnamed");
      assert.deepEqual(
        told.map((each) => [each.severity, each.gun, each.role]),
        [["warning", thief, "timestamp"]],
      );
      // The second time the owner of the key has gone on at the new server, and is not read for itself.
      source.row(gun, "timestamp", 5).sha256 = "ab".repeat(32);
    }
    assert.deepEqual(await storage.serverKeys(thief, "timestamp"), []);
    assert.equal((await storage.serverKeys(gun, "timestamp")).length, 1);
  }));
