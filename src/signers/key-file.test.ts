// Every key file that Notary's own programs wrote opens; every wrong, short or costly one gives a coded error.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import {
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  type ErrorCode,
  encodeUtf8,
  formatPem,
  isCountersignError,
  parsePem,
} from "../bytes/index.ts";
import { generatePrivateKey, publicKeyFromKeyObject } from "../keys/index.ts";
import { parseKeyFile, writeKeyFile, writeNotaryKeyFile } from "./key-file.ts";

const vectors = new URL("../../vectors/notary1/", import.meta.url);
const read = (path: string) => new Uint8Array(readFileSync(new URL(path, vectors)));

interface KeyVector {
  readonly Name: string;
  readonly CanonicalKeyID: string;
  readonly PrivatePEM?: string;
  readonly PrivateEncryptedPEM?: string;
  readonly Passphrase: string;
}
const keyVectors = JSON.parse(readFileSync(new URL("keys/key-vectors.json", vectors), "utf8")) as KeyVector[];

function only(bytes: Uint8Array) {
  const [entry, second] = parseKeyFile(bytes);
  assert.ok(entry !== undefined && second === undefined);
  return entry;
}

function coded(code: ErrorCode) {
  return (error: unknown) => isCountersignError(error, code) || assert.fail(`expected ${code}, got ${String(error)}`);
}

test("every key vector opens, plain and encrypted, and has the id that Notary computed", async () => {
  let count = 0;
  for (const vector of keyVectors) {
    for (const [text, passphrase] of [
      [vector.PrivatePEM, undefined],
      [vector.PrivateEncryptedPEM, vector.Passphrase],
    ] as const) {
      if (text === undefined || text === "") continue;
      const key = await only(encodeUtf8(text)).open(passphrase);
      assert.equal(publicKeyFromKeyObject(key).id, vector.CanonicalKeyID, vector.Name);
      count++;
    }
  }
  assert.equal(count, 10);
});

test("every key file of the Notary and docker trust directories opens under the id that names it", async () => {
  const passphrases = JSON.parse(readFileSync(new URL("passphrases.json", vectors), "utf8"));
  const trees = [
    ["notary-trust-dir/private/", (role: string) => passphrases["notary-trust-dir"][role]],
    ["docker-trust-dir/private/", (role: string) => (role === "root" ? "rootpass1" : "repopass1")],
  ] as const;
  let count = 0;
  for (const [directory, passphraseFor] of trees) {
    for (const name of readdirSync(new URL(directory, vectors))) {
      const entry = only(read(`${directory}${name}`));
      assert.ok(entry.isEncrypted && entry.role !== undefined);
      const key = await entry.open(passphraseFor(entry.role));
      assert.equal(`${publicKeyFromKeyObject(key).id}.key`, name);
      count++;
    }
  }
  assert.equal(count, 10);
});

test("legacy DEK-Info files of each kind open and keep their headers", async () => {
  const opened = await Promise.all(
    ["legacy-ec.key", "legacy-ed25519.key", "legacy-rsa-root.key"].map(async (name) => {
      const entry = only(read(`keys/${name}`));
      return [entry.role, publicKeyFromKeyObject(await entry.open("fixturepass")).algorithm];
    }),
  );
  assert.deepEqual(opened, [
    [undefined, "ecdsa-p256"],
    [undefined, "ed25519"],
    ["root", "rsa"],
  ]);
});

test("a wrong passphrase is always called wrong, also when the padding looks right by chance", async () => {
  for (const name of ["ecdsa-p256.key", "legacy-ec.key", "legacy-ed25519.key", "rsa-2048.key"]) {
    const entry = only(read(`keys/${name}`));
    for (let attempt = 0; attempt < 300; attempt++) {
      await assert.rejects(entry.open(`wrong ${attempt}`), coded("key.passphrase_wrong"));
      if (name === "rsa-2048.key" && attempt > 20) break;
    }
  }
});

test("a missing or empty passphrase is missing, not wrong", async () => {
  for (const name of ["ecdsa-p256.key", "legacy-ec.key"]) {
    const entry = only(read(`keys/${name}`));
    await assert.rejects(entry.open(undefined), coded("key.passphrase_missing"));
    await assert.rejects(entry.open(""), coded("key.passphrase_missing"));
  }
});

