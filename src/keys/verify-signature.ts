// Checking one signature. A scheme that does not fit the key, or signature bytes in any but the one right form, are simply
// not a signature: false, never an error, so that a forger cannot choose how a verification fails.
// FIPS 186-5 (ECDSA), RFC 8032 (Ed25519), RFC 8017 (RSA).
import { constants, verify } from "node:crypto";
import { DerReader, derInteger, derSequence, isCountersignError } from "../bytes/index.ts";
import type { KeyAlgorithm, PublicKey, SignatureScheme } from "./public-key.ts";

export type SchemeHash = "sha256" | "sha384" | "sha512";

/** What a scheme computes, and with which keys. */
export interface SchemeParts {
  readonly algorithms: readonly KeyAlgorithm[];
  /** undefined: the scheme hashes for itself. */
  readonly hash: SchemeHash | undefined;
  readonly form: "raw" | "der" | "pss" | "pkcs1v15" | "eddsa";
}

const rsa: readonly KeyAlgorithm[] = ["rsa"];

const schemes: Readonly<Record<SignatureScheme, SchemeParts>> = {
  "ecdsa-sha256-raw": { algorithms: ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521"], hash: "sha256", form: "raw" },
  "ecdsa-sha256-der": { algorithms: ["ecdsa-p256"], hash: "sha256", form: "der" },
  "ecdsa-sha384-der": { algorithms: ["ecdsa-p384"], hash: "sha384", form: "der" },
  "ecdsa-sha512-der": { algorithms: ["ecdsa-p521"], hash: "sha512", form: "der" },
  ed25519: { algorithms: ["ed25519"], hash: undefined, form: "eddsa" },
  "rsa-pss-sha256": { algorithms: rsa, hash: "sha256", form: "pss" },
  "rsa-pss-sha384": { algorithms: rsa, hash: "sha384", form: "pss" },
  "rsa-pss-sha512": { algorithms: rsa, hash: "sha512", form: "pss" },
  "rsa-pkcs1v15-sha256": { algorithms: rsa, hash: "sha256", form: "pkcs1v15" },
  "rsa-pkcs1v15-sha384": { algorithms: rsa, hash: "sha384", form: "pkcs1v15" },
  "rsa-pkcs1v15-sha512": { algorithms: rsa, hash: "sha512", form: "pkcs1v15" },
};

export function schemeParts(scheme: SignatureScheme): SchemeParts {
  return schemes[scheme];
}

/** True when `scheme` can be computed with a key of this kind. */
export function schemeFits(algorithm: KeyAlgorithm, scheme: SignatureScheme): boolean {
  return schemes[scheme].algorithms.includes(algorithm);
}

/** True when `signature` is `publicKey`'s over `message`. Never throws on bad bytes. */
export function verifySignature(
  publicKey: PublicKey,
  scheme: SignatureScheme,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!schemeFits(publicKey.algorithm, scheme)) return false;
  const { form, hash } = schemes[scheme];
  const key = publicKey.keyObject;
  switch (form) {
    case "eddsa":
      return signature.length === 64 && verify(null, message, key, signature);
    case "pss": {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const saltLength = constants.RSA_PSS_SALTLEN_AUTO;
      return isRsaSized(publicKey, signature) && verify(hash, message, { key, padding, saltLength }, signature);
    }
    case "pkcs1v15": {
      const padding = constants.RSA_PKCS1_PADDING;
      return isRsaSized(publicKey, signature) && verify(hash, message, { key, padding }, signature);
    }
    // Both forms go in as DER: Node takes a bare KeyObject a third faster than one inside an object that names the encoding.
    case "raw": {
      const size = coordinateSize(publicKey.algorithm);
      return signature.length === 2 * size && verify(hash, message, key, derFromRaw(signature));
    }
    case "der": {
      const isStrict = rawFromDer(signature, coordinateSize(publicKey.algorithm)) !== undefined;
      return isStrict && verify(hash, message, key, signature);
    }
  }
}

/** RSA signatures are exactly as long as the modulus. */
function isRsaSized(publicKey: PublicKey, signature: Uint8Array): boolean {
  const bits = publicKey.keyObject.asymmetricKeyDetails?.modulusLength ?? 0;
  return signature.length === Math.ceil(bits / 8);
}

/** Octets of r, and of s. */
export function coordinateSize(algorithm: KeyAlgorithm): number {
  return algorithm === "ecdsa-p521" ? 66 : algorithm === "ecdsa-p384" ? 48 : 32;
}

function derFromRaw(raw: Uint8Array): Uint8Array {
  const size = raw.length / 2;
  return derSequence(derInteger(raw.subarray(0, size)), derInteger(raw.subarray(size)));
}

/** r||s of a strict DER SEQUENCE { r, s }; undefined when it is anything else. */
export function rawFromDer(signature: Uint8Array, size: number): Uint8Array | undefined {
  try {
    const outer = new DerReader(signature);
    const reader = outer.enter();
    const r = reader.unsignedInteger();
    const s = reader.unsignedInteger();
    reader.end();
    outer.end();
    if (r.length > size || s.length > size) return undefined;
    const raw = new Uint8Array(2 * size);
    raw.set(r, size - r.length);
    raw.set(s, 2 * size - s.length);
    return raw;
  } catch (error) {
    if (isCountersignError(error, "der.invalid")) return undefined;
    throw error;
  }
}
