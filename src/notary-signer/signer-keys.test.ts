// Keys at rest: who opens them and who does not, what a changed database can do, and a passphrase that is replaced while somebody
// pulls the plug.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { encodeUtf8, isCountersignError } from "../bytes/index.ts";
import { generatePrivateKey, signerFromPrivateKey, verifySignature } from "../keys/index.ts";
import { openSqliteSignerKeys, type SignerKeyStore } from "../storage/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { parseAlias, passphrasesFromEnvironment } from "./passphrases.ts";
import { rotatePassphrase } from "./rotate-passphrase.ts";
import { openSignerKeys } from "./signer-keys.ts";

const testOnlyCost = 1024;
const gun = "example.com/app";
const content = encodeUtf8('{"_type":"Timestamp"}');
const passphraseOf = (alias: string) => `the ${alias} passphrase`;
let now = 1_800_000_000_000;
const clock = () => now;

function opening(
  store: SignerKeyStore,
  defaultAlias = "old",
  passphrases = passphraseOf as (alias: string) => string | undefined,
) {
  return openSignerKeys({ store, passphraseOf: passphrases, defaultAlias, clock, testOnlyCost });
}

const failing =
  (code: string, text = /./) =>
  (error: unknown) =>
    isCountersignError(error) &&
    error.code === code &&
    text.test(error.message) &&
    !/the old passphrase/.test(String(error));

test("a wrong or missing passphrase is told at start, by alias, and not when somebody waits for a signature", async () => {
  await using directory = await temporaryDirectory();
  {
    await using store = openSqliteSignerKeys(directory.path);
    const keys = await opening(store);
    const key = await keys.create(gun, "timestamp", "ecdsa");
    assert.ok((await keys.sign(key.id, content)) !== undefined);
  }
  await using store = openSqliteSignerKeys(directory.path);
  await assert.rejects(
    opening(store, "old", () => "wrong"),
    failing("key.passphrase_wrong", /alias old/),
  );
  await assert.rejects(
    opening(store, "old", () => undefined),
    failing("key.passphrase_missing", /alias old/),
  );
  // Another default alias does not open what the first one sealed.
  const onlyNew = (alias: string) => (alias === "new" ? "a slip in it" : undefined);
  await assert.rejects(opening(store, "new", onlyNew), failing("key.passphrase_missing", /alias old/));
  const keys = await opening(store, "new");
  const unused = await keys.create(gun, "snapshot", "ed25519");
  assert.equal((await store.key(unused.id))?.alias, "new");
});

test("a row that stands in for another key, gun or role does not open, nor does a changed one", async () => {
  await using directory = await temporaryDirectory();
  await using store = openSqliteSignerKeys(directory.path);
  const keys = await opening(store);
  const victim = await keys.create(gun, "timestamp", "ecdsa");
  const row = await store.key(victim.id);
  assert.ok(row !== undefined);
  const attackers = await store.key((await keys.create("example.com/other", "timestamp", "ecdsa")).id);
  assert.ok(attackers !== undefined);
  const changed = Uint8Array.from(row.sealed);
  changed[20] = (changed[20] ?? 0) ^ 1;
  const forged = [
    { ...row, gun: "example.com/other" },
    { ...row, role: "snapshot" },
    { ...row, sealed: attackers.sealed },
    { ...row, sealed: changed },
    { ...row, sealed: new Uint8Array() },
    { ...row, publicKey: attackers.publicKey },
  ];
  for (const [index, forgery] of forged.entries()) {
    await store.removeKey(victim.id);
    await store.importKey(forgery);
    const reopened = await opening(store);
    const isOpenedBySecret = index < forged.length - 1;
    await assert.rejects(
      isOpenedBySecret ? reopened.sign(victim.id, content) : reopened.info(victim.id),
      failing("storage.corrupt"),
    );
  }
});

