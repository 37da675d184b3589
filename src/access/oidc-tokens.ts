// Tokens that a CI system gives to its jobs (OpenID Connect ID tokens): signed by the issuer, meant for this server, and worth what the
// operator's rules make of their claims. A token that fits no rule is believed and allows nothing.
import type { JsonObject } from "../bytes/index.ts";
import type { Grant, Resource } from "./access-control.ts";
import { allowsCollection } from "./grants.ts";
import { type Authenticated, notBelieved } from "./identity.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { matchesPattern } from "./pattern.ts";
import type { OidcIssuerOptions, OidcRule } from "./policy.ts";
import { checkClaims, isSignedBy, own, type UnverifiedToken } from "./signed-token.ts";
import { chooseKey } from "./verification-keys.ts";

export interface OidcVerifier {
  readonly options: OidcIssuerOptions;
  readonly keys: IssuerKeys;
}

/** @throws access.issuer_unavailable */
export async function verifyOidcToken(
  token: UnverifiedToken,
  { options, keys }: OidcVerifier,
  now: number,
): Promise<Authenticated> {
  // Before the keys are looked for: what is not meant for this server costs it no fetch.
  const claims = checkClaims(token.claims, { issuer: options.issuer, audiences: options.audiences, now });
  if (!claims.isGood) return notBelieved(claims.why);
  const kid = own(token.header, "kid");
  const key = await keys.find((set) => chooseKey(set, kid, token.algorithm));
  if (key === undefined) return notBelieved("the issuer has no such key");
  if (!(await isSignedBy(token, key))) return notBelieved("the token's signature is not its key's");
  const fitting = options.rules.filter((rule) => fits(rule, token.claims));
  const grants = fitting.map((rule) => grantOf(rule, token.claims));
  const subject = own(token.claims, "sub");
  const name = typeof subject === "string" ? subject.slice(0, 200) : "?";
  const rules = fitting.map((rule) => rule.name).join(", ");
  return {
    isBelieved: true,
    identity: {
      who: `oidc:${name}${rules === "" ? " (no rule fits)" : ` (${rules.slice(0, 100)})`}`,
      until: claims.until,
      allows: (resource) => allowsResource(grants, resource),
    },
  };
}

function fits(rule: OidcRule, claims: JsonObject): boolean {
  if (rule.claims.size === 0) return false;
  return [...rule.claims].every(([name, pattern]) => {
    const value = claimText(claims, name);
    return value !== undefined && matchesPattern(pattern, value);
  });
}

/** GitLab writes some booleans as text, other issuers do not: both read the same. Lists and objects fit no pattern. */
function claimText(claims: JsonObject, name: string): string | undefined {
  const value = own(claims, name);
  if (typeof value === "string") return value.length <= 2_000 ? value : undefined;
  if (typeof value === "boolean") return String(value);
  // Beyond 2^53 a number is read as its neighbour, which may be somebody else's.
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function grantOf(rule: OidcRule, claims: JsonObject): Grant {
  const collections = rule.collections
    .map((pattern) => fillIn(pattern, claims))
    .filter((pattern) => pattern !== undefined);
  return { collections, actions: rule.actions };
}

/**
 * `registry.example.com/{repository}` with the claim's value, which must be a plain path: a value with a star in it would be a pattern of
 * the token's own making. undefined: it is not.
 */
function fillIn(pattern: string, claims: JsonObject): string | undefined {
  let isPlain = true;
  const filled = pattern.replace(/\{([A-Za-z0-9_]{1,80})\}/g, (_, name: string) => {
    const value = claimText(claims, name);
    if (value !== undefined && /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/.test(value)) return value;
    isPlain = false;
    return "";
  });
  return isPlain ? filled : undefined;
}

function allowsResource(grants: readonly Grant[], resource: Resource): boolean {
  switch (resource.kind) {
    case "collection":
      return allowsCollection(grants, resource.gun, resource.actions);
    case "ping":
      return true;
    case "catalog":
    case "admin":
      return false;
  }
}
