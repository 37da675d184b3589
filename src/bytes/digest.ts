// Digests: raw bytes with their algorithm, and the `sha256:<hex>` text of OCI references.
import { createHash } from "node:crypto";
import { CountersignError } from "./errors.ts";
import { decodeHex, encodeHex } from "./text.ts";

export type HashAlgorithm = "sha256" | "sha512";

/** Hash name -> raw hash. Algorithms we do not know are kept so that re-encoding loses nothing, and never used. */
export type Hashes = ReadonlyMap<string, Uint8Array>;

declare const digestBrand: unique symbol;
/** `sha256:<64 lower-case hex>` or `sha512:<128>`, as in OCI descriptors. */
export type Digest = string & { readonly [digestBrand]: true };

export function sha256(bytes: Uint8Array | string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}

export function sha512(bytes: Uint8Array | string): Uint8Array {
  return new Uint8Array(createHash("sha512").update(bytes).digest());
}

export function hash(algorithm: HashAlgorithm, bytes: Uint8Array): Uint8Array {
  return algorithm === "sha256" ? sha256(bytes) : sha512(bytes);
}

/** @throws digest.invalid */
export function parseDigest(text: string): Digest {
  const match = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.exec(text);
  if (match === null)
    throw new CountersignError("digest.invalid", `not a digest: ${JSON.stringify(text.slice(0, 150))}`);
  return text as Digest;
}

/** The text of a raw hash. @throws digest.invalid for one of another length */
export function digestFromHash(algorithm: HashAlgorithm, hash: Uint8Array): Digest {
  if (hash.length !== (algorithm === "sha256" ? 32 : 64)) {
    throw new CountersignError("digest.invalid", `not a ${algorithm}: ${hash.length} bytes`);
  }
  return `${algorithm}:${encodeHex(hash)}` as Digest;
}

export function digestOf(bytes: Uint8Array, algorithm: HashAlgorithm = "sha256"): Digest {
  return `${algorithm}:${encodeHex(hash(algorithm, bytes))}` as Digest;
}

export function digestParts(digest: Digest): { readonly algorithm: HashAlgorithm; readonly hash: Uint8Array } {
  const algorithm = digest.startsWith("sha512:") ? "sha512" : "sha256";
  return { algorithm, hash: decodeHex(digest.slice(7)) };
}
