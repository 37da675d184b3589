// New keys in Notary's own folders and form: what we write there its programs read (the interop suite shows it with the real one), and
// what is there is never lost by a change of passphrase.
import assert from "node:assert/strict";
import { chmod, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type ErrorCode, isCountersignError, parseGun, parsePem } from "../bytes/index.ts";
import { parseCanonicalKeyId } from "../keys/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { openFileVault } from "./file-vault.ts";
import { openNotaryDirectory, openNotaryVault } from "./notary-directory.ts";
import type { PassphraseProvider } from "./passphrases.ts";
import { makeRecoveryKit } from "./recovery-kit.ts";
import { generateRecoveryPassphrase } from "./recovery-passphrase.ts";

const always =
  (text: string): PassphraseProvider =>
  async () =>
    text;

function coded(...codes: ErrorCode[]) {
  return (error: unknown) => isCountersignError(error, ...codes) || assert.fail(String(error));
}

test("a key lies in private/<id>.key, 0600, with Notary's headers: gun for targets and snapshot only, no path", async () => {
  await using temporary = await temporaryDirectory();
  const directory = join(temporary.path, "private");
  const vault = openNotaryVault(directory);
  const targets = await vault.generate({
    role: "targets",
    gun: "example.com/app",
    passphrases: always("a passphrase"),
  });
  const alice = await vault.generate({ role: "alice", gun: "example.com/app", passphrases: always("a passphrase") });
  const headers = async (path: string) => [...(parsePem(await readFile(path, "utf8"))[0]?.headers ?? [])];
  assert.deepEqual(await headers(targets.path), [
    ["gun", "example.com/app"],
    ["role", "targets"],
  ]);
  assert.deepEqual(await headers(alice.path), [["role", "alice"]]);
  assert.equal((await stat(targets.path)).mode & 0o777, 0o600);
  assert.equal((await stat(directory)).mode & 0o777, 0o700);
  const signer = await openNotaryDirectory(directory).open(targets.id, always("a passphrase"));
  assert.equal(signer.publicKey.id, targets.id);
  assert.deepEqual((await vault.list()).map(({ id }) => id).sort(), [targets.id, alice.id].sort());
});

test("another passphrase: the old one stops working, a wrong one and an unwritable folder change nothing", async () => {
  await using temporary = await temporaryDirectory();
  const vault = openNotaryVault(temporary.path);
  const { id, path } = await vault.generate({ role: "root", passphrases: always("old passphrase") });
  const before = await readFile(path);
  await assert.rejects(vault.changePassphrase(id, always("not the passphrase")), coded("key.passphrase_wrong"));
  assert.deepEqual(await readFile(path), before);
  const both: PassphraseProvider = async ({ isNew }) => (isNew ? "new passphrase" : "old passphrase");
  if (process.getuid?.() !== 0) {
    await chmod(temporary.path, 0o500);
    await assert.rejects(vault.changePassphrase(id, both), coded("disk.read_only"));
    await chmod(temporary.path, 0o700);
    assert.deepEqual(await readFile(path), before);
  }
  await vault.changePassphrase(id, both);
  await assert.rejects(vault.open(id, always("old passphrase")), coded("key.passphrase_wrong"));
  assert.equal((await vault.open(id, always("new passphrase"))).publicKey.id, id);
  assert.deepEqual(await readdir(temporary.path), [`${id}.key`]);
});

test("a key is removed only by its id, once", async () => {
  await using temporary = await temporaryDirectory();
  const vault = openNotaryVault(temporary.path);
  const { id } = await vault.generate({ role: "root", passphrases: always("a passphrase") });
  assert.equal(await vault.remove(parseCanonicalKeyId("0".repeat(64))), false);
  assert.equal(await vault.remove(id), true);
  assert.equal(await vault.remove(id), false);
  await assert.rejects(vault.changePassphrase(id, always("x")), coded("key.missing"));
});

test("a kit imported with its passphrase typed in lower case and with blanks opens, then and later, in either spelling", async () => {
  await using temporary = await temporaryDirectory();
  const vault = openFileVault(temporary.path);
  const passphrase = generateRecoveryPassphrase();
  const typed = ` ${passphrase.toLowerCase().replaceAll("-", " ").replaceAll("0", "o")} `;
  const gun = parseGun("example.com/app");
  const { text, signer } = await makeRecoveryKit({ gun, passphrase, now: Date.UTC(2026, 10, 22) });
  const [stored] = await vault.importKeys(Buffer.from(text), { passphrases: always(typed) });
  assert.deepEqual([stored?.id, stored?.purpose], [signer.publicKey.id, "recovery"]);
  for (const spelling of [typed, passphrase]) {
    assert.equal((await vault.open(signer.publicKey.id, always(spelling))).publicKey.id, signer.publicKey.id);
  }
  const own = await vault.generate({ role: "targets", passphrases: always(typed) });
  await assert.rejects(
    vault.open(own.id, always(passphrase)),
    coded("key.passphrase_wrong"),
    "other keys keep to the letter",
  );
});
