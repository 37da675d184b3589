// The vault on a real file system: keys appear whole or not at all, nothing is replaced or lost, bad directories give coded errors.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import { type ErrorCode, isCountersignError } from "../bytes/index.ts";
import { generatePrivateKey, generateSigner, parseCanonicalKeyId, publicKeyFromKeyObject } from "../keys/index.ts";
import { openFileVault } from "./file-vault.ts";
import { readKeyFileBytes, writeNewFile } from "./key-directory.ts";
import { parseKeyFile, writeNotaryKeyFile } from "./key-file.ts";
import { openNotaryDirectory } from "./notary-directory.ts";
import { type PassphraseProvider, type PassphraseRequest, withPassphrase } from "./passphrases.ts";
import { signerContract } from "./signer-contract.ts";

async function newDirectory(context: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "vault-"));
  context.after(async () => {
    await chmod(directory, 0o700);
    await rm(directory, { recursive: true, force: true });
  });
  return directory;
}

const always =
  (passphrase: string | undefined): PassphraseProvider =>
  async () =>
    passphrase;

function coded(...codes: ErrorCode[]) {
  return (error: unknown) => isCountersignError(error, ...codes) || assert.fail(`got ${inspect(error)}`);
}

const passphrases = always("correct horse");

test("a generated key is listed without a passphrase, opens, and lies in a 0600 file of a 0700 directory", async (context) => {
  const directory = join(await newDirectory(context), "deep", "vault");
  const vault = openFileVault(directory);
  const made = await vault.generate({ role: "targets", gun: "example.com/app", passphrases });
  assert.deepEqual(await vault.list(), [made]);
  assert.deepEqual([made.purpose, made.algorithm, made.gun], ["targets", "ecdsa-p256", "example.com/app"]);
  assert.equal((await stat(made.path)).mode & 0o777, 0o600);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  assert.equal((await vault.open(made.id, passphrases)).publicKey.id, made.id);
  assert.deepEqual(await readdir(directory), [`${made.id}.key`], "no temporary file is left");
});

test("importing a key that is there changes nothing, whatever the new passphrase", async (context) => {
  const directory = await newDirectory(context);
  const vault = openFileVault(directory);
  const made = await vault.generate({ role: "root", passphrases });
  const before = await readFile(made.path);
  const exported = await vault.exportKey(made.id, { form: "pkcs8", passphrases });
  await assert.rejects(vault.importKeys(Buffer.from(exported), { passphrases }), coded("key.exists"));
  assert.deepEqual(await readFile(made.path), before);
});

test("twenty processes storing one key at once: one wins, the rest are told, the file is whole", async (context) => {
  const directory = await newDirectory(context);
  const path = join(directory, "k");
  const won = await Promise.all(Array.from({ length: 20 }, (_, index) => writeNewFile(path, `text of ${index}`)));
  assert.equal(won.filter(Boolean).length, 1);
  assert.equal(await readFile(path, "utf8"), `text of ${won.indexOf(true)}`);
  assert.deepEqual(await readdir(directory), ["k"]);
});

test("a key leaves for Notary and comes back the same", async (context) => {
  const vault = openFileVault(await newDirectory(context));
  const { id } = await vault.generate({ role: "targets", gun: "example.com/app", passphrases });
  const text = await vault.exportKey(id, { form: "notary", passphrases });
  const second = openFileVault(await newDirectory(context));
  const [taken] = await second.importKeys(Buffer.from(text), { passphrases });
  assert.deepEqual([taken?.id, taken?.role, taken?.gun], [id, "targets", "example.com/app"]);
});

test("a file of several keys with one wrong passphrase stores none of them", async (context) => {
  const directory = await newDirectory(context);
  const texts = await Promise.all(
    ["one", "two"].map(async (passphrase) =>
      writeNotaryKeyFile(await generatePrivateKey(), passphrase, { role: "alice" }),
    ),
  );
  const vault = openFileVault(directory);
  await assert.rejects(vault.importKeys(Buffer.from(texts.join("")), { passphrases: always("one") }), (error) =>
    isCountersignError(error, "key.passphrase_wrong"),
  );
  assert.deepEqual(await readdir(directory), []);
});

