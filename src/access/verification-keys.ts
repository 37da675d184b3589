// Public keys that tokens are checked with, and how a token names one. Rule: the key decides which algorithms it is used with, never
// the token (RFC 8725, section 3.1); symmetric keys and `none` do not exist here.
import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { type JsonValue, parseJson } from "../bytes/index.ts";
import { listMember, stringMember } from "../http/index.ts";

export interface VerificationKey {
  readonly key: KeyObject;
  /** JWS names. */
  readonly algorithms: readonly string[];
}

/** A JWK set, or the keys of a certificate bundle: key id -> every key that goes by it. */
export interface KeySet {
  readonly byId: ReadonlyMap<string, readonly VerificationKey[]>;
  readonly all: readonly VerificationKey[];
}

const rsaAlgorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];
const ecAlgorithms: ReadonlyMap<string, string> = new Map([
  ["prime256v1", "ES256"],
  ["secp384r1", "ES384"],
  ["secp521r1", "ES512"],
]);
const minRsaBits = 2_048;
const maxKeys = 200;

/** undefined: a kind of key that signs no tokens. `only`: the one algorithm its owner restricts it to. */
export function verificationKey(key: KeyObject, only?: string): VerificationKey | undefined {
  const possible = algorithmsOf(key);
  const algorithms = only === undefined ? possible : possible.filter((algorithm) => algorithm === only);
  return algorithms.length === 0 ? undefined : { key, algorithms };
}

function algorithmsOf(key: KeyObject): readonly string[] {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (key.type !== "public") return [];
  if (type === "rsa") return (details?.modulusLength ?? 0) >= minRsaBits ? rsaAlgorithms : [];
  if (type === "ed25519") return ["EdDSA", "Ed25519"];
  const algorithm = type === "ec" ? ecAlgorithms.get(details?.namedCurve ?? "") : undefined;
  return algorithm === undefined ? [] : [algorithm];
}

/** The signing keys of a JWK set; what is not one is passed over. @throws json.* */
export function parseJwks(bytes: Uint8Array): KeySet {
  const set = parseJson(bytes, { maxBytes: 1_048_576 });
  const named: (readonly [string | undefined, VerificationKey])[] = [];
  for (const jwk of listMember(set, "keys").slice(0, maxKeys)) {
    const key = readJwk(jwk);
    if (key !== undefined) named.push([stringMember(jwk, "kid"), key]);
  }
  return keySet(named);
}

export function keySet(named: readonly (readonly [string | undefined, VerificationKey])[]): KeySet {
  const byId = new Map<string, VerificationKey[]>();
  for (const [id, key] of named) {
    if (id !== undefined) byId.set(id, [...(byId.get(id) ?? []), key]);
  }
  return { byId, all: named.map(([, key]) => key) };
}

function readJwk(jwk: unknown): VerificationKey | undefined {
  const use = stringMember(jwk, "use");
  const operations = listMember(jwk, "key_ops");
  if ((use !== undefined && use !== "sig") || (operations.length > 0 && !operations.includes("verify")))
    return undefined;
  const key = jwkPublicKey(jwk);
  return key === undefined ? undefined : verificationKey(key, stringMember(jwk, "alg"));
}

/** Only the public members are looked at: whatever else a JWK says about itself (jku, x5u, d) is nothing to us. */
export function jwkPublicKey(jwk: unknown): KeyObject | undefined {
  const key: Record<string, string> = {};
  for (const name of ["kty", "crv", "x", "y", "n", "e"]) {
    const value = stringMember(jwk, name);
    if (value !== undefined) key[name] = value;
  }
  if (key.kty !== "RSA" && key.kty !== "EC" && key.kty !== "OKP") return undefined;
  try {
    return createPublicKey({ format: "jwk", key });
  } catch {
    return undefined;
  }
}

/** The one key that `kid` and `alg` name together. With no `kid`, the set's only key of that algorithm. */
export function chooseKey(set: KeySet, kid: JsonValue | undefined, algorithm: string): VerificationKey | undefined {
  const named = kid === undefined ? set.all : typeof kid === "string" ? (set.byId.get(kid) ?? []) : [];
  const fitting = named.filter(({ algorithms }) => algorithms.includes(algorithm));
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Our own copy of a key that somebody shows us, if we have one for that algorithm. */
export function chooseEqualKey(set: KeySet, shown: KeyObject, algorithm: string): VerificationKey | undefined {
  return set.all.find(({ key, algorithms }) => algorithms.includes(algorithm) && key.equals(shown));
}

/** The names under which docker's token services refer to a certified key: libtrust's fingerprint and the RFC 7638 thumbprint. */
export function keyIdsOf(key: KeyObject): readonly string[] {
  const digest = createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest();
  const { kty, crv, n, e, x, y } = key.export({ format: "jwk" });
  // RFC 7638, section 3.2: the required members in order of their names.
  const members = kty === "RSA" ? { e, kty, n } : kty === "EC" ? { crv, kty, x, y } : { crv, kty, x };
  const thumbprint = createHash("sha256").update(JSON.stringify(members)).digest("base64url");
  return [base32(digest.subarray(0, 30)).replace(/.{4}(?=.)/g, "$&:"), thumbprint];
}

/** RFC 4648, section 6; 30 bytes need no padding. */
function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".charAt(Number.parseInt(five, 2)))
    .join("");
}
