// Somebody whose credentials were believed, and the authorities that believe. An identity says itself what it allows, because the
// ways differ: a docker token lists exact names, an API token has patterns.
import type { Resource } from "./access-control.ts";

export interface Identity {
  /** For the log: who, in a form that tells kinds apart. */
  readonly who: string;
  /** Milliseconds since the Unix epoch; not believed from then on. */
  readonly until: number;
  allows(resource: Resource): boolean;
}

export type Authenticated =
  | { readonly isBelieved: true; readonly identity: Identity }
  /** `why`: the check that failed, for the log. Never a part of the token that could be a secret. */
  | { readonly isBelieved: false; readonly why: string };

export function notBelieved(why: string): Authenticated {
  return { isBelieved: false, why };
}

/** Clocks of issuers and of this machine may differ by this much (as in docker's registry). */
export const leewayMs = 60_000;