test("an import that a full disk broke off is ended by the same command: what is there already holds nothing up", async (context) => {
  const directory = await newDirectory(context);
  const keys = await Promise.all([generatePrivateKey(), generatePrivateKey(), generatePrivateKey()]);
  const texts = await Promise.all(keys.map((key) => writeNotaryKeyFile(key, "x", { role: "alice" })));
  const vault = openFileVault(directory);
  const load = (...parts: readonly (string | undefined)[]) =>
    vault.importKeys(Buffer.from(parts.join("")), { passphrases: always("x") });
  await load(texts[0]);
  await assert.rejects(load(...texts), (error) => {
    assert.ok(isCountersignError(error, "key.exists"));
    assert.match(error.hints.join(), /the other keys of the file are stored now; the key that is there stays/);
    return true;
  });
  assert.equal((await vault.list()).length, 3);
  await assert.rejects(
    load(...texts),
    (error) => isCountersignError(error, "key.exists") && /^nothing/.test(error.hints[0] ?? ""),
  );
});

test("a damaged file in the place of a key that is imported is told as that, not as a key that is there", async (context) => {
  const directory = await newDirectory(context);
  const vault = openFileVault(directory);
  const made = await vault.generate({ role: "root", passphrases });
  const exported = await vault.exportKey(made.id, { form: "pkcs8", passphrases });
  await writeFile(made.path, (await readFile(made.path, "utf8")).slice(0, 60));
  await assert.rejects(vault.importKeys(Buffer.from(exported), { passphrases }), coded("key.format"));
});

test("a key file swapped for another under its name does not sign, and is not listed", async (context) => {
  const directory = await newDirectory(context);
  const vault = openFileVault(directory);
  const mine = await vault.generate({ role: "root", passphrases });
  const theirs = await openFileVault(await newDirectory(context)).generate({ role: "root", passphrases });
  await rename(theirs.path, mine.path);
  await assert.rejects(vault.open(mine.id, passphrases), coded("key.format"));
  assert.deepEqual(await vault.list(), []);
});

test("a damaged or oversized file, a pipe, a directory and a dangling link do not hide the other keys", async (context) => {
  const directory = await newDirectory(context);
  const vault = openFileVault(directory);
  const good = await vault.generate({ role: "root", passphrases });
  const name = (digit: string) => join(directory, `${digit.repeat(64)}.key`);
  await writeFile(name("0"), "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA");
  await mkdir(name("1"));
  await symlink("/nowhere/at/all", name("2"));
  await writeFile(name("3"), Buffer.alloc(2 ** 20 + 1));
  await writeFile(join(directory, "README"), "not a key");
  assert.deepEqual(
    (await vault.list()).map(({ id }) => id),
    [good.id],
  );
  assert.deepEqual(
    (await openNotaryDirectory(directory).list()).map(({ id }) => id),
    [good.id],
  );
  await assert.rejects(vault.open(parseCanonicalKeyId("0".repeat(64)), passphrases), coded("key.format"));
  await assert.rejects(vault.open(parseCanonicalKeyId("1".repeat(64)), passphrases), coded("disk.unreadable"));
  await assert.rejects(vault.open(parseCanonicalKeyId("2".repeat(64)), passphrases), coded("key.missing"));
  await assert.rejects(vault.open(parseCanonicalKeyId("3".repeat(64)), passphrases), coded("limit.exceeded"));
});

test("a directory that is not there holds no keys; a file in its place is unreadable", async (context) => {
  const directory = await newDirectory(context);
  assert.deepEqual(await openFileVault(join(directory, "none")).list(), []);
  await writeFile(join(directory, "file"), "");
  await assert.rejects(openFileVault(join(directory, "file")).list(), coded("disk.unreadable"));
  await assert.rejects(
    openFileVault(join(directory, "file", "vault")).generate({ role: "root", passphrases }),
    coded("disk.unreadable"),
  );
});

