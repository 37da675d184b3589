// The recovery kit survives paper, and nothing that was changed on the way passes for it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ErrorCode, encodeUtf8, isCountersignError, parseGun } from "../bytes/index.ts";
import { fingerprintOf, makeRecoveryKit, parseRecoveryKit } from "./recovery-kit.ts";
import { generateRecoveryPassphrase, tidyRecoveryPassphrase } from "./recovery-passphrase.ts";

const gun = parseGun("registry.example.com/team/app");
const now = Date.UTC(2026, 10, 22);
const passphrase = generateRecoveryPassphrase();
const { signer, text } = await makeRecoveryKit({ gun, passphrase, now });

function coded(code: ErrorCode) {
  return (error: unknown) => isCountersignError(error, code) || assert.fail(`got ${String(error)}`);
}

test("a kit read back signs as the key it was made with", async () => {
  const kit = parseRecoveryKit(encodeUtf8(text));
  assert.deepEqual([kit.gun, kit.keyId, kit.made], [gun, signer.publicKey.id, "2026-11-22"]);
  const opened = await kit.open(async ({ purpose }) => (purpose === "recovery" ? passphrase : undefined));
  assert.equal(opened.publicKey.id, signer.publicKey.id);
});

test("line endings, blanks at line ends and a byte order mark do not matter", () => {
  const crlf = `\uFEFF${text.replace(/\n/g, "  \r\n")}\r\n\r\n`;
  assert.equal(parseRecoveryKit(encodeUtf8(crlf)).keyId, signer.publicKey.id);
});

test("a passphrase typed from paper opens the kit: lower case, blanks, O for 0, l for 1", async () => {
  const typed = passphrase.toLowerCase().replace(/-/g, " ").replace(/0/g, "o").replace(/1/g, "l");
  const kit = parseRecoveryKit(encodeUtf8(text));
  assert.equal((await kit.open(async () => typed)).publicKey.id, signer.publicKey.id);
  await assert.rejects(
    kit.open(async () => "wrong"),
    coded("key.passphrase_wrong"),
  );
});

test("one changed character anywhere is noticed", () => {
  for (let at = 0; at < text.length - 1; at++) {
    if (/\s/.test(text.charAt(at))) continue;
    const changed = `${text.slice(0, at)}${text.charAt(at) === "X" ? "Y" : "X"}${text.slice(at + 1)}`;
    assert.throws(() => parseRecoveryKit(encodeUtf8(changed)), coded("key.format"), `character ${at}`);
  }
});

test("a missing line, text after the end and no text at all are refused", () => {
  const lines = text.split("\n");
  for (let index = 0; index < lines.length - 1; index++) {
    // A blank line at the very end does not count; every other line does.
    const shorter = lines.toSpliced(index, 1).join("\n");
    assert.throws(() => parseRecoveryKit(encodeUtf8(shorter)), coded("key.format"), lines[index]);
  }
  assert.throws(() => parseRecoveryKit(encodeUtf8(`${text}more`)), coded("key.format"));
  assert.throws(() => parseRecoveryKit(new Uint8Array()), coded("key.format"));
  assert.throws(() => parseRecoveryKit(new Uint8Array(16 * 1024 + 1)), coded("limit.exceeded"));
});

test("a kit for another collection made to fit the checksum is refused by its key block", async () => {
  const { createHash } = await import("node:crypto");
  const renamed = text.replace(`Collection:  ${gun}`, "Collection:  registry.example.com/other");
  const covered = renamed.slice(0, renamed.indexOf("\nChecksum:"));
  const digest = createHash("sha256").update(covered).digest("hex").slice(0, 20).match(/.{4}/g)?.join("-");
  const forged = `${covered}\nChecksum:    ${digest}\n`;
  assert.throws(() => parseRecoveryKit(encodeUtf8(forged)), /do not belong together/);
});

test("the text holds no passphrase and only an encrypted key", () => {
  assert.ok(!text.includes(passphrase) && text.includes("ENCRYPTED PRIVATE KEY"));
  assert.ok(text.includes(fingerprintOf(signer.publicKey.id)));
});

test("generated passphrases hold 140 bits and do not repeat", () => {
  const many = Array.from({ length: 500 }, () => generateRecoveryPassphrase());
  assert.equal(new Set(many).size, 500);
  for (const one of many) {
    assert.match(one, /^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
    assert.equal(tidyRecoveryPassphrase(one), one);
  }
  const letters = new Set(many.join("").replace(/-/g, ""));
  assert.equal(letters.size, 32);
});

test("a passphrase of the user's own is left as it is", () => {
  for (const own of ["correct horse battery staple", " spaced ", "olIL", "ÄÖ"])
    assert.equal(tidyRecoveryPassphrase(own), own);
});
