// Into which roles docker signs (notary-v1, section 9.4): every delegation directly below `targets` whose keys are at hand and whose paths
// allow the tag; `targets` only where there are no delegations at all. A role whose threshold the keys at hand do not reach is left to
// those who can: docker tries, and fails.
import { CountersignError, parseRoleName, type RoleName, type TargetName } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import type { CollectionState, DialectState } from "../publish/index.ts";
import { delegationsFor } from "../tuf/index.ts";

export const targetsRole: RoleName = parseRoleName("targets");
export const releasesRole: RoleName = parseRoleName("targets/releases");

/** At least one. @throws key.missing when no key of any delegation is at hand */
export function signableRoles(
  state: CollectionState,
  held: ReadonlySet<CanonicalKeyId>,
  name: TargetName,
): readonly RoleName[] {
  const delegations = dockersView(state)?.targets.get(targetsRole)?.signed.delegations;
  if (delegations === undefined || delegations.roles.length === 0) return [targetsRole];
  const roles = delegationsFor(delegations, name).filter(({ keyIds, threshold }) => {
    const usable = new Set(keyIds.flatMap((id) => delegations.keys.get(id)?.publicKey?.id ?? []));
    return [...usable].filter((id) => held.has(id)).length >= threshold;
  });
  if (roles.length > 0) return roles.map((role) => role.name);
  throw new CountersignError("key.missing", "no valid signing keys for delegation roles", {
    hints: [
      "ask an owner of the repository: docker trust signer add --key YOUR.pub NAME REPOSITORY",
      "or bring your signing key here: docker trust key load KEYFILE",
    ],
  });
}

/** docker reads notary1; a collection without it is shown as it is. */
export function dockersView(state: CollectionState): DialectState | undefined {
  return state.dialects.get("notary1") ?? [...state.dialects.values()][0];
}
