// Changes who signs the roles that a root names. Several roles share one new root: with one root a role, a collection whose server has
// lost both online keys could never be healed (notary-v1, 14-H). Only the keys some role lists stay in the root.
import { CountersignError, isTopRole, type TopRole, topRoles } from "../bytes/index.ts";
import type { Dialect } from "../dialects/index.ts";
import type { CanonicalKeyId, KeyId } from "../keys/index.ts";
import type { Key, RoleKeys, Root } from "../tuf/index.ts";
import type { SetTopKeys } from "./change.ts";
import type { CollectionDraft } from "./collection-draft.ts";
import { defaultLifetimes } from "./lifetimes.ts";
import { newestRoot, type RootOptions } from "./next-roots.ts";

/**
 * Adds the root that all these changes make to every dialect, with a fresh expiry. A dialect whose root lags and cannot be levelled is
 * left where it is. @throws usage.invalid for a role that is none of the root's; preflight.inexpressible; key.unsupported
 */
export function rekeyRoots(draft: CollectionDraft, changes: readonly SetTopKeys[], options: RootOptions): void {
  if (changes.length === 0) return;
  const lifetime = (options.lifetimes ?? defaultLifetimes).root;
  for (const one of draft.dialects) {
    if (one.isRootBehind) continue;
    const before = newestRoot(one);
    const edited = changes.reduce((root, change) => editRole(one.dialect, root, change), before);
    const next: Root = {
      ...edited,
      keys: usedKeys(edited),
      version: before.version + 1,
      expires: one.dialect.formatExpiry(options.now + lifetime),
    };
    one.newRoots = [...one.newRoots, next];
    one.rootTouch = "changed";
    one.isRootOptional = false;
  }
}

function editRole(dialect: Dialect, root: Root, change: SetTopKeys): Root {
  if (!isTopRole(change.role)) {
    throw new CountersignError("usage.invalid", `${change.role} is no role of the root`);
  }
  const keys = new Map(root.keys);
  const before = root.roles[change.role];
  const identityOf = (id: KeyId): CanonicalKeyId | undefined => keys.get(id)?.publicKey?.id;
  const added = new Set<string>(change.addKeys.map(({ publicKey }) => publicKey.id));
  const removed = new Set<string>(change.removeKeys === "others" ? [] : change.removeKeys);
  let keyIds = before.keyIds.filter((id) => {
    const identity = identityOf(id) ?? id;
    return change.removeKeys === "others" ? added.has(identity) : !removed.has(identity);
  });
  for (const { publicKey, certificate } of change.addKeys) {
    const needsCertificate = dialect.name === "notary1" && change.role === "root";
    const isListed = keyIds.some((id) => identityOf(id) === publicKey.id);
    if (isListed && !(needsCertificate && certificate !== undefined)) continue;
    if (needsCertificate && certificate === undefined) {
      throw new CountersignError("preflight.inexpressible", `root key ${publicKey.id} comes without a certificate`, {
        hints: ["a collection that Notary's clients read needs a certificate for each root key, made for its name"],
      });
    }
    const key = dialect.makeKey(publicKey, needsCertificate ? certificate : undefined);
    keyIds = keyIds.filter((id) => identityOf(id) !== publicKey.id);
    keys.set(key.id, key);
    keyIds.push(key.id);
  }
  const role: RoleKeys = { keyIds: [...new Set(keyIds)], threshold: change.threshold ?? before.threshold };
  return { ...root, keys, roles: withRole(root, change.role, role) };
}

function withRole(root: Root, name: TopRole, role: RoleKeys): Root["roles"] {
  return { ...root.roles, [name]: role };
}

function usedKeys(root: Root): ReadonlyMap<KeyId, Key> {
  const used = new Set<KeyId>(topRoles.flatMap((name) => root.roles[name].keyIds));
  return new Map([...root.keys].filter(([id]) => used.has(id)));
}
