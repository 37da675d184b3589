// Who may do what: the questions the server asks before it does anything, and the answers. Names and meaning of the rights are
// those of docker's token scheme as Notary used it (notary-v1, sections 6 and 6.5), plus our own administration.
// Rule: what is not allowed by somebody named in the configuration is refused; a failure to find out is a failure, never a yes.
import type { RateLimits } from "./limits.ts";

/** `*` satisfies every check; `push` does not contain `pull`. */
export type Action = "pull" | "push" | "*";

export type Resource =
  /** Every one of `actions` must be allowed. */
  | { readonly kind: "collection"; readonly gun: string; readonly actions: readonly Action[] }
  /** What belongs to no single collection: the whole change feed, unknown routes. */
  | { readonly kind: "catalog" }
  /** `/v2/`: anybody with valid credentials of ours; a docker token needs the catalog, as with Notary. */
  | { readonly kind: "ping" }
  | { readonly kind: "admin" };

export interface Requester {
  /** IP address, for limits and the log. */
  readonly address: string;
  /** `https://host[:port]` as the client named this server. undefined: not known, or not to be believed. */
  readonly origin?: string | undefined;
}

export type Decision =
  | { readonly isAllowed: true; readonly who: string }
  | {
      readonly isAllowed: false;
      /** `missing`: no credentials; `invalid`: not believed; `insufficient`: believed, but they do not allow this. */
      readonly reason: "missing" | "invalid" | "insufficient";
      /** Value of WWW-Authenticate. */
      readonly challenge: string;
      /** Undefined unless the credentials were believed. */
      readonly who: string | undefined;
      /** For the log: which check failed. Never a secret. */
      readonly why: string;
    };

/** What `GET /token` answers (docker's token scheme). */
export interface TokenGrant {
  readonly token: string;
  readonly lifetimeSeconds: number;
}

export interface AccessControl {
  /**
   * `authorization`: the request's header.
   * @throws storage.* and access.issuer_unavailable when it cannot find out; nothing is allowed then
   */
  decide(authorization: string | undefined, resource: Resource, from: Requester): Promise<Decision>;
  /** True when `decide` would say yes by what is in memory and still valid now. False means "ask decide". */
  known(authorization: string | undefined, resource: Resource): boolean;
  /**
   * Our own docker token service: what a client with a password may send as a bearer. undefined: credentials refused.
   * @throws access.issuer_unavailable, storage.*
   */
  exchange(authorization: string | undefined): Promise<TokenGrant | undefined>;
  /** What the policy says of limits; the server keeps them. */
  readonly limits: RateLimits;
  /** undefined: this server keeps no API tokens. */
  readonly tokens: ApiTokenBook | undefined;
}

/** Some collections and what may be done with them. */
export interface Grant {
  /** Patterns: `*` is any run of characters without a slash, `**` any run at all. */
  readonly collections: readonly string[];
  readonly actions: readonly Action[];
}

/** What an API token allows. */
export interface Grants {
  readonly collections: readonly Grant[];
  /** The change feed of all collections. */
  readonly catalog: boolean;
  /** Making and revoking API tokens. Allows nothing else. */
  readonly admin: boolean;
}

export interface NewApiToken {
  readonly name: string;
  readonly grants: Grants;
  /** Milliseconds since the Unix epoch; undefined: until revoked. */
  readonly expiresAt: number | undefined;
}

export interface ApiTokenInfo extends NewApiToken {
  readonly id: string;
  readonly createdAt: number;
}

/** Called with the secret before the token exists: where it throws, or the process dies, no token is left that nobody knows. */
export type KeepSecret = (secret: string) => void;

/** API tokens for who administers the server. */
export interface ApiTokenBook {
  list(): Promise<readonly ApiTokenInfo[]>;
  /** `secret` is what the client sends; it is not kept and cannot be shown again. @throws storage.* */
  create(token: NewApiToken, keep?: KeepSecret): Promise<{ readonly info: ApiTokenInfo; readonly secret: string }>;
  /** False when there was none. In this process it holds from the moment the promise resolves. */
  revoke(id: string): Promise<boolean>;
}

/** The part of the storage port that API tokens need. */
export interface ApiTokenStore {
  apiTokens(): Promise<readonly StoredApiToken[]>;
  addApiToken(token: StoredApiToken): Promise<void>;
  removeApiToken(id: string): Promise<boolean>;
}

export interface StoredApiToken {
  readonly id: string;
  /** SHA-256 of the secret. */
  readonly hash: Uint8Array;
  readonly name: string;
  /** JSON text of the grants. */
  readonly grants: string;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
}

/** Docker's token scheme, with the names of Notary's configuration (`auth.options`). */
export interface DockerTokenOptions {
  /** Address of the token service, copied into challenges. */
  readonly realm: string;
  /** The audience a token must name. */
  readonly service: string;
  readonly issuer: string;
  /** PEM file of the certificates that vouch for signing keys (`rootcertbundle`). */
  readonly rootCertBundlePath?: string;
  /** JWK set file of signing keys. */
  readonly jwksPath?: string;
}
