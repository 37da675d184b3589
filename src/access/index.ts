// The door of access: who may read, publish and administer. It believes tokens of docker's scheme, API tokens of our own and OIDC
// tokens of CI systems, as a policy names them, and knows nothing of routes. It refuses everything that nobody named.
// notary-v1, section 6.5; RFC 7515, 7517, 7519; RFC 8725; OpenID Connect Discovery 1.0.
export type {
  AccessControl,
  Action,
  ApiTokenBook,
  ApiTokenInfo,
  ApiTokenStore,
  Decision,
  DockerTokenOptions,
  Grant,
  Grants,
  NewApiToken,
  Requester,
  Resource,
  TokenGrant,
} from "./access-control.ts";
export { idTokenScheme } from "./challenge.ts";
export { decodeGrants } from "./grants.ts";
export type { LimitedWork, RateLimit, RateLimits } from "./limits.ts";
export type { AccessPorts } from "./open-access.ts";
export { openAccess } from "./open-access.ts";
export type { AccessPolicy, OidcIssuerOptions, OidcRule } from "./policy.ts";
export { dockerTokensOnly } from "./policy.ts";
export { readAccessPolicy } from "./policy-file.ts";
