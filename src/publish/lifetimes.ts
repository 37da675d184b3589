// How long what we sign stays valid, and when it is signed again. Root and targets carry Notary's own lifetimes in both dialects,
// because nobody is awake to renew them: a shorter life would be a lock-out with a date. Renewal starts while there is time for a
// person to find the key. Root certificates outlive everything: an expired one is the one loss that nothing heals (notary-v1, 14-T).
import type { Expiry } from "../tuf/index.ts";

const day = 24 * 60 * 60 * 1000;

export interface Lifetimes {
  /** Milliseconds, as all of these. */
  readonly root: number;
  readonly targets: number;
  readonly certificate: number;
}

export const defaultLifetimes: Lifetimes = {
  root: 10 * 365 * day,
  targets: 3 * 365 * day,
  certificate: 50 * 365 * day,
};

/** Renewed when less than this is left and the key is at hand; a warning without it. Notary's clients start at six months. */
export const renewalWindows = { root: 2 * 365 * day, targets: 365 * day, certificate: 5 * 365 * day } as const;

/** A document's expiry is never set to less than this from now: it would be expired before it is read. */
export const shortestLifetime = 60 * 60 * 1000;

/** Certificates start this long ago, for readers whose clock is late (Notary's clients allow a day ahead only). */
export const certificateBackdating = 60 * 60 * 1000;

/** True inside the renewal window, and after expiry. */
export function isNearExpiry(expires: Expiry, role: string, now: number): boolean {
  return expires.at - now < (role === "root" ? renewalWindows.root : renewalWindows.targets);
}

export function lifetimeOf(role: string, lifetimes: Lifetimes): number {
  return role === "root" ? lifetimes.root : lifetimes.targets;
}

/** `2029-11-21` for messages. */
export function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