test("a half-written file is damaged at whatever byte it ends, never a key and never a crash", () => {
  const whole = read("keys/ecdsa-p256.key");
  for (let length = 0; length < whole.length - 1; length += 7) {
    assert.throws(() => parseKeyFile(whole.subarray(0, length)), coded("key.format"));
  }
});

test("a damaged body gives a coded error whichever byte is damaged", async () => {
  const [block] = parsePem(new TextDecoder().decode(read("keys/ecdsa-p256.key")));
  assert.ok(block);
  const allowed: ErrorCode[] = ["key.format", "key.passphrase_wrong", "limit.exceeded", "key.unsupported"];
  for (let at = 0; at < block.bytes.length; at++) {
    const bytes = block.bytes.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 0x41;
    const entry = only(encodeUtf8(formatPem(block.label, bytes)));
    try {
      const key = await entry.open("fixturepass");
      // A changed bit of the IV may fall where DER keeps no information about the key.
      assert.ok(publicKeyFromKeyObject(key).id);
    } catch (error) {
      assert.ok(isCountersignError(error, ...allowed), String(error));
    }
  }
});

test("text that is no key file, and one that is too long, are refused with a code", () => {
  assert.throws(() => parseKeyFile(encodeUtf8("hello")), coded("key.format"));
  assert.throws(() => parseKeyFile(Uint8Array.of(0xff, 0xfe)), coded("key.format"));
  assert.throws(() => parseKeyFile(new Uint8Array(2 ** 20 + 1)), coded("limit.exceeded"));
  const [entry] = parseKeyFile(encodeUtf8(formatPem("DSA PRIVATE KEY", Uint8Array.of(1, 2, 3))));
  return assert.rejects(entry?.open(undefined) ?? Promise.resolve(), coded("key.format"));
});

function sealedWith(kdf: Uint8Array): Uint8Array {
  const cipher = derSequence(derObjectIdentifier("2.16.840.1.101.3.4.1.42"), derOctetString(new Uint8Array(16)));
  const pbes2 = derSequence(derObjectIdentifier("1.2.840.113549.1.5.13"), derSequence(kdf, cipher));
  return encodeUtf8(formatPem("ENCRYPTED PRIVATE KEY", derSequence(pbes2, derOctetString(new Uint8Array(32)))));
}

test("a key file cannot make this process derive for hours or eat its memory", async () => {
  const salt = derOctetString(new Uint8Array(8));
  const pbkdf2 = derSequence(
    derObjectIdentifier("1.2.840.113549.1.5.12"),
    derSequence(salt, derInteger(2 ** 31 - 1), derSequence(derObjectIdentifier("1.2.840.113549.2.7"), derNull())),
  );
  const scrypt = (cost: number, size: number, lanes: number) =>
    derSequence(
      derObjectIdentifier("1.3.6.1.4.1.11591.4.11"),
      derSequence(salt, derInteger(cost), derInteger(size), derInteger(lanes)),
    );
  for (const kdf of [pbkdf2, scrypt(2 ** 22, 8, 1), scrypt(2 ** 14, 8, 2 ** 20), scrypt(2, 2 ** 30, 1)]) {
    await assert.rejects(only(sealedWith(kdf)).open("x"), coded("limit.exceeded"));
  }
  await assert.rejects(only(sealedWith(scrypt(1000, 8, 1))).open("x"), coded("key.format"));
  await assert.rejects(only(sealedWith(scrypt(2 ** 14, 0, 1))).open("x"), coded("key.format"));
});

test("a key file whose public half is another key's is refused: what it signs would verify for nobody", async () => {
  const [mine, other] = await Promise.all([generatePrivateKey(), generatePrivateKey()]);
  const [a, b] = [mine, other].map((key) => key.export({ format: "der", type: "pkcs8" }));
  assert.ok(a && b);
  const mixed = Buffer.concat([a.subarray(0, a.length - 64), b.subarray(b.length - 64)]);
  const entry = only(encodeUtf8(formatPem("PRIVATE KEY", mixed)));
  await assert.rejects(entry.open(undefined), coded("key.format"));
});

