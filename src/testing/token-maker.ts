// Signed tokens for tests, right and wrong ones: whatever header and claims a test asks for, signed with whatever key. A real issuer
// would refuse to make most of them.
import { createHmac, createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, sign } from "node:crypto";

export interface TokenParts {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Signs with ES256, RS256 or EdDSA by its type; a Buffer is an HMAC secret (HS256); undefined leaves the signature empty. */
  readonly key: KeyObject | Buffer | undefined;
}

export function makeToken({ header = {}, claims, key }: TokenParts): string {
  const alg = algorithmOf(key);
  const body = [{ typ: "JWT", alg, ...header }, claims].map((part) => encode(JSON.stringify(part))).join(".");
  return `${body}.${signature(body, key)}`;
}

function signature(body: string, key: TokenParts["key"]): string {
  if (key === undefined) return "";
  if (Buffer.isBuffer(key)) return createHmac("sha256", key).update(body).digest("base64url");
  const digest = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  return sign(digest, Buffer.from(body), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
}

function algorithmOf(key: TokenParts["key"]): string {
  if (key === undefined) return "none";
  if (Buffer.isBuffer(key)) return "HS256";
  if (key.asymmetricKeyType === "ed25519") return "EdDSA";
  return key.asymmetricKeyType === "rsa" ? "RS256" : "ES256";
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}

export function newEcKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/** The public half, as a member of a JWK set. */
export function publicJwk(key: KeyObject, more: Readonly<Record<string, unknown>> = {}): JsonWebKey {
  return { ...createPublicKey(key).export({ format: "jwk" }), ...more };
}
