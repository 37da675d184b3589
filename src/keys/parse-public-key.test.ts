// One key must have one identity in every spelling, and no weak or malformed key may get in: a threshold counts identities.
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import {
  DerReader,
  decodeHex,
  derBitString,
  derElement,
  derInteger,
  derNull,
  derObjectIdentifier,
  derSequence,
  encodeHex,
  formatPem,
} from "../bytes/index.ts";
import { generateSigner } from "./memory-signer.ts";
import {
  publicKeyFromHexPoint,
  publicKeyFromKeyObject,
  publicKeyFromPem,
  publicKeyFromRawEd25519,
  publicKeyFromSpki,
} from "./parse-public-key.ts";

const oidRsa = "1.2.840.113549.1.1.1";
const p256 = await generateSigner("ecdsa-p256");
const rsa = await generateSigner("rsa");

/** The parts of an RSA SubjectPublicKeyInfo. */
function rsaParts(spki: Uint8Array): { modulus: Uint8Array; exponent: Uint8Array } {
  const reader = new DerReader(spki).enter();
  reader.enter();
  const key = new DerReader(reader.bitString()).enter();
  return { modulus: key.unsignedInteger(), exponent: key.unsignedInteger() };
}

function rsaSpki(
  modulus: Uint8Array,
  exponent: Uint8Array,
  parameters: readonly Uint8Array[] = [derNull()],
): Uint8Array {
  return derSequence(
    derSequence(derObjectIdentifier(oidRsa), ...parameters),
    derBitString(derSequence(derInteger(modulus), derInteger(exponent))),
  );
}

for (const algorithm of ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"] as const) {
  test(`a compressed ${algorithm} point is the same key`, async () => {
    const { publicKey } = await generateSigner(algorithm);
    const { id, spki } = publicKey;
    const size = { "ecdsa-p256": 32, "ecdsa-p384": 48, "ecdsa-p521": 66 }[algorithm];
    const point = spki.subarray(-(2 * size + 1));
    const compressed = Uint8Array.of(2 + ((point.at(-1) ?? 0) & 1), ...point.subarray(1, 1 + size));
    const body = new DerReader(spki).enter();
    const respelled = derSequence(body.next().bytes, derBitString(compressed));
    assert.equal(publicKeyFromSpki(respelled).id, id);
    assert.deepEqual(publicKeyFromSpki(respelled).spki, spki);
    assert.equal(publicKeyFromHexPoint(encodeHex(compressed)).id, id);
    assert.equal(publicKeyFromHexPoint(encodeHex(point).toUpperCase()).id, id);
    assert.equal(publicKeyFromPem(formatPem("PUBLIC KEY", spki)).id, id);
    const hybrid = Uint8Array.of(6 + ((point.at(-1) ?? 0) & 1), ...point.subarray(1));
    assert.throws(
      () => publicKeyFromSpki(derSequence(new DerReader(spki).enter().next().bytes, derBitString(hybrid))),
      {
        code: "key.unsupported",
      },
    );
  });
}

test("an RSA key without its NULL parameter is the same key", () => {
  const { modulus, exponent } = rsaParts(rsa.publicKey.spki);
  assert.equal(publicKeyFromSpki(rsaSpki(modulus, exponent, [])).id, rsa.publicKey.id);
});

test("an RSA key spelled with leading zeros is refused", () => {
  const { modulus, exponent } = rsaParts(rsa.publicKey.spki);
  const padded = derElement(0x02, Uint8Array.of(0, 0), modulus);
  const spki = derSequence(
    derSequence(derObjectIdentifier(oidRsa), derNull()),
    derBitString(derSequence(padded, derInteger(exponent))),
  );
  assert.throws(() => publicKeyFromSpki(spki), { code: "der.invalid" });
});

test("short and oversized RSA keys and odd exponents are refused", () => {
  const { modulus, exponent } = rsaParts(rsa.publicKey.spki);
  for (const [bad, e] of [
    [modulus.subarray(0, 255), exponent],
    [Uint8Array.of(0x7f, ...modulus.subarray(0, 255)), exponent],
    [new Uint8Array(1025).fill(0xff), exponent],
    [modulus, Uint8Array.of(1)],
    [modulus, Uint8Array.of(2)],
    [modulus, new Uint8Array(5).fill(0xff)],
  ] as const) {
    assert.throws(() => publicKeyFromSpki(rsaSpki(bad, e)), { code: "key.unsupported" });
  }
});