test("our form and Notary's read back for every kind of key, and our header names the public key", async () => {
  for (const algorithm of ["ecdsa-p256", "ecdsa-p384", "ed25519", "rsa"] as const) {
    const key = await generatePrivateKey(algorithm);
    const { id } = publicKeyFromKeyObject(key);
    const ours = only(encodeUtf8(await writeKeyFile(key, "correct horse", { role: "root", gun: "example.com/app" })));
    assert.deepEqual([ours.role, ours.gun, ours.publicKey?.id], ["root", "example.com/app", id]);
    const notarys = only(encodeUtf8(await writeNotaryKeyFile(key, "correct horse", { role: "targets", gun: "g" })));
    assert.deepEqual([notarys.role, notarys.gun, notarys.path], ["targets", "g", id]);
    for (const entry of [ours, notarys]) {
      assert.equal(publicKeyFromKeyObject(await entry.open("correct horse")).id, id);
    }
  }
});

test("Notary's form drops the collection's name from every role but targets and snapshot", async () => {
  const key = await generatePrivateKey();
  assert.equal(only(encodeUtf8(await writeNotaryKeyFile(key, "pw", { role: "root", gun: "g" }))).gun, undefined);
  assert.equal(only(encodeUtf8(await writeNotaryKeyFile(key, "pw", { role: "alice", gun: "g" }))).gun, undefined);
});

test("Notary's form is Notary's bytes: the plain key inside re-encodes identically", async () => {
  const { notaryPkcs8 } = await import("./private-key-info.ts");
  for (const vector of keyVectors) {
    if (vector.PrivatePEM === undefined || vector.PrivatePEM === "") continue;
    const [block] = parsePem(vector.PrivatePEM);
    const key = await only(encodeUtf8(vector.PrivatePEM)).open(undefined);
    assert.deepEqual(Buffer.from(notaryPkcs8(key)), Buffer.from(block?.bytes ?? []), vector.Name);
  }
});

test("Node opens the body of our own form without us", async () => {
  const key = await generatePrivateKey();
  const [block] = parsePem(await writeKeyFile(key, "correct horse", { role: "root" }));
  assert.ok(block);
  const opened = createPrivateKey({
    key: Buffer.from(block.bytes),
    format: "der",
    type: "pkcs8",
    passphrase: "correct horse",
  });
  assert.ok(opened.equals(key));
});

test("keys encrypted by OpenSSL in its usual ways open", { skip: !hasOpenssl() && "no openssl" }, async () => {
  const key = await generatePrivateKey();
  const plain = key.export({ format: "pem", type: "pkcs8" });
  const run = (args: string[]) => new Uint8Array(execFileSync("openssl", args, { input: plain }));
  const pkcs8 = ["pkcs8", "-topk8", "-passout", "pass:secret"];
  const files = [
    run(pkcs8),
    run([...pkcs8, "-scrypt"]),
    run([...pkcs8, "-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"]),
    run([...pkcs8, "-v2", "des3", "-v2prf", "hmacWithSHA1"]),
    run(["ec", "-aes256", "-passout", "pass:secret"]),
    run(["ec"]),
  ];
  for (const file of files) {
    const entry = only(file);
    const opened = await entry.open(entry.isEncrypted ? "secret" : undefined);
    assert.equal(publicKeyFromKeyObject(opened).id, publicKeyFromKeyObject(key).id);
  }
  await assert.rejects(only(run([...pkcs8, "-v1", "PBE-SHA1-3DES"])).open("secret"), coded("key.format"));
});

function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

test("no error about a key file shows the passphrase or the key", async () => {
  const secret = "hunter2-very-secret";
  const entry = only(read("keys/ecdsa-p256.key"));
  const error: unknown = await entry.open(secret).catch((caught: unknown) => caught);
  const shown: string[] = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) shown.push(at.message, String(at.stack));
  assert.ok(shown.length > 0 && !shown.join("\n").includes(secret));
});

test("a cipher that is not read, and a key of OpenSSH, say how to write the key anew", async () => {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const passphrase = "x";
  const pem = privateKey.export({ type: "pkcs8", format: "pem", cipher: "camellia-256-cbc", passphrase });
  const hinted = (pattern: RegExp) => (error: unknown) =>
    isCountersignError(error, "key.format") && pattern.test(error.hints.join());
  await assert.rejects(only(Buffer.from(pem)).open(passphrase), hinted(/openssl pkcs8 -topk8 -v2 aes-256-cbc/));
  const ssh = formatPem("OPENSSH PRIVATE KEY", encodeUtf8("openssh-key-v1"), new Map());
  const open = async () => only(encodeUtf8(ssh)).open(undefined);
  await assert.rejects(open(), hinted(/ssh-keygen -p -m PKCS8/));
});
