// The operator's policy file, JSON (docs/authentication.md). Strict: an unknown member, a pattern that cannot fit or a rule that would let
// in everybody who uses a public CI system is an error with the path of the member, not a surprise later.
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  CountersignError,
  type Decoder,
  decodeArray,
  decodeBoolean,
  decodeInteger,
  decodeMap,
  decodeMember,
  decodeOptionalMember,
  decodeString,
  isCountersignError,
  type JsonPath,
  type JsonValue,
  jsonPath,
  parseJson,
} from "../bytes/index.ts";
import { isLoopback } from "../http/index.ts";
import type { DockerTokenOptions } from "./access-control.ts";
import { decodeActions, decodePatterns, invalid, onlyMembers } from "./grants.ts";
import type { RateLimit, RateLimits } from "./limits.ts";
import { patternFault } from "./pattern.ts";
import type { AccessPolicy, OidcIssuerOptions, OidcRule } from "./policy.ts";

const maxFileBytes = 1_048_576;

/** Paths in the file are relative to its directory. @throws disk.unreadable, config.invalid */
export async function readAccessPolicy(path: string): Promise<AccessPolicy> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new CountersignError("disk.unreadable", `${path} cannot be read`, { cause });
  }
  try {
    return decodeAccessPolicy(parseJson(bytes, { maxBytes: maxFileBytes }), dirname(resolve(path)));
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError("config.invalid", `${path}: ${cause.message}`, { cause, hints: cause.hints });
  }
}

/** @throws request.invalid, metadata.invalid, limit.exceeded with the path of the member */
export function decodeAccessPolicy(value: JsonValue, directory: string): AccessPolicy {
  const top = jsonPath("policy");
  const object = onlyMembers(value, top, ["url", "anonymousPull", "apiTokens", "dockerTokens", "oidc", "limits"]);
  const file: Decoder<string> = (each, path) => resolve(directory, plainText(each, path));
  const url = decodeOptionalMember(object, "url", serverUrl, top);
  const dockerTokens = decodeOptionalMember(object, "dockerTokens", dockerTokenOptions(file), top);
  const limits = decodeOptionalMember(object, "limits", rateLimits, top);
  const oidc = decodeOptionalMember(object, "oidc", decodeArray(oidcIssuer(file, url), 50), top) ?? [];
  const issuers = [...oidc.map(({ issuer }) => issuer), ...(dockerTokens === undefined ? [] : [dockerTokens.issuer])];
  if (new Set(issuers).size !== issuers.length) throw invalid(top, "an issuer is named twice");
  return {
    ...(url === undefined ? {} : { url }),
    anonymousPull: decodeOptionalMember(object, "anonymousPull", decodePatterns, top) ?? [],
    apiTokens: decodeOptionalMember(object, "apiTokens", decodeBoolean, top) ?? true,
    ...(dockerTokens === undefined ? {} : { dockerTokens }),
    oidc,
    ...(limits === undefined ? {} : { limits }),
  };
}

function rateLimits(value: JsonValue, path: JsonPath): RateLimits {
  onlyMembers(value, path, ["requests", "uploads", "keys", "failures"]);
  return Object.fromEntries(decodeMap(rateLimit)(value, path));
}

function rateLimit(value: JsonValue, path: JsonPath): RateLimit {
  const object = onlyMembers(value, path, ["perMinute", "burst"]);
  const count = decodeInteger(1, 10_000_000);
  return {
    perMinute: decodeMember(object, "perMinute", count, path),
    burst: decodeMember(object, "burst", count, path),
  };
}

function dockerTokenOptions(file: Decoder<string>): Decoder<DockerTokenOptions> {
  return (value, path) => {
    const object = onlyMembers(value, path, ["realm", "service", "issuer", "rootCertBundle", "jwks"]);
    const rootCertBundlePath = decodeOptionalMember(object, "rootCertBundle", file, path);
    const jwksPath = decodeOptionalMember(object, "jwks", file, path);
    if (rootCertBundlePath === undefined && jwksPath === undefined) {
      throw invalid(path, "needs rootCertBundle or jwks: without keys no token could be checked");
    }
    return {
      realm: decodeMember(object, "realm", webAddress, path),
      service: decodeMember(object, "service", plainText, path),
      issuer: decodeMember(object, "issuer", plainText, path),
      ...(rootCertBundlePath === undefined ? {} : { rootCertBundlePath }),
      ...(jwksPath === undefined ? {} : { jwksPath }),
    };
  };
}

