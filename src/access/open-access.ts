// An AccessControl made of what the policy names: docker tokens, API tokens, tokens of CI systems, anonymous reading.
// What is remembered is who somebody is, never what was decided: rights are asked anew for every request, and nothing is remembered
// longer than the credentials live, nor past the revocation of any API token.
import { readFile } from "node:fs/promises";
import { type Clock, CountersignError, decodeUtf8, isCountersignError } from "../bytes/index.ts";
import { createHttpClient, type HttpClient } from "../http/index.ts";
import type {
  AccessControl,
  ApiTokenStore,
  Decision,
  DockerTokenOptions,
  Requester,
  Resource,
} from "./access-control.ts";
import { ApiTokens } from "./api-tokens.ts";
import { anonymousToken, type Credentials, readAuthorization } from "./authorization.ts";
import { parseCertificateBundle } from "./certificate-chain.ts";
import { type ChallengeError, challengeFor, plainOrigin } from "./challenge.ts";
import { type DockerTokenVerifier, verifyDockerToken } from "./docker-tokens.ts";
import { allowsCollection } from "./grants.ts";
import { type Authenticated, notBelieved } from "./identity.ts";
import { discoveredKeys, fixedKeys } from "./issuer-keys.ts";
import type { RateLimits } from "./limits.ts";
import { type OidcVerifier, verifyOidcToken } from "./oidc-tokens.ts";
import type { AccessPolicy, OidcIssuerOptions } from "./policy.ts";
import { RememberedIdentities } from "./remembered-identities.ts";
import { own, readToken } from "./signed-token.ts";
import { type KeySet, keyIdsOf, keySet, parseJwks, verificationKey } from "./verification-keys.ts";

export interface AccessPorts {
  readonly storage: ApiTokenStore;
  readonly clock: Clock;
  /** For discovery of OIDC issuers; one with the system's authorities when absent. */
  readonly client?: HttpClient;
}

/** What our token service says an answer may be used for; the credential itself may live shorter or longer. */
const exchangeSeconds = 300;

/** @throws config.invalid, disk.unreadable for the files the policy names */
export async function openAccess(policy: AccessPolicy, ports: AccessPorts): Promise<AccessControl> {
  const { dockerTokens } = policy;
  const docker = dockerTokens === undefined ? undefined : await openDockerTokens(dockerTokens);
  const client = policy.oidc.length === 0 ? undefined : (ports.client ?? createHttpClient({ clock: ports.clock }));
  const oidc = new Map<string, OidcVerifier>();
  for (const options of policy.oidc) {
    if (client !== undefined) oidc.set(options.issuer, await openOidc(options, client, ports.clock));
  }
  const tokens = policy.apiTokens ? new ApiTokens(ports.storage, ports.clock) : undefined;
  return new PolicyAccess(policy, ports.clock, tokens, docker, oidc);
}

class PolicyAccess implements AccessControl {
  readonly tokens: ApiTokens | undefined;
  readonly #policy: AccessPolicy;
  readonly #clock: Clock;
  readonly #docker: DockerTokenVerifier | undefined;
  readonly #oidc: ReadonlyMap<string, OidcVerifier>;
  readonly #remembered: RememberedIdentities;

  constructor(
    policy: AccessPolicy,
    clock: Clock,
    tokens: ApiTokens | undefined,
    docker: DockerTokenVerifier | undefined,
    oidc: ReadonlyMap<string, OidcVerifier>,
  ) {
    this.tokens = tokens;
    this.#policy = policy;
    this.#clock = clock;
    this.#docker = docker;
    this.#oidc = oidc;
    this.#remembered = new RememberedIdentities(clock, () => (tokens === undefined ? 0 : tokens.epoch));
  }

  get limits(): RateLimits {
    return this.#policy.limits ?? {};
  }

  known(authorization: string | undefined, resource: Resource): boolean {
    if (resource.kind === "admin") return false;
    if (authorization === undefined || authorization === "" || authorization === `Bearer ${anonymousToken}`) {
      return this.#isPublic(resource);
    }
    return this.#remembered.get(authorization)?.allows(resource) === true;
  }