test("an RSA-PSS key, a DSA key and a curve of another kind are refused, not guessed at", () => {
  const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).publicKey;
  const secp256k1 = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey;
  const ed448 = generateKeyPairSync("ed448").publicKey;
  for (const key of [pss, secp256k1, ed448]) {
    assert.throws(() => publicKeyFromKeyObject(key), { code: "key.unsupported" });
  }
});

test("a point that is not on the curve is refused", () => {
  const spki = Uint8Array.from(p256.publicKey.spki);
  spki[spki.length - 1] = (spki.at(-1) ?? 0) ^ 1;
  assert.throws(() => publicKeyFromSpki(spki), { code: "key.unsupported" });
  assert.throws(() => publicKeyFromHexPoint(`04${"00".repeat(64)}`), { code: "key.unsupported" });
  assert.throws(() => publicKeyFromHexPoint("00"), { code: "key.unsupported" });
  assert.throws(() => publicKeyFromHexPoint(""), { code: "key.unsupported" });
  assert.throws(() => publicKeyFromHexPoint("zz"), { code: "encoding.invalid" });
});

// Under the identity point the signature R = identity, s = 0 verifies for every message: a key that signs for anybody.
for (const [name, hex] of [
  ["order 1", "0100000000000000000000000000000000000000000000000000000000000000"],
  ["order 1, other sign", "0100000000000000000000000000000000000000000000000000000000000080"],
  ["order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
  ["order 4", "0000000000000000000000000000000000000000000000000000000000000000"],
  ["order 4, other sign", "0000000000000000000000000000000000000000000000000000000000000080"],
  ["order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"],
  ["order 8, second", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"],
  ["y = p, a second spelling of 0", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
  ["y = p + 1, a second spelling of 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"],
  ["y = 2^255 - 1", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"],
] as const) {
  test(`an Ed25519 key of ${name} is refused`, () => {
    assert.throws(() => publicKeyFromRawEd25519(decodeHex(hex)), { code: "key.unsupported" });
  });
}

test("an Ed25519 key of the wrong length is refused", () => {
  for (const length of [0, 31, 33, 64]) {
    assert.throws(() => publicKeyFromRawEd25519(new Uint8Array(length).fill(7)), { code: "key.unsupported" });
  }
});

test("bytes after the key, inside it, or BER lengths are refused", () => {
  const { spki } = p256.publicKey;
  const body = spki.subarray(2);
  for (const bad of [
    Uint8Array.of(...spki, 0),
    Uint8Array.of(0x30, 0x81, body.length, ...body),
    Uint8Array.of(0x30, 0x80, ...body, 0, 0),
    derElement(0x30, body, Uint8Array.of(5, 0)),
    derElement(0x31, body),
    spki.subarray(0, -1),
    new Uint8Array(0),
  ]) {
    assert.throws(() => publicKeyFromSpki(bad), { code: "der.invalid" });
  }
  assert.throws(() => publicKeyFromSpki(new Uint8Array(5000)), { code: "key.unsupported" });
});

test("PEM with no key, two keys or another kind of block is refused", () => {
  const block = formatPem("PUBLIC KEY", p256.publicKey.spki);
  for (const bad of ["", block + block, formatPem("CERTIFICATE", p256.publicKey.spki)]) {
    assert.throws(() => publicKeyFromPem(bad), { code: "key.unsupported" });
  }
  assert.throws(() => publicKeyFromPem(block.slice(0, -10)), { code: "encoding.invalid" });
});

test("a secret key has no public half", async () => {
  const { createSecretKey } = await import("node:crypto");
  assert.throws(() => publicKeyFromKeyObject(createSecretKey(Buffer.alloc(32))), { code: "key.unsupported" });
});

test("the same key twice is one object, and changing the caller's bytes changes nothing", () => {
  const bytes = Uint8Array.from(p256.publicKey.spki);
  const first = publicKeyFromSpki(bytes);
  bytes.fill(0);
  assert.equal(publicKeyFromSpki(p256.publicKey.spki), first);
  assert.deepEqual(first.spki, p256.publicKey.spki);
  assert.equal(
    first.keyObject.equals(createPublicKey({ key: Buffer.from(first.spki), format: "der", type: "spki" })),
    true,
  );
});
