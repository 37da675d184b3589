// A signer's key pair on disk: modes, names that could leave the directory, files that are no keys.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { CountersignError } from "../bytes/index.ts";
import { readPublicKeyFile } from "../flows/index.ts";
import { openNotaryVault } from "../signers/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { generateSignerKey, loadSignerKey, parseKeyName } from "./key-files.ts";

const passphrases = async (): Promise<string> => "correct-horse";
const refused = (error: unknown): boolean => error instanceof CountersignError && error.kind !== "bug";

it("a name that could leave the directory or hide an option is none", () => {
  for (const name of ["", "..", "a/b", "../x", "-x", "Bad", "a b", "a\n", "é", "a.b", `${"x".repeat(20)}/`]) {
    assert.throws(() => parseKeyName(name), refused, JSON.stringify(name));
  }
  for (const name of ["a", "0", "bob_2", "a-b"]) assert.equal(parseKeyName(name), name);
});

it("the private half is closed, the public half bears the name, and nothing there is overwritten", async () => {
  await using directory = await temporaryDirectory();
  const vault = openNotaryVault(join(directory.path, "private"));
  const make = () => generateSignerKey(vault, { name: "ann", directory: directory.path, passphrases }, () => undefined);
  const path = await make();
  const [key] = await vault.list();
  assert.ok(key !== undefined);
  assert.equal((await stat(key.path)).mode & 0o777, 0o600);
  assert.deepEqual([key.role, key.isEncrypted], ["ann", true]);
  const { publicKey, name } = await readPublicKeyFile(path, Date.now());
  assert.deepEqual([publicKey.id, name], [key.id, "ann"]);
  const before = await readFile(path, "utf8");
  await assert.rejects(make(), refused);
  assert.equal(await readFile(path, "utf8"), before);
  assert.equal((await vault.list()).length, 1, "no key is made that nobody could name");
});

it("a key that others may read, a directory, a public key or nothing at all is not loaded", async () => {
  await using directory = await temporaryDirectory();
  const vault = openNotaryVault(join(directory.path, "private"));
  const load = (name: string) =>
    loadSignerKey(vault, { path: join(directory.path, name), shownPath: name, name: "bob", passphrases });
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(join(directory.path, "bob.key"), privateKey.export({ type: "pkcs8", format: "pem" }), {
    mode: 0o600,
  });
  await writeFile(join(directory.path, "bob.pub"), publicKey.export({ type: "spki", format: "pem" }), { mode: 0o600 });
  await mkdir(join(directory.path, "folder"), { mode: 0o700 });
  for (const name of ["bob.pub", "folder", "missing"]) await assert.rejects(load(name), refused, name);
  await chmod(join(directory.path, "bob.key"), 0o640);
  await assert.rejects(load("bob.key"), /must not be readable or writable by others/);
  await chmod(join(directory.path, "bob.key"), 0o600);
  await load("bob.key");
  const [file] = await readdir(join(directory.path, "private"));
  const before = await readFile(join(directory.path, "private", file ?? ""), "utf8");
  await load("bob.key");
  assert.equal(await readFile(join(directory.path, "private", file ?? ""), "utf8"), before);
});

it("an encrypted key without docker's path header is stored, not only said to be", async () => {
  await using directory = await temporaryDirectory();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const pem = privateKey.export({ type: "sec1", format: "pem", cipher: "aes-256-cbc", passphrase: "correct-horse" });
  const path = join(directory.path, "bob.key");
  await writeFile(path, pem, { mode: 0o600 });
  const vault = openNotaryVault(join(directory.path, "private"));
  await loadSignerKey(vault, { path, shownPath: "bob.key", name: "bob", passphrases });
  const [key] = await vault.list();
  assert.equal(key?.role, "bob");
  assert.ok(key !== undefined && (await vault.open(key.id, passphrases)).publicKey.id === key.id);
});

it("of a file of several keys all are loaded, also when one is there already; a damaged one in its place is no success", async () => {
  await using directory = await temporaryDirectory();
  const folder = join(directory.path, "private");
  const vault = openNotaryVault(folder);
  const pems = [1, 2].map(() =>
    generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  );
  const path = join(directory.path, "keys.pem");
  const load = async (...texts: readonly (string | undefined)[]) => {
    await writeFile(path, texts.join(""), { mode: 0o600 });
    await loadSignerKey(vault, { path, shownPath: "keys.pem", name: "bob", passphrases });
  };
  await load(pems[0]);
  const [first] = await vault.list();
  await load(...pems);
  assert.equal((await vault.list()).length, 2);
  await writeFile(first?.path ?? "", "half of a k");
  await assert.rejects(load(...pems), /a damaged file is in the place of key/);
});
