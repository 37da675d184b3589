// An AccessControl made of what the policy names: docker tokens, API tokens, tokens of CI systems, anonymous reading.
import type { Clock } from "../bytes/index.ts";
import type { HttpClient } from "../http/index.ts";
import type { AccessControl, ApiTokenStore } from "./access-control.ts";
import type { AccessPolicy } from "./policy.ts";

export interface AccessPorts {
  readonly storage: ApiTokenStore;
  readonly clock: Clock;
  /** For discovery of OIDC issuers; one of our own when absent. */
  readonly client?: HttpClient;
}
export type OpenAccess = (policy: AccessPolicy, ports: AccessPorts) => Promise<AccessControl>;
