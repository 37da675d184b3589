// How long what we sign stays valid, and when it is signed again. Root and targets carry Notary's own lifetimes in both dialects,
// because nobody is awake to renew them: a shorter life would be a lock-out with a date. Renewal starts while there is time for a
// person to find the key. Root certificates outlive everything: an expired one is the one loss that nothing heals (notary-v1, 14-T).
import { CountersignError, type JsonValue } from "../bytes/index.ts";
import type { Expiry, Targets } from "../tuf/index.ts";
import { type CollectionDraft, targetsRole } from "./collection-draft.ts";
import { settingOf } from "./signed-settings.ts";

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

/** Of what a collection may say for its targets roles; a day is the least that a person who publishes daily can keep up with. */
export const maxLifetimeDays = 3650;

/** What the signed `targets` say, in days; undefined: nothing, or nothing that this version understands. */
export function lifetimeDays(signed: Pick<Targets, "extra"> | undefined): number | undefined {
  const said = settingOf(signed, "x-countersign-lifetime-days");
  return isLifetime(said) ? said : undefined;
}

/** As it is signed. @throws usage.invalid */
export function signedLifetime(days: number | undefined): JsonValue | undefined {
  if (days === undefined || isLifetime(days)) return days;
  throw new CountersignError("usage.invalid", `a lifetime has 1 to ${maxLifetimeDays} whole days, not ${days}`);
}

/** The usual lifetimes, but for what the collection will say itself. */
export function lifetimesOf({ dialects }: Pick<CollectionDraft, "dialects">): Lifetimes {
  const tuf1 = dialects.find(({ dialect }) => dialect.name === "tuf1");
  const days = lifetimeDays(tuf1?.roles.get(targetsRole)?.content);
  return days === undefined ? defaultLifetimes : { ...defaultLifetimes, targets: days * day };
}

function isLifetime(days: JsonValue | undefined): days is number {
  return typeof days === "number" && Number.isInteger(days) && days >= 1 && days <= maxLifetimeDays;
}

/** Renewed when less than this is left and the key is at hand; a warning without it. Notary's clients start at six months. */
export const renewalWindows = { root: 2 * 365 * day, targets: 365 * day, certificate: 5 * 365 * day } as const;

/** A document's expiry is never set to less than this from now: it would be expired before it is read. */
export const shortestLifetime = 60 * 60 * 1000;

/** Certificates start this long ago, for readers whose clock is late (Notary's clients allow a day ahead only). */
export const certificateBackdating = 60 * 60 * 1000;

/** True inside the renewal window, and after expiry. The window of a short life is a third of it. */
export function isNearExpiry(
  expires: Expiry,
  role: string,
  now: number,
  lifetimes: Lifetimes = defaultLifetimes,
): boolean {
  const window = role === "root" ? renewalWindows.root : Math.min(renewalWindows.targets, lifetimes.targets / 3);
  return expires.at - now < window;
}

export function lifetimeOf(role: string, lifetimes: Lifetimes): number {
  return role === "root" ? lifetimes.root : lifetimes.targets;
}

/** `2029-11-21` for messages. */
export function dateOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