test("a key that has signed is not given out as new, also when the signer dies right after the signature", async () => {
  await using directory = await temporaryDirectory();
  await using store = openSqliteSignerKeys(directory.path);
  const keys = await opening(store);
  const key = await keys.create(gun, "timestamp", "ecdsa");
  await keys.sign(key.id, content);
  assert.equal((await store.key(key.id))?.usedAt, now);
  const stuck = { ...store, markUsed: () => Promise.reject(new Error("the disk is gone")) };
  const fresh = await openSignerKeys({ store: stuck, passphraseOf, defaultAlias: "old", clock, testOnlyCost });
  const next = await fresh.create(gun, "timestamp", "ecdsa");
  await assert.rejects(fresh.sign(next.id, content), /the disk is gone/);
  await assert.rejects(fresh.sign(next.id, content), /the disk is gone/);
});

test("a key that another signer on the same database removes stops signing within a minute", async () => {
  await using directory = await temporaryDirectory();
  await using store = openSqliteSignerKeys(directory.path);
  const [one, two] = [await opening(store), await opening(store)];
  const key = await one.create(gun, "timestamp", "ecdsa");
  await two.sign(key.id, content);
  assert.equal(await one.remove(key.id), true);
  assert.equal(await one.sign(key.id, content), undefined);
  now += 60_000;
  assert.equal(await two.sign(key.id, content), undefined);
});

test("a key that has signed elsewhere is not given out as new; the first use that is known stays", async () => {
  await using directory = await temporaryDirectory();
  await using store = openSqliteSignerKeys(directory.path);
  const keys = await opening(store);
  const { id } = await keys.create(gun, "timestamp", "ecdsa");
  assert.equal(await keys.noteUse(id, undefined), true);
  assert.equal((await keys.create(gun, "timestamp", "ecdsa")).id, id);
  for (const usedAt of [7, 9]) assert.equal(await keys.noteUse(id, usedAt), true);
  assert.notEqual((await keys.create(gun, "timestamp", "ecdsa")).id, id);
  assert.equal((await store.key(id))?.usedAt, 7);
  assert.equal(await keys.noteUse("f".repeat(64), 7), false);
});

test("a key from elsewhere keeps its id and its past; one under a wrong id is refused", async () => {
  await using directory = await temporaryDirectory();
  await using store = openSqliteSignerKeys(directory.path);
  const keys = await opening(store);
  const privateKey = await generatePrivateKey("ecdsa-p256");
  const { publicKey } = signerFromPrivateKey(privateKey);
  const imported = { gun, role: "snapshot", privateKey, keyId: publicKey.id, createdAt: 5, usedAt: 6 };
  assert.equal(await keys.importKey(imported), true);
  assert.equal(await keys.importKey(imported), false);
  assert.equal((await store.key(publicKey.id))?.usedAt, 6);
  const signed = await keys.sign(publicKey.id, content);
  assert.ok(signed !== undefined && verifySignature(publicKey, "ecdsa-sha256-raw", content, signed.signature));
  assert.notEqual((await keys.create(gun, "snapshot", "ecdsa")).id, publicKey.id);
  await assert.rejects(keys.importKey({ ...imported, keyId: "a".repeat(64) }), failing("key.format"));
});

test("a passphrase rotation that is killed again and again loses no key and is finished by the last run", async () => {
  await using directory = await temporaryDirectory();
  const ids: string[] = [];
  {
    await using store = openSqliteSignerKeys(directory.path);
    const keys = await opening(store);
    for (let index = 0; index < 60; index++)
      ids.push((await keys.create(`${gun}/${index}`, "timestamp", "ed25519")).id);
  }
  const script = fileURLToPath(new URL("./rotate-child.ts", import.meta.url));
  for (let kills = 0; kills < 3; kills++) {
    const child = spawn(process.execPath, [script, directory.path], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "close");
    await using store = openSqliteSignerKeys(directory.path);
    const keys = await opening(store);
    for (const id of ids) assert.ok((await keys.sign(id, content)) !== undefined);
  }
  await using store = openSqliteSignerKeys(directory.path);
  assert.ok((await store.aliasesInUse()).some(({ alias }) => alias === "new"));
  const { damaged } = await rotatePassphrase({ store, passphraseOf, from: "old", to: "new", testOnlyCost });
  assert.deepEqual(damaged, []);
  assert.deepEqual(await store.aliasesInUse(), [{ alias: "new", keys: ids.length }]);
  // The old passphrase is not needed any more.
  const keys = await opening(store, "new", (alias) => (alias === "new" ? passphraseOf(alias) : undefined));
  for (const id of ids) assert.ok((await keys.sign(id, content)) !== undefined);
});