  async decide(authorization: string | undefined, resource: Resource, from: Requester): Promise<Decision> {
    const credentials = readAuthorization(authorization);
    // A browser sends a password it was once given to whoever makes it ask; nothing is administered with one.
    const isNoAdmin = credentials.kind === "password" && resource.kind === "admin";
    if (credentials.kind === "none" || (credentials.kind === "password" && !this.#takesPasswords) || isNoAdmin) {
      if (this.#isPublic(resource)) return { isAllowed: true, who: "anonymous" };
      return this.#refuse("missing", resource, from, undefined, "no credentials");
    }
    const verdict = await this.#authenticate(credentials, authorization ?? "");
    if (!verdict.isBelieved) return this.#refuse("invalid", resource, from, undefined, verdict.why);
    const { identity } = verdict;
    if (identity.allows(resource) || this.#isPublic(resource)) return { isAllowed: true, who: identity.who };
    return this.#refuse("insufficient", resource, from, identity.who, "the credentials do not allow it");
  }

  async exchange(authorization: string | undefined) {
    const credentials = readAuthorization(authorization);
    if (credentials.kind === "none") return { token: anonymousToken, lifetimeSeconds: exchangeSeconds };
    const verdict = await this.#authenticate(credentials, authorization ?? "");
    if (!verdict.isBelieved || credentials.kind === "malformed") return undefined;
    const left = Math.floor((verdict.identity.until - this.#clock()) / 1_000);
    // The client's own credential comes back: it is checked again at each use, so that revoking it needs nothing else.
    return { token: credentials.token, lifetimeSeconds: Math.min(exchangeSeconds, left) };
  }

  get #takesPasswords(): boolean {
    return this.tokens !== undefined || this.#oidc.size > 0;
  }

  async #authenticate(credentials: Credentials, authorization: string): Promise<Authenticated> {
    if (credentials.kind === "malformed") return notBelieved(credentials.why);
    if (credentials.kind === "none") return notBelieved("no credentials");
    const known = this.#remembered.get(authorization);
    if (known !== undefined) return { isBelieved: true, identity: known };
    const verdict = await this.#verify(credentials.token);
    if (!verdict.isBelieved) return verdict;
    // The keys may have taken their time.
    if (verdict.identity.until <= this.#clock()) return notBelieved("the token has expired");
    this.#remembered.put(authorization, verdict.identity);
    return verdict;
  }

  async #verify(text: string): Promise<Authenticated> {
    if (ApiTokens.isOne(text)) {
      return this.tokens === undefined
        ? notBelieved("this server keeps no API tokens")
        : this.tokens.authenticate(text);
    }
    const token = readToken(text);
    if (token === undefined) return notBelieved("not a token of a known form");
    const issuer = own(token.claims, "iss");
    if (typeof issuer !== "string") return notBelieved("the token names no issuer");
    if (issuer === this.#docker?.issuer) return verifyDockerToken(token, this.#docker, this.#clock());
    const oidc = this.#oidc.get(issuer);
    return oidc === undefined
      ? notBelieved("the token is of another issuer")
      : verifyOidcToken(token, oidc, this.#clock());
  }

  #isPublic(resource: Resource): boolean {
    if (resource.kind !== "collection") return false;
    const grant = { collections: this.#policy.anonymousPull, actions: ["pull"] } as const;
    return allowsCollection([grant], resource.gun, resource.actions);
  }

  #refuse(
    reason: "missing" | "invalid" | "insufficient",
    resource: Resource,
    from: Requester,
    who: string | undefined,
    why: string,
  ): Decision {
    const { url, dockerTokens } = this.#policy;
    const origin = url ?? plainOrigin(from.origin) ?? "";
    const { realm, service } = dockerTokens ?? { realm: `${origin}/token`, service: URL.parse(origin)?.host ?? "" };
    const offersIdTokens = this.#oidc.size > 0;
    const challenge = challengeFor({ realm, service, offersIdTokens }, resource, errorNames[reason]);
    return { isAllowed: false, reason, challenge, who, why };
  }
}

const errorNames = {
  missing: undefined,
  invalid: "invalid_token",
  insufficient: "insufficient_scope",
} as const satisfies Record<string, ChallengeError | undefined>;

async function openDockerTokens(options: DockerTokenOptions): Promise<DockerTokenVerifier> {
  const { issuer, service, rootCertBundlePath, jwksPath } = options;
  const bundle =
    rootCertBundlePath === undefined
      ? []
      : parseCertificateBundle(decodeUtf8(await readConfigured(rootCertBundlePath)), rootCertBundlePath);
  const certified = bundle.flatMap(({ publicKey }) => {
    const key = verificationKey(publicKey);
    return key === undefined ? [] : keyIdsOf(publicKey).map((id) => [id, key] as const);
  });
  const listed = jwksPath === undefined ? undefined : await readJwks(jwksPath);
  const named = [...(listed?.byId ?? [])].flatMap(([id, keys]) => keys.map((key) => [id, key] as const));
  if (bundle.length === 0 && named.length === 0) {
    throw new CountersignError(
      "config.invalid",
      "docker tokens need a root certificate bundle or a JWK set with key ids",
    );
  }
  return { issuer, service, bundle, keys: keySet([...certified, ...named]) };
}

async function openOidc(options: OidcIssuerOptions, client: HttpClient, clock: Clock): Promise<OidcVerifier> {
  const { issuer, jwksPath } = options;
  const keys = jwksPath === undefined ? discoveredKeys(issuer, client, clock) : fixedKeys(await readJwks(jwksPath));
  return { options, keys };
}

async function readJwks(path: string): Promise<KeySet> {
  const bytes = await readConfigured(path);
  const fail = (cause?: unknown) =>
    new CountersignError("config.invalid", `${path}: not a JWK set with a public signing key in it`, { cause });
  try {
    const keys = parseJwks(bytes);
    if (keys.all.length === 0) throw fail();
    return keys;
  } catch (cause) {
    throw isCountersignError(cause, "config.invalid") ? cause : fail(cause);
  }
}

async function readConfigured(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new CountersignError("disk.unreadable", `${path} cannot be read`, { cause });
  }
}
