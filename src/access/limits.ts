// How often somebody may do what costs the server most, as an operator says it. The server counts (rate-limits.ts there).

export interface RateLimit {
  /** Sustained. */
  readonly perMinute: number;
  /** At once, after a pause. */
  readonly burst: number;
}

/** `failures` are credentials that were not believed. */
export type LimitedWork = "requests" | "uploads" | "keys" | "failures";

/** What is not named is not limited. */
export type RateLimits = Readonly<Partial<Record<LimitedWork, RateLimit>>>;