function oidcIssuer(file: Decoder<string>, url: string | undefined): Decoder<OidcIssuerOptions> {
  return (value, path) => {
    const object = onlyMembers(value, path, ["issuer", "audience", "jwks", "rules"]);
    const jwksPath = decodeOptionalMember(object, "jwks", file, path);
    const issuer = decodeMember(object, "issuer", jwksPath === undefined ? webAddress : plainText, path);
    const audience = decodeOptionalMember(object, "audience", plainText, path) ?? url;
    if (audience === undefined) {
      throw invalid({ parent: path, step: "audience" }, "missing, and the policy has no url to take it from");
    }
    const rules = decodeMember(object, "rules", decodeArray(oidcRule(issuer), 1_000), path);
    if (rules.length === 0) throw invalid({ parent: path, step: "rules" }, "no rule: nobody would be allowed anything");
    return { issuer, audiences: [audience], ...(jwksPath === undefined ? {} : { jwksPath }), rules };
  };
}

function oidcRule(issuer: string): Decoder<OidcRule> {
  return (value, path) => {
    const object = onlyMembers(value, path, ["name", "claims", "collections", "actions"]);
    const claims = decodeMember(object, "claims", decodeMap(claimPattern, 50), path);
    checkOwner(issuer, claims, { parent: path, step: "claims" });
    return {
      name: decodeOptionalMember(object, "name", plainText, path) ?? [...claims.values()].join(" "),
      claims,
      collections: decodeMember(object, "collections", decodePatterns, path),
      actions: decodeMember(object, "actions", decodeActions, path),
    };
  };
}

function claimPattern(value: JsonValue, path: JsonPath): string {
  const pattern = typeof value === "boolean" || typeof value === "number" ? String(value) : decodeString(value, path);
  const fault = patternFault(pattern);
  if (fault !== undefined) throw invalid(path, fault);
  return pattern;
}

/**
 * Issuers that everybody has an account with -> the claims that say whose job it is. GitHub's `job_workflow_ref` is not one of them: a
 * public workflow may be called by anybody's job, with that job's inputs.
 */
const sharedIssuers: ReadonlyMap<string, readonly string[]> = new Map([
  [
    "https://token.actions.githubusercontent.com",
    ["repository", "repository_id", "repository_owner", "repository_owner_id", "sub"],
  ],
  ["https://gitlab.com", ["project_path", "project_id", "namespace_path", "namespace_id", "sub"]],
  ["https://agent.buildkite.com", ["organization_slug", "organization_id", "sub"]],
  ["https://app.terraform.io", ["terraform_organization_name", "terraform_organization_id", "sub"]],
  ["https://accounts.google.com", ["sub", "email", "hd"]],
]);

/** `"ref": "refs/heads/main"` alone would be anybody's main branch. */
function checkOwner(issuer: string, claims: ReadonlyMap<string, string>, path: JsonPath): void {
  if (claims.size === 0) throw invalid(path, "no claim: every token of the issuer would fit");
  const owners = sharedIssuers.get(issuer.replace(/\/$/, ""));
  if (owners === undefined) return;
  const isNarrow = owners.some((name) => {
    const first = claims
      .get(name)
      ?.split("/")[0]
      ?.replace(/^[a-z_]+:/, "");
    return first !== undefined && first !== "" && !first.includes("*");
  });
  if (!isNarrow) throw invalid(path, `anybody can run jobs at ${issuer}: name whose with one of ${owners.join(", ")}`);
}

/** One line of ASCII: it may be copied into a header. */
function plainText(value: JsonValue, path: JsonPath): string {
  const text = decodeString(value, path);
  if (!/^[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?$/.test(text)) throw invalid(path, "not one line of plain text");
  return text;
}

/** https, or http on loopback. */
function webAddress(value: JsonValue, path: JsonPath): string {
  const text = plainText(value, path);
  const url = URL.parse(text);
  const isGood =
    url !== null &&
    url.username === "" &&
    url.password === "" &&
    url.hash === "" &&
    (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname)));
  if (!isGood) throw invalid(path, "not an https address");
  return text;
}

function serverUrl(value: JsonValue, path: JsonPath): string {
  const url = new URL(webAddress(value, path));
  if (url.search !== "") throw invalid(path, "an address without a query");
  return url.href.replace(/\/+$/, "");
}
