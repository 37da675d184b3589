// Tokens of docker's registry token scheme as notary-server checks them (notary-v1, section 6.5; distribution's token specification): a
// signed token that lists exact names with actions. Its key is certified by a chain to the bundle (`x5c`), or is one of the bundle's or of
// a JWK set's, which the token repeats (`jwk`) or names (`kid`).
import type { X509Certificate } from "node:crypto";
import { isJsonObject, type JsonObject, type JsonValue } from "../bytes/index.ts";
import type { Resource } from "./access-control.ts";
import { verifyChain } from "./certificate-chain.ts";
import { type Authenticated, notBelieved } from "./identity.ts";
import { checkClaims, isSignedBy, own, type UnverifiedToken } from "./signed-token.ts";
import {
  chooseEqualKey,
  chooseKey,
  jwkPublicKey,
  type KeySet,
  type VerificationKey,
  verificationKey,
} from "./verification-keys.ts";

export interface DockerTokenVerifier {
  readonly issuer: string;
  readonly service: string;
  readonly bundle: readonly X509Certificate[];
  readonly keys: KeySet;
}

const maxAccessEntries = 1_000;

export async function verifyDockerToken(
  token: UnverifiedToken,
  verifier: DockerTokenVerifier,
  now: number,
): Promise<Authenticated> {
  const claims = checkClaims(token.claims, { issuer: verifier.issuer, audiences: [verifier.service], now });
  if (!claims.isGood) return notBelieved(claims.why);
  const found = signingKey(token, verifier, now);
  if ("why" in found) return notBelieved(found.why);
  if (!(await isSignedBy(token, found))) return notBelieved("the token's signature is not its key's");
  const access = readAccess(own(token.claims, "access"));
  const subject = own(token.claims, "sub");
  const name = typeof subject === "string" && subject !== "" ? subject.slice(0, 200) : "anonymous";
  return {
    isBelieved: true,
    identity: {
      who: `docker:${name}`,
      until: claims.until,
      allows: (resource) => allowsAll(access, resource),
    },
  };
}

/**
 * As docker's registry looks for it: a chain, else a key that the token brings along, which must be one of ours or have a chain itself,
 * else the name of one. What is there decides: where it fails, nothing behind it saves the token.
 */
function signingKey(
  { header, algorithm }: UnverifiedToken,
  { bundle, keys }: DockerTokenVerifier,
  now: number,
): VerificationKey | { readonly why: string } {
  const x5c = own(header, "x5c");
  if (isGiven(x5c)) return certifiedKey(x5c, bundle, now);
  const jwk = own(header, "jwk");
  if (isGiven(jwk)) {
    const brought = jwkPublicKey(jwk);
    if (brought === undefined) return { why: "the key that the token brings is none" };
    const chain = isJsonObject(jwk) ? own(jwk, "x5c") : undefined;
    if (!isGiven(chain)) return chooseEqualKey(keys, brought, algorithm) ?? { why: "the token's key is not known" };
    const certified = certifiedKey(chain, bundle, now);
    if ("why" in certified || certified.key.equals(brought)) return certified;
    return { why: "the key that the token brings is not the certified one" };
  }
  const kid = own(header, "kid");
  if (typeof kid !== "string") return { why: "the token names no key" };
  return chooseKey(keys, kid, algorithm) ?? { why: "the token's key is not known" };
}

/** Go takes null and an empty list for nothing. */
function isGiven(value: JsonValue | undefined): value is Exclude<JsonValue, null> {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}

function certifiedKey(
  x5c: JsonValue,
  bundle: readonly X509Certificate[],
  now: number,
): VerificationKey | { readonly why: string } {
  if (!Array.isArray(x5c)) return { why: "the token's chain is no list" };
  const chain = x5c.filter((each) => typeof each === "string");
  if (chain.length !== x5c.length) return { why: "the token's chain is no list of certificates" };
  const verdict = verifyChain(chain, bundle, now);
  if ("why" in verdict) return verdict;
  return verificationKey(verdict.key) ?? { why: "the certified key is of a kind that signs no tokens" };
}

/** `type name` -> actions. */
function readAccess(value: JsonValue | undefined): ReadonlyMap<string, ReadonlySet<string>> {
  const access = new Map<string, Set<string>>();
  if (!Array.isArray(value)) return access;
  for (const entry of value.slice(0, maxAccessEntries)) {
    if (!isJsonObject(entry)) continue;
    const [type, name, actions] = [text(entry, "type"), text(entry, "name"), own(entry, "actions")];
    if (type === undefined || name === undefined || !Array.isArray(actions)) continue;
    const key = `${type} ${name}`;
    const known = access.get(key) ?? new Set();
    for (const action of actions) if (typeof action === "string") known.add(action);
    access.set(key, known);
  }
  return access;
}

function text(entry: JsonObject, name: string): string | undefined {
  const value = own(entry, name);
  return typeof value === "string" ? value : undefined;
}

function allowsAll(access: ReadonlyMap<string, ReadonlySet<string>>, resource: Resource): boolean {
  switch (resource.kind) {
    case "collection": {
      const actions = access.get(`repository ${resource.gun}`);
      if (actions === undefined || resource.actions.length === 0) return false;
      return actions.has("*") || resource.actions.every((action) => actions.has(action));
    }
    case "catalog":
    case "ping":
      return access.get("registry catalog")?.has("*") === true;
    case "admin":
      return false;
  }
}