test("a rotation needs both passphrases and two names; a damaged key is told and left where it was", async () => {
  await using directory = await temporaryDirectory();
  await using store = openSqliteSignerKeys(directory.path);
  const keys = await opening(store);
  const good = await keys.create(gun, "timestamp", "ecdsa");
  const bad = await keys.create(gun, "snapshot", "ecdsa");
  const row = await store.key(bad.id);
  assert.ok(row !== undefined);
  await store.removeKey(bad.id);
  await store.importKey({ ...row, sealed: new Uint8Array(60) });
  const rotate = (from: string, to: string, passphrases: typeof passphraseOf | (() => undefined) = passphraseOf) =>
    rotatePassphrase({ store, passphraseOf: passphrases, from, to, testOnlyCost });
  await assert.rejects(rotate("old", "old"), failing("usage.invalid"));
  await assert.rejects(rotate("nobody", "new"), failing("usage.invalid"));
  await assert.rejects(rotate("../old", "new"), failing("usage.invalid"));
  await assert.rejects(
    rotate("old", "new", () => undefined),
    failing("key.passphrase_missing"),
  );
  await assert.rejects(
    rotatePassphrase({ store, passphraseOf: () => "wrong", from: "old", to: "new", testOnlyCost }),
    failing("key.passphrase_wrong"),
  );
  assert.deepEqual(await rotate("old", "new"), { resealed: 1, damaged: [bad.id] });
  assert.equal((await store.key(good.id))?.alias, "new");
  assert.equal((await store.key(bad.id))?.alias, "old");
});

test("passphrases come from our variables, Notary's, or a file that one names", async () => {
  await using directory = await temporaryDirectory();
  const file = join(directory.path, "passphrase");
  writeFileSync(file, "from a file\nnot this\n");
  const env = {
    NOTARY_SIGNER_BOTH: "notary's",
    COUNTERSIGN_SIGNER_BOTH: "ours",
    NOTARY_SIGNER_PLAIN: "plain",
    COUNTERSIGN_SIGNER_MOUNTED_FILE: file,
    NOTARY_SIGNER_EMPTY: "",
    COUNTERSIGN_SIGNER_GONE_FILE: "/nonexistent",
    "NOTARY_SIGNER_AS-NOTARY": "with a hyphen, as Notary reads it",
    NOTARY_SIGNER_FROM_A_SHELL: "with underscores, as a shell can set it",
    NOTARY_SIGNER_V1_0: "dots are underscores in either",
  };
  const of = passphrasesFromEnvironment(env);
  assert.equal(of("both"), "ours");
  assert.equal(of("plain"), "plain");
  assert.equal(of("Mounted"), "from a file");
  assert.equal(of("as-notary"), "with a hyphen, as Notary reads it");
  assert.equal(of("from-a-shell"), "with underscores, as a shell can set it");
  assert.equal(of(parseAlias("v1.0")), "dots are underscores in either");
  assert.equal(of("empty"), undefined);
  assert.equal(of("other"), undefined);
  assert.throws(() => of("gone"), failing("disk.unreadable"));
  for (const bad of ["", "a b", "a\nb", "../x", "x".repeat(51), "-x"]) {
    assert.throws(() => parseAlias(bad), failing("usage.invalid"));
  }
});
