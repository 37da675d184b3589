// What an operator can say about access, as values. The file form is policy-file.ts; Notary's configuration gives `dockerTokens` alone.
import type { DockerTokenOptions, Grant } from "./access-control.ts";
import type { RateLimits } from "./limits.ts";

/** Tokens of a CI system: who vouches for them, and what their claims allow. */
export interface OidcIssuerOptions {
  /** Exactly as in the tokens' `iss`; discovery starts here. */
  readonly issuer: string;
  /** A token must name one of these. */
  readonly audiences: readonly string[];
  /** A JWK set file instead of discovery. */
  readonly jwksPath?: string;
  readonly rules: readonly OidcRule[];
}

export interface OidcRule extends Grant {
  /** For the log. */
  readonly name: string;
  /** Claim -> pattern; every one must match. Never empty. */
  readonly claims: ReadonlyMap<string, string>;
}

export interface AccessPolicy {
  /** Address of this server as clients know it, without a trailing slash. */
  readonly url?: string;
  /** Patterns of collections that anybody may read. */
  readonly anonymousPull: readonly string[];
  /** Tokens of our own, kept hashed. */
  readonly apiTokens: boolean;
  readonly dockerTokens?: DockerTokenOptions;
  readonly oidc: readonly OidcIssuerOptions[];
  /** In place of the server's own, each by itself. */
  readonly limits?: RateLimits;
}

/** Access with docker's token scheme alone, as Notary's configuration asks for it. */
export function dockerTokensOnly(dockerTokens: DockerTokenOptions): AccessPolicy {
  return { anonymousPull: [], apiTokens: false, dockerTokens, oidc: [] };
}
