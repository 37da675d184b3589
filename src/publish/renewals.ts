// Which targets roles are signed again without a change of their own: asked for (Notary's witness), due and the keys at hand, or left
// without counted signatures by new keys of their role. A role signed again in one dialect is signed again in all, or its versions
// would part.
import { CountersignError, type RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import type { Change, RenewRole } from "./change.ts";
import { type CollectionDraft, type RoleDraft, rootRole } from "./collection-draft.ts";
import type { LapsedRole } from "./collection-state.ts";
import { usableKeys } from "./held-keys.ts";
import { isNearExpiry, lifetimesOf } from "./lifetimes.ts";
import { type RootOptions, renewRoots } from "./next-roots.ts";
import { authorityFor, canSign, stillVerifies } from "./role-authority.ts";

export const snapshotRole = "snapshot";

/** @throws role.invalid for a role that is not there */
export function touchRenewals(draft: CollectionDraft, changes: readonly Change[], options: RootOptions): void {
  const asked = new Map<RoleName, RenewRole>();
  for (const change of changes) if (change.kind === "renew") asked.set(change.role, change);
  adoptLapsed(draft, asked);
  const root = asked.get(rootRole);
  renewRoots(draft, { ...options, isAsked: root !== undefined, expiresAt: root?.expiresAt });
  const lifetimes = options.lifetimes ?? lifetimesOf(draft);
  for (const one of draft.dialects) {
    for (const [role, drafted] of one.roles) {
      if (drafted.touch === "changed") continue;
      const isNear = isNearExpiry(drafted.content.expires, role, options.now, lifetimes);
      const isDue = isNear && canSign(one, role, options.keyIds);
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

/** Lapsed roles that somebody asks to be signed again. @throws preflight.would_lock_out */
function adoptLapsed(draft: CollectionDraft, asked: ReadonlyMap<RoleName, RenewRole>): void {
  for (const [role, change] of asked) {
    for (const one of draft.dialects) {
      const lapsed = one.roles.has(role) ? undefined : one.state.lapsed?.get(role);
      if (lapsed !== undefined) one.roles.set(role, adopted(lapsed, change.acceptsUnsigned === true));
    }
  }
}

/**
 * A lapsed role as a draft to go on from. Content that hangs in the snapshot and that no counted signature vouches for is taken over only
 * where the caller says that it has looked. @throws preflight.would_lock_out
 */
export function adopted({ document, isSigned }: LapsedRole, acceptsUnsigned: boolean): RoleDraft {
  const { signed, role } = document;
  if (isSigned || acceptsUnsigned) return { current: document, content: signed, touch: "renewed", isOptional: false };
  throw new CountersignError(
    "preflight.would_lock_out",
    `${role} version ${signed.version} carries too few signatures that count: signing on top of it would vouch for ` +
      `${signed.targets.size} targets on the server's word alone`,
    {
      hints: [
        `look at what it holds: ${namesOf(signed.targets)}`,
        `then sign it again as it is: countersign witness GUN ${role} --accept-unsigned`,
      ],
    },
  );
}

/**
 * Delegations that this change leaves without counted signatures, and that the caller is ready to lose for a while, with all below them.
 */
export function vanishingRoles(draft: CollectionDraft, changes: readonly Change[]): ReadonlySet<RoleName> {
  const vanishing = new Set<RoleName>();
  const [only, another] = draft.dialects;
  if (only === undefined || another !== undefined || only.dialect.name !== "notary1") return vanishing;
  const willing = new Set(
    changes.flatMap((change) => (change.kind === "delegate" && change.mayVanish === true ? [change.role] : [])),
  );
  for (const [role, { current, touch }] of only.roles) {
    const above = [...vanishing].some((gone) => role.startsWith(`${gone}/`));
    if (above) vanishing.add(role);
    else if (willing.has(role) && touch === undefined && current !== undefined) {
      const { keys, role: listed } = authorityFor(only, role);
      const isLost = usableKeys(keys, listed).length < listed.threshold || !stillVerifies(only, role, current);
      if (isLost) vanishing.add(role);
    }
  }
  return vanishing;
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
