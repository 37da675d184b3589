// Which targets roles are signed again without a change of their own: asked for (Notary's witness), due and the keys at hand, or left
// without counted signatures by new keys of their role. A role signed again in one dialect is signed again in all, or its versions
// would part.
import { CountersignError, type RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import type { Change, RenewRole } from "./change.ts";
import { type CollectionDraft, type RoleDraft, rootRole } from "./collection-draft.ts";
import { isNearExpiry } from "./lifetimes.ts";
import { type RootOptions, renewRoots } from "./next-roots.ts";
import { canSign, stillVerifies } from "./role-authority.ts";

export const snapshotRole = "snapshot";

/** @throws role.invalid for a role that is not there */
export function touchRenewals(draft: CollectionDraft, changes: readonly Change[], options: RootOptions): void {
  const asked = new Map<RoleName, RenewRole>();
  for (const change of changes) if (change.kind === "renew") asked.set(change.role, change);
  adoptUnsigned(draft, asked);
  const root = asked.get(rootRole);
  renewRoots(draft, { ...options, isAsked: root !== undefined, expiresAt: root?.expiresAt });
  for (const one of draft.dialects) {
    for (const [role, drafted] of one.roles) {
      if (drafted.touch === "changed") continue;
      const isDue = isNearExpiry(drafted.content.expires, role, options.now) && canSign(one, role, options.keyIds);
      if (asked.has(role) || isOrphaned(one, role, drafted, options.keyIds)) {
        one.roles.set(role, { ...drafted, touch: "renewed", isOptional: false });
      } else if (isDue) one.roles.set(role, { ...drafted, touch: "renewed", isOptional: drafted.touch === undefined });
    }
  }
  for (const role of asked.keys()) {
    if (role === rootRole || role === snapshotRole || draft.dialects.some((one) => one.roles.has(role))) continue;
    throw new CountersignError("role.invalid", `there is no role ${role} to renew`);
  }
  for (const one of draft.dialects) {
    for (const [role, drafted] of one.roles) {
      if (drafted.touch === "renewed" || drafted.touch === "changed") touchEverywhere(draft, role, drafted);
    }
  }
}

/** The change took away the keys that had signed it, and those that may sign now are at hand. */
function isOrphaned(
  one: CollectionDraft["dialects"][number],
  role: RoleName,
  { current, touch }: RoleDraft,
  held: ReadonlySet<CanonicalKeyId>,
): boolean {
  return touch === undefined && current !== undefined && !stillVerifies(one, role, current) && canSign(one, role, held);
}

/**
 * Content that hangs in the snapshot and that no counted signature vouches for: taken over only where the caller says that it has looked.
 * @throws preflight.would_lock_out
 */
function adoptUnsigned(draft: CollectionDraft, asked: ReadonlyMap<RoleName, RenewRole>): void {
  for (const [role, change] of asked) {
    for (const one of draft.dialects) {
      const document = one.state.unsigned?.get(role);
      if (document === undefined || one.roles.has(role)) continue;
      if (change.acceptsUnsigned !== true) {
        throw new CountersignError(
          "preflight.would_lock_out",
          `${role} version ${document.signed.version} carries no signature that counts: signing it again would vouch for ` +
            `${document.signed.targets.size} targets on the server's word alone`,
          { hints: [`look at its targets first: ${namesOf(document.signed.targets)}`, "then ask for it by --accept"] },
        );
      }
      one.roles.set(role, { current: document, content: document.signed, touch: "renewed", isOptional: false });
    }
  }
}

function namesOf(targets: ReadonlyMap<string, unknown>): string {
  const names = [...targets.keys()].sort();
  const shown = names.slice(0, 20).join(", ");
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}

function touchEverywhere(draft: CollectionDraft, role: RoleName, like: RoleDraft): void {
  for (const one of draft.dialects) {
    const drafted = one.roles.get(role);
    if (drafted === undefined || drafted.touch === "changed") continue;
    one.roles.set(role, { ...drafted, touch: like.touch, isOptional: like.isOptional && drafted.touch !== "levelled" });
  }
}
