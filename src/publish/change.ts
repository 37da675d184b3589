// What a publisher may ask for, as values. Applied to the model of a collection by plan.ts; nothing here knows a dialect's JSON
// but for delegation paths, which are Notary's plain prefixes ("" = everything) and are translated for tuf1.
import type { Hashes, JsonObject, RoleName, TargetName } from "../bytes/index.ts";
import type { CanonicalKeyId, PublicKey } from "../keys/index.ts";

/** Adds a target, or replaces the one of that name in that role. */
export interface AddTarget {
  readonly kind: "add";
  readonly name: TargetName;
  readonly length: number;
  readonly hashes: Hashes;
  /** Members of the publisher's own; `countersign` is ours (custom.ts). */
  readonly custom?: JsonObject;
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
  readonly role: RoleName;
}

/** Creates a delegation, or changes its keys, paths and threshold. */
export interface SetDelegation {
  readonly kind: "delegate";
  readonly role: RoleName;
  readonly addKeys?: readonly PublicKey[];
  readonly removeKeys?: readonly CanonicalKeyId[];
  readonly addPaths?: readonly string[];
  readonly removePaths?: readonly string[];
  /** Kept when absent; 1 for a new delegation. */
  readonly threshold?: number;
}

/** Removes a delegation and everything below it. */
export interface RemoveDelegation {
  readonly kind: "undelegate";
  readonly role: RoleName;
}

export type Change = AddTarget | RemoveTarget | RenewRole | SetDelegation | RemoveDelegation;
