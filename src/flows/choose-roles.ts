// In which roles a target is signed when nobody says: `targets` if its keys are at hand; otherwise, as docker does it, every direct delegation
// of `targets` whose keys are at hand and whose paths allow the name (notary-v1, section 9.4). None: `targets`, so that the error is
// about the key that is missing.
import { parseRoleName, type RoleName, type TargetName } from "../bytes/index.ts";
import type { CanonicalKeyId, KeyId } from "../keys/index.ts";
import type { CollectionState, DialectState } from "../publish/index.ts";
import { delegationsFor, type Key, type RoleKeys } from "../tuf/index.ts";

const targetsRole = parseRoleName("targets");

/** At least one role; the same answer for every dialect, taken from the first one that knows better than `targets`. */
export function chooseRoles(
  state: CollectionState,
  held: ReadonlySet<CanonicalKeyId>,
  name: TargetName,
): readonly RoleName[] {
  const dialects = [...state.dialects.values()];
  if (dialects.some((one) => canSign(one.root.signed.keys, one.root.signed.roles.targets, held))) return [targetsRole];
  for (const one of dialects) {
    const roles = heldDelegations(one, held, name);
    if (roles.length > 0) return roles;
  }
  return [targetsRole];
}

function heldDelegations(one: DialectState, held: ReadonlySet<CanonicalKeyId>, name: TargetName): readonly RoleName[] {
  const delegations = one.targets.get(targetsRole)?.signed.delegations;
  if (delegations === undefined) return [];
  return delegationsFor(delegations, name).flatMap((role) =>
    canSign(delegations.keys, role, held) ? [role.name] : [],
  );
}

/** Keys count by identity: one public key under two ids is one key. */
function canSign(keys: ReadonlyMap<KeyId, Key>, role: RoleKeys, held: ReadonlySet<CanonicalKeyId>): boolean {
  const usable = new Set(role.keyIds.flatMap((id) => keys.get(id)?.publicKey?.id ?? []));
  return [...usable].filter((id) => held.has(id)).length >= role.threshold;
}
