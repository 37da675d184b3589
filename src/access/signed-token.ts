// A JSON Web Token in compact form (RFC 7515, 7519): taken apart strictly, believed only once a key that we chose verifies it.
// Members of the header that would lead elsewhere for a key (jku, x5u) are never looked at (RFC 8725, section 3.10).
import { isCountersignError, isJsonObject, type JsonObject, parseJson } from "../bytes/index.ts";
import { leewayMs } from "./identity.ts";
import type { VerificationKey } from "./verification-keys.ts";

/** Nothing in it has been verified. */
export interface UnverifiedToken {
  readonly text: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly algorithm: string;
}

/** undefined: not a signed token of this form. */
export function readToken(text: string): UnverifiedToken | undefined {
  const parts = text.split(".");
  const [header, claims] = parts.slice(0, 2).map(readPart);
  if (parts.length !== 3 || header === undefined || claims === undefined) return undefined;
  const algorithm = own(header, "alg");
  if (typeof algorithm !== "string" || own(header, "crit") !== undefined) return undefined;
  return { text, header, claims, algorithm };
}

function readPart(text: string): JsonObject | undefined {
  const bytes = Buffer.from(text, "base64url");
  // One spelling only: Node's decoder is lenient, and two texts for one token would be two entries in what is remembered.
  if (text === "" || bytes.toString("base64url") !== text) return undefined;
  try {
    const value = parseJson(bytes, { maxDepth: 16, numbers: "any" });
    return isJsonObject(value) ? value : undefined;
  } catch (error) {
    if (isCountersignError(error)) return undefined;
    throw error;
  }
}

export async function isSignedBy(token: UnverifiedToken, { key, algorithms }: VerificationKey): Promise<boolean> {
  // jose refuses every algorithm that is not in the list, which is the key's own.
  const { compactVerify, errors } = await import("jose");
  try {
    await compactVerify(token.text, key, { algorithms: [...algorithms] });
    return true;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return false;
    throw error;
  }
}

export interface ExpectedClaims {
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

export type ClaimsVerdict =
  | { readonly isGood: true; readonly until: number }
  | { readonly isGood: false; readonly why: string };

/** Issuer, audience and dates (RFC 7519, section 4.1). A token without an end is refused. */
export function checkClaims(claims: JsonObject, { issuer, audiences, now }: ExpectedClaims): ClaimsVerdict {
  const bad = (why: string): ClaimsVerdict => ({ isGood: false, why });
  if (own(claims, "iss") !== issuer) return bad("the token is of another issuer");
  const named = own(claims, "aud");
  const all = Array.isArray(named) ? named : [named];
  if (!audiences.some((audience) => all.includes(audience))) return bad("the token is for another audience");
  const end = seconds(claims, "exp");
  if (typeof end !== "number") return bad("the token has no end");
  if (end * 1_000 + leewayMs <= now) return bad("the token has expired");
  const start = seconds(claims, "nbf");
  if (start === null) return bad("the token's nbf is no date");
  if (start !== undefined && start * 1_000 - leewayMs > now) return bad("the token is not valid yet");
  return { isGood: true, until: end * 1_000 + leewayMs };
}

/** undefined: not there. null: there, and no date. */
function seconds(claims: JsonObject, name: string): number | undefined | null {
  const value = own(claims, name);
  if (value === undefined) return undefined;
  return typeof value === "number" && value >= 0 && value < 1e11 ? value : null;
}

export function own(object: JsonObject, name: string) {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
