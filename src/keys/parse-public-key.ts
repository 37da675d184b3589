// Public keys from every form in which documents and files hold them. Whatever the form (compressed point, missing RSA
// parameters, PEM or DER), one key ends as one normalised SubjectPublicKeyInfo (RFC 5280, 5480, 8017, 8410) and one
// identity: a threshold counts identities, and a second spelling of a key must not count as a second key.
import { Buffer } from "node:buffer";
import { createPublicKey, type KeyObject } from "node:crypto";
import {
  CountersignError,
  DerReader,
  decodeHex,
  derBitString,
  derInteger,
  derNull,
  derObjectIdentifier,
  derSequence,
  encodeHex,
  equalBytes,
  parsePem,
} from "../bytes/index.ts";
import { canonicalKeyId } from "./key-id.ts";
import type { KeyAlgorithm, PublicKey } from "./public-key.ts";

const oidRsa = "1.2.840.113549.1.1.1";
const oidEc = "1.2.840.10045.2.1";
const oidEd25519 = "1.3.101.112";

interface Curve {
  readonly algorithm: KeyAlgorithm;
  readonly oid: string;
  /** Bytes of one coordinate. */
  readonly size: number;
}

const curves: readonly Curve[] = [
  { algorithm: "ecdsa-p256", oid: "1.2.840.10045.3.1.7", size: 32 },
  { algorithm: "ecdsa-p384", oid: "1.3.132.0.34", size: 48 },
  { algorithm: "ecdsa-p521", oid: "1.3.132.0.35", size: 66 },
];

/** As Notary: shorter RSA keys are refused. Longer than the upper bound only wastes the verifier's time. */
const minRsaBits = 2048;
const maxRsaBits = 8192;
const maxSpkiBytes = 4096;

/** Importing a key costs more than a verification with it, and a reader meets the same few keys again and again. */
const cacheEntries = 2048;
const cache = new Map<string, PublicKey>();

/** DER SubjectPublicKeyInfo. @throws der.invalid, key.unsupported */
export function publicKeyFromSpki(spki: Uint8Array): PublicKey {
  return cachedKey(spki, undefined);
}

/** `imported`: a KeyObject of exactly these bytes, if there is one already. */
function cachedKey(spki: Uint8Array, imported: KeyObject | undefined): PublicKey {
  if (spki.length > maxSpkiBytes) {
    throw new CountersignError("key.unsupported", `a public key of ${spki.length} bytes; the limit is ${maxSpkiBytes}`);
  }
  const name = encodeHex(spki);
  const known = cache.get(name);
  if (known !== undefined) return known;
  const publicKey = parseSpki(spki, imported);
  if (cache.size >= cacheEntries) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  }
  cache.set(name, publicKey);
  return publicKey;
}

/** Text with exactly one PEM block, `PUBLIC KEY`. @throws encoding.invalid, der.invalid, key.unsupported, limit.exceeded */
export function publicKeyFromPem(text: string): PublicKey {
  const [block, ...others] = parsePem(text);
  if (block === undefined || others.length > 0 || block.label !== "PUBLIC KEY") {
    const found = block === undefined ? "none" : [block, ...others].map(({ label }) => label).join(", ");
    throw new CountersignError("key.unsupported", `expected one PEM block PUBLIC KEY, got: ${found.slice(0, 80)}`);
  }
  return publicKeyFromSpki(block.bytes);
}

/** The 32 bytes of RFC 8032. @throws key.unsupported */
export function publicKeyFromRawEd25519(bytes: Uint8Array): PublicKey {
  return publicKeyFromSpki(ed25519Spki(bytes));
}

/** A public KeyObject, or the public half of a private one. @throws key.unsupported */
export function publicKeyFromKeyObject(key: KeyObject): PublicKey {
  if (key.type === "secret") throw new CountersignError("key.unsupported", "a secret key has no public half");
  const publicHalf = key.type === "public" ? key : createPublicKey(key);
  const spki = new Uint8Array(publicHalf.export({ type: "spki", format: "der" }));
  return cachedKey(spki, publicHalf);
}

/** A P-256, P-384 or P-521 point (SEC 1: 02, 03 or 04 first) in hex, as old TUF metadata holds it. @throws encoding.invalid, key.unsupported, der.invalid */
export function publicKeyFromHexPoint(hex: string): PublicKey {
  const point = decodeHex(hex);
  const isCompressed = point[0] === 2 || point[0] === 3;
  const curve = curves.find(({ size }) => point.length === 1 + size * (isCompressed ? 1 : 2));
  if (curve === undefined) throw unsupported(`a point of ${point.length} bytes is on no curve we use`);
  return publicKeyFromSpki(ecSpki(curve, point));
}