test("a full disk is called full, and leaves nothing behind", {
  skip: !(await hasFullDevice()) && "no /dev/full",
}, async () => {
  await assert.rejects(writeNewFile("/dev/full/x", "text"), coded("disk.full", "disk.read_only"));
  const { writeFailure } = await import("./disk-errors.ts");
  const full = await writeFile("/dev/full", "text").catch((error: unknown) => error);
  assert.equal(writeFailure("/keys/a.key", full).code, "disk.full");
});

async function hasFullDevice(): Promise<boolean> {
  return (await readKeyFileBytes("/dev/full").catch(() => "there")) === "there";
}

test("a new key without a passphrase is not made", async (context) => {
  const directory = await newDirectory(context);
  for (const none of [undefined, ""]) {
    await assert.rejects(
      openFileVault(directory).generate({ role: "root", passphrases: always(none) }),
      coded("key.passphrase_missing"),
    );
  }
  assert.deepEqual(await readdir(directory), []);
});

test("a wrong passphrase is asked for again, at most three times, and never the same answer twice", async (context) => {
  const vault = openFileVault(await newDirectory(context));
  const { id } = await vault.generate({ role: "targets", passphrases });
  const asked: PassphraseRequest[] = [];
  const answering = (answers: string[]): PassphraseProvider => {
    return async (request) => {
      asked.push(request);
      return answers[request.attempt - 1];
    };
  };
  assert.equal((await vault.open(id, answering(["wrong", "correct horse"]))).publicKey.id, id);
  assert.deepEqual(
    asked.map(({ attempt, purpose, keyId, isNew }) => [attempt, purpose, keyId, isNew]),
    [
      [1, "targets", id, false],
      [2, "targets", id, false],
    ],
  );
  asked.length = 0;
  await assert.rejects(vault.open(id, answering(["a", "b", "c", "correct horse"])), coded("key.passphrase_wrong"));
  assert.equal(asked.length, 3);
  asked.length = 0;
  await assert.rejects(vault.open(id, answering(["same", "same"])), coded("key.passphrase_wrong"));
  assert.equal(asked.length, 2);
  await assert.rejects(vault.open(id, answering([])), coded("key.passphrase_missing"));
});

test("only a wrong passphrase is asked for again: a damaged file is not worth three prompts", async () => {
  let asked = 0;
  const provider: PassphraseProvider = async () => `try ${++asked}`;
  const fails = async () => parseKeyFile(new Uint8Array(3));
  await assert.rejects(withPassphrase(provider, { purpose: "root", keyId: undefined }, fails), coded("key.format"));
  assert.equal(asked, 1);
});

test("Notary's directories list their keys by file name and open with Notary's passphrases", async () => {
  const directory = new URL("../../vectors/notary1/docker-trust-dir/private", import.meta.url).pathname;
  const store = openNotaryDirectory(directory);
  const keys = await store.list();
  assert.equal(keys.length, 7);
  assert.deepEqual([...new Set(keys.map(({ role }) => role))].sort(), ["alice", "bob", "root", "targets"]);
  for (const { id, purpose } of keys) {
    const signer = await store.open(id, always(purpose === "root" ? "rootpass1" : "repopass1"));
    assert.equal(signer.publicKey.id, id);
  }
});

for (const algorithm of ["ecdsa-p256", "ed25519"] as const) {
  const made = vaultSigner(algorithm);
  signerContract(`file vault, ${algorithm}`, () => made);
}

async function vaultSigner(algorithm: "ecdsa-p256" | "ed25519") {
  const directory = await mkdtemp(join(tmpdir(), "vault-"));
  const key = await generatePrivateKey(algorithm);
  const vault = openFileVault(directory);
  await vault.importKeys(Buffer.from(await writeNotaryKeyFile(key, "x", { role: "alice" })), {
    passphrases: always("x"),
  });
  const signer = await vault.open(publicKeyFromKeyObject(key).id, always("x"));
  await rm(directory, { recursive: true });
  const secret = key.export({ format: "der", type: "pkcs8" });
  return {
    signer,
    secrets: ["PRIVATE", secret.toString("base64").slice(0, 60), secret.toString("hex").slice(40, 100)],
  };
}

signerContract("memory", async () => ({ signer: await generateSigner("ecdsa-p256"), secrets: ["PRIVATE"] }));
