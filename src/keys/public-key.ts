// A public key apart from any metadata format: what kind it is, its SubjectPublicKeyInfo and its identity.
import type { KeyObject } from "node:crypto";

export type KeyAlgorithm = "ecdsa-p256" | "ecdsa-p384" | "ecdsa-p521" | "rsa" | "ed25519";

declare const keyIdBrand: unique symbol;
declare const canonicalKeyIdBrand: unique symbol;
/** A key id as a document lists it. An opaque name: two ids may be one key. */
export type KeyId = string & { readonly [keyIdBrand]: true };
/**
 * Notary's canonical key id: hex SHA-256 of the canonical JSON of the bare key (notary-v1, section 4). The identity of a key:
 * one public key has one, whatever certificate, dialect or key type wraps it. Names key files, pins and what people see.
 */
export type CanonicalKeyId = KeyId & { readonly [canonicalKeyIdBrand]: true };

export interface PublicKey {
  readonly algorithm: KeyAlgorithm;
  /** DER SubjectPublicKeyInfo, normalised by re-export. */
  readonly spki: Uint8Array;
  readonly id: CanonicalKeyId;
  readonly keyObject: KeyObject;
}

/** How a signature is computed over the message, and how its bytes are laid out. */
export type SignatureScheme =
  | "ecdsa-sha256-raw" // r||s, Notary's `ecdsa` on every curve
  | "ecdsa-sha256-der"
  | "ecdsa-sha384-der"
  | "ecdsa-sha512-der"
  | "ed25519"
  | "rsa-pss-sha256" // written with salt 32; read with any salt
  | "rsa-pss-sha384"
  | "rsa-pss-sha512"
  | "rsa-pkcs1v15-sha256"
  | "rsa-pkcs1v15-sha384"
  | "rsa-pkcs1v15-sha512";

/** Holds a secret and signs with it; the secret never leaves. */
export interface Signer {
  readonly publicKey: PublicKey;
  /** @throws key.unsupported when the scheme does not fit the key */
  sign(message: Uint8Array, scheme: SignatureScheme): Promise<Uint8Array>;
}
