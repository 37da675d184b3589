// What a publisher may ask for, as values. Applied to the model of a collection by plan.ts; nothing here knows a dialect's JSON
// but for delegation paths, which are Notary's plain prefixes ("" = everything) and are translated for tuf1.
import type { Hashes, JsonValue, RoleName, TargetName, TopRole } from "../bytes/index.ts";
import type { CanonicalKeyId, Certificate, PublicKey } from "../keys/index.ts";
import type { SetBins } from "./bins.ts";
import type { Reader } from "./must-serve.ts";

/** Adds a target, or replaces the one of that name in that role. */
export interface AddTarget {
  readonly kind: "add";
  readonly name: TargetName;
  readonly length: number;
  readonly hashes: Hashes;
  /** The publisher's own: an object, whose member `countersign` is ours (custom.ts); anything at all when verbatim. */
  readonly custom?: JsonValue;
  /** Custom data goes in as it is, without who and when: what Notary's own tools staged. */
  readonly isVerbatim?: true;
  /** `targets` unless told. */
  readonly role?: RoleName;
}

/** Removes a target from a role. @throws target.missing when the role does not have it */
export interface RemoveTarget {
  readonly kind: "remove";
  readonly name: TargetName;
  readonly role?: RoleName;
}

/** Signs a role again with a fresh expiry, content unchanged (Notary's witness); heals an expired or under-signed role. */
export interface RenewRole {
  readonly kind: "renew";
  /** root, targets, a delegation; snapshot where its key is the publisher's. */
  readonly role: RoleName;
  /** Milliseconds since the epoch; the usual lifetime unless given. */
  readonly expiresAt?: number;
  /**
   * Sign again also what no counted signature vouches for any more (its keys were replaced, notary-v1 14-N): the caller has looked at
   * the content. Without it such a role is refused.
   */
  readonly acceptsUnsigned?: true;
}

/** Creates a delegation, or changes its keys, paths and threshold. */
export interface SetDelegation {
  readonly kind: "delegate";
  readonly role: RoleName;
  readonly addKeys?: readonly PublicKey[];
  readonly removeKeys?: readonly CanonicalKeyId[];
  readonly addPaths?: readonly string[];
  readonly removePaths?: readonly string[];
  /** Paths that are not in addPaths go too. */
  readonly clearsPaths?: true;
  /** Kept when absent; 1 for a new delegation. */
  readonly threshold?: number;
  /** See PurgeKeys. */
  readonly mayVanish?: true;
}

/** Removes a delegation and everything below it. */
export interface RemoveDelegation {
  readonly kind: "undelegate";
  readonly role: RoleName;
}

/** Takes keys out of every delegation that lists them; the delegations themselves stay. */
export interface PurgeKeys {
  readonly kind: "purge";
  readonly keys: readonly CanonicalKeyId[];
  /**
   * What these keys had signed may be lost to readers until somebody else signs it: a signer who cannot be trusted has to go at once. Only
   * in a collection of notary1 alone; a reader of tuf1 would stop at the delegation, and never come to those behind it.
   */
  readonly mayVanish?: true;
}

/** A key for a role of the root. A root key needs a certificate where the collection carries notary1 (notary-v1, 4.1). */
export interface TopKey {
  readonly publicKey: PublicKey;
  readonly certificate?: Certificate;
}

/**
 * Changes who signs a role that the root names: rotation, team thresholds, hand-over between publisher and server. All of one publish
 * share one new root. A root key that is listed already and comes with another certificate gets it in exchange.
 */
export interface SetTopKeys {
  readonly kind: "rekey";
  readonly role: TopRole;
  readonly addKeys: readonly TopKey[];
  /** `others`: every key that is not in addKeys. */
  readonly removeKeys: readonly CanonicalKeyId[] | "others";
  /** Kept when absent. */
  readonly threshold?: number;
}

/** Says which programs the collection must serve, from now on. */
export interface SetMustServe {
  readonly kind: "serve";
  /** None: what would keep one of them out is only warned of. */
  readonly readers: readonly Reader[];
}

/** Says how long targets, delegations and bins are good that are signed from now on. */
export interface SetLifetime {
  readonly kind: "lifetime";
  /** From 1 to 3650; undefined: the usual. */
  readonly days: number | undefined;
}

export type Change =
  | AddTarget
  | RemoveTarget
  | RenewRole
  | SetDelegation
  | RemoveDelegation
  | PurgeKeys
  | SetTopKeys
  | SetBins
  | SetMustServe
  | SetLifetime;
