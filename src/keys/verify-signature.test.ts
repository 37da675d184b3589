// A signature counts only in the one right form, with the scheme that belongs to the key. Nothing here may throw.
import assert from "node:assert/strict";
import { generateKeyPairSync, constants as nodeConstants, sign as nodeSign } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";
import { derElement, derInteger, derSequence, encodeUtf8 } from "../bytes/index.ts";
import { generateSigner, signerFromPrivateKey } from "./memory-signer.ts";
import type { KeyAlgorithm, SignatureScheme } from "./public-key.ts";
import { schemeFits, verifySignature } from "./verify-signature.ts";

const message = encodeUtf8("message");
const algorithms = [
  "ecdsa-p256",
  "ecdsa-p384",
  "ecdsa-p521",
  "rsa",
  "ed25519",
] as const satisfies readonly KeyAlgorithm[];
const signers = await Promise.all(algorithms.map((algorithm) => generateSigner(algorithm)));
const schemes = [
  "ecdsa-sha256-raw",
  "ecdsa-sha256-der",
  "ecdsa-sha384-der",
  "ecdsa-sha512-der",
  "ed25519",
  "rsa-pss-sha256",
  "rsa-pss-sha384",
  "rsa-pss-sha512",
  "rsa-pkcs1v15-sha256",
  "rsa-pkcs1v15-sha384",
  "rsa-pkcs1v15-sha512",
] as const satisfies readonly SignatureScheme[];

test("every scheme verifies under its own key and scheme only", async () => {
  for (const signer of signers) {
    for (const scheme of schemes) {
      if (!schemeFits(signer.publicKey.algorithm, scheme)) {
        await assert.rejects(signer.sign(message, scheme), { code: "key.unsupported" });
        continue;
      }
      const signature = await signer.sign(message, scheme);
      for (const other of signers) {
        for (const otherScheme of schemes) {
          const expected = other === signer && otherScheme === scheme;
          const actual = verifySignature(other.publicKey, otherScheme, message, signature);
          assert.equal(actual, expected, `${scheme} as ${otherScheme}`);
        }
      }
    }
  }
});

test("raw ECDSA signatures are exactly twice the curve's size", async () => {
  for (const [index, size] of [64, 96, 132].entries()) {
    const signer = signers[index];
    assert.ok(signer);
    const signature = await signer.sign(message, "ecdsa-sha256-raw");
    assert.equal(signature.length, size);
    const check = (bytes: Uint8Array) => verifySignature(signer.publicKey, "ecdsa-sha256-raw", message, bytes);
    assert.equal(check(signature), true);
    assert.equal(check(signature.subarray(1)), false);
    assert.equal(check(signature.subarray(0, -1)), false);
    assert.equal(check(Uint8Array.of(...signature, 0)), false);
    assert.equal(check(Uint8Array.of(0, ...signature)), false);
    assert.equal(check(new Uint8Array(0)), false);
    // The forgery of CVE-2022-21449: r = s = 0 must not verify for everything.
    assert.equal(check(new Uint8Array(size)), false);
  }
});

test("a DER signature respelled in BER, padded or followed by bytes does not count", async () => {
  const [signer] = signers;
  assert.ok(signer);
  const check = (bytes: Uint8Array) => verifySignature(signer.publicKey, "ecdsa-sha256-der", message, bytes);
  const raw = await signer.sign(message, "ecdsa-sha256-raw");
  const [r, s] = [raw.subarray(0, 32), raw.subarray(32)];
  const good = derSequence(derInteger(r), derInteger(s));
  assert.equal(check(good), true);
  const body = good.subarray(2);
  assert.equal(check(Uint8Array.of(...good, 0)), false);
  assert.equal(check(Uint8Array.of(0x30, 0x81, body.length, ...body)), false);
  assert.equal(check(Uint8Array.of(0x30, 0x80, ...body, 0, 0)), false);
  assert.equal(check(derElement(0x30, body, Uint8Array.of(5, 0))), false);
  assert.equal(check(derSequence(derElement(2, Uint8Array.of(0, 0), r), derInteger(s))), false);
  assert.equal(check(derSequence(derInteger(0), derInteger(0))), false);
  assert.equal(check(derSequence(derInteger(new Uint8Array(40).fill(1)), derInteger(s))), false);
  assert.equal(check(raw), false);
});

test("RSA-PSS signatures with any salt count, of another length do not", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { publicKey } = signerFromPrivateKey(privateKey);
  for (const saltLength of [0, 20, 32, 222]) {
    const padding = nodeConstants.RSA_PKCS1_PSS_PADDING;
    const signature = nodeSign("sha256", message, { key: privateKey, padding, saltLength });
    assert.equal(verifySignature(publicKey, "rsa-pss-sha256", message, signature), true);
    assert.equal(verifySignature(publicKey, "rsa-pss-sha256", message, Uint8Array.of(0, ...signature)), false);
    assert.equal(verifySignature(publicKey, "rsa-pss-sha256", message, signature.subarray(1)), false);
  }
});

test("signatures by RSA carry the salt length that Notary insists on", async () => {
  const signer = signers[3];
  assert.ok(signer);
  const { verify } = await import("node:crypto");
  const signature = await signer.sign(message, "rsa-pss-sha256");
  const padding = nodeConstants.RSA_PKCS1_PSS_PADDING;
  const key = signer.publicKey.keyObject;
  assert.equal(verify("sha256", message, { key, padding, saltLength: 32 }, signature), true);
});

test("no property, JSON or debug print of a Signer reaches its secret", () => {
  const { privateKey } = generateKeyPairSync("ed25519");
  const secret = privateKey.export({ format: "jwk" }).d ?? "";
  const signer = signerFromPrivateKey(privateKey);
  assert.ok(secret.length > 40);
  assert.deepEqual(Reflect.ownKeys(signer), ["publicKey", "sign"]);
  const shown = inspect(signer, { depth: 10, showHidden: true }) + JSON.stringify(signer) + String(signer.sign);
  assert.equal(shown.includes(secret), false);
  assert.equal(signer.publicKey.keyObject.type, "public");
  assert.throws(() => signerFromPrivateKey(signer.publicKey.keyObject), { code: "key.unsupported" });
});