function parseSpki(spki: Uint8Array, imported: KeyObject | undefined): PublicKey {
  // Taken over only when the bytes are the normal form already: then importing them could give nothing else.
  const importKey = (algorithm: KeyAlgorithm, normal: Uint8Array): PublicKey =>
    publicKeyOf(algorithm, normal, imported !== undefined && equalBytes(normal, spki) ? imported : importSpki(normal));
  const outer = new DerReader(spki);
  const reader = outer.enter();
  outer.end();
  const algorithm = reader.enter();
  const oid = algorithm.objectIdentifier();
  const content = reader.bitString();
  reader.end();
  switch (oid) {
    case oidRsa:
      if (!algorithm.isAtEnd) algorithm.null();
      algorithm.end();
      return importKey("rsa", rsaSpki(content));
    case oidEc: {
      const named = algorithm.objectIdentifier();
      algorithm.end();
      const curve = curves.find((candidate) => candidate.oid === named);
      if (curve === undefined) throw unsupported(`an elliptic curve ${named}`);
      return importKey(curve.algorithm, ecSpki(curve, uncompressedPoint(curve, content)));
    }
    case oidEd25519:
      algorithm.end();
      return importKey("ed25519", ed25519Spki(content));
    default:
      throw unsupported(`a public key of algorithm ${oid}`);
  }
}

function publicKeyOf(algorithm: KeyAlgorithm, spki: Uint8Array, keyObject: KeyObject): PublicKey {
  return Object.freeze({ algorithm, spki, id: canonicalKeyId(algorithm, spki), keyObject });
}

function importSpki(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch (cause) {
    throw new CountersignError("key.unsupported", "a public key that is not a valid one of its kind", { cause });
  }
}

function rsaSpki(content: Uint8Array): Uint8Array {
  const outer = new DerReader(content);
  const reader = outer.enter();
  outer.end();
  const modulus = reader.unsignedInteger();
  const exponent = reader.unsignedInteger();
  reader.end();
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  if (bits < minRsaBits || bits > maxRsaBits) {
    throw unsupported(`an RSA key of ${bits} bits; ${minRsaBits} to ${maxRsaBits} are taken`);
  }
  const isOdd = ((exponent.at(-1) ?? 0) & 1) === 1;
  const isOne = exponent.length === 1 && exponent[0] === 1;
  if (!isOdd || isOne || exponent.length > 4) throw unsupported("an RSA key with an unusual exponent");
  return derSequence(
    derSequence(derObjectIdentifier(oidRsa), derNull()),
    derBitString(derSequence(derInteger(modulus), derInteger(exponent))),
  );
}

function ecSpki(curve: Curve, point: Uint8Array): Uint8Array {
  return derSequence(derSequence(derObjectIdentifier(oidEc), derObjectIdentifier(curve.oid)), derBitString(point));
}

function uncompressedPoint(curve: Curve, point: Uint8Array): Uint8Array {
  if (point[0] === 4 && point.length === 1 + 2 * curve.size) return point;
  const isCompressed = (point[0] === 2 || point[0] === 3) && point.length === 1 + curve.size;
  if (!isCompressed) throw unsupported("an elliptic curve point in an unknown form");
  const { x, y } = importSpki(ecSpki(curve, point)).export({ format: "jwk" });
  if (x === undefined || y === undefined) throw unsupported("an elliptic curve point without coordinates");
  return Buffer.concat([Uint8Array.of(4), Buffer.from(x, "base64url"), Buffer.from(y, "base64url")]);
}

function ed25519Spki(raw: Uint8Array): Uint8Array {
  if (raw.length !== 32) throw unsupported(`an Ed25519 key of ${raw.length} bytes instead of 32`);
  refuseWeakEd25519(raw);
  return derSequence(derSequence(derObjectIdentifier(oidEd25519)), derBitString(raw));
}

/** The y coordinates of the points of order 1, 2, 4 and 8, little-endian: under such a key anybody's signature verifies. */
const smallOrder: ReadonlySet<string> = new Set([
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/** Refuses keys of small order, and y >= 2^255 - 19, a second spelling of a smaller y. */
function refuseWeakEd25519(raw: Uint8Array): void {
  const y = Uint8Array.from(raw);
  const top = (y[31] ?? 0) & 0x7f;
  y[31] = top;
  const isBeyondPrime = top === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff) && (y[0] ?? 0) >= 0xed;
  if (isBeyondPrime || smallOrder.has(encodeHex(y))) throw unsupported("an Ed25519 key that protects nothing");
}

function unsupported(what: string): CountersignError {
  return new CountersignError("key.unsupported", `cannot use ${what}`);
}
