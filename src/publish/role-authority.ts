// Whose keys a targets role needs, as a draft will have it: the root's word for `targets`, the delegator's for everything below. A role
// has no keys of its own.
import { CountersignError, type RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId, KeyId } from "../keys/index.ts";
import { countSigners, type Document, findDelegation, type Key, type RoleKeys, type Targets } from "../tuf/index.ts";
import { type DialectDraft, targetsRole } from "./collection-draft.ts";
import { delegatorOf } from "./delegated-paths.ts";
import { distinctHeld, usableKeys } from "./held-keys.ts";
import { newestRoot } from "./next-roots.ts";

/** Keys that may sign a document for one delegator; all authorities of a document must be satisfied. */
export interface Authority {
  readonly keys: ReadonlyMap<KeyId, Key>;
  readonly role: RoleKeys;
  /** In words, for messages. */
  readonly words: string;
}

/** @throws role.invalid when nobody delegates to it */
export function authorityFor(one: DialectDraft, role: RoleName): Authority {
  const root = newestRoot(one);
  if (role === targetsRole) return { keys: root.keys, role: root.roles.targets, words: `root version ${root.version}` };
  const delegator = delegatorOf(role);
  const delegations = one.roles.get(delegator)?.content.delegations;
  const delegated = findDelegation(delegations, role);
  if (delegations === undefined || delegated === undefined) {
    throw new CountersignError("role.invalid", `${delegator} does not delegate to ${role} in ${one.dialect.name}`, {
      hints: ["add the delegation first"],
    });
  }
  return { keys: delegations.keys, role: delegated, words: delegator };
}

/** Whether the keys at hand reach the role's threshold. @throws role.invalid */
export function canSign(one: DialectDraft, role: RoleName, held: ReadonlySet<CanonicalKeyId>): boolean {
  const { keys, role: roleKeys } = authorityFor(one, role);
  return distinctHeld(keys, roleKeys, held).length >= roleKeys.threshold;
}

/**
 * Whether a document that stays as it is would still be believed under the keys and threshold that the draft gives its role. True also
 * where no keys could reach the threshold: that has a finding of its own. @throws role.invalid
 */
export function stillVerifies(one: DialectDraft, role: RoleName, current: Document<Targets>): boolean {
  const { keys, role: roleKeys } = authorityFor(one, role);
  if (usableKeys(keys, roleKeys).length < roleKeys.threshold) return true;
  try {
    return countSigners(one.dialect, current, keys, roleKeys).met;
  } catch (error) {
    if (error instanceof CountersignError) return false;
    throw error;
  }
}
