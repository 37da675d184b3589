// Which keys of a role are at hand. Keys are compared by identity: one public key under two ids is one key.
import type { CanonicalKeyId, KeyId } from "../keys/index.ts";
import type { Key, RoleKeys } from "../tuf/index.ts";

/** The distinct keys of a role that can be used at all, in the order listed. */
export function usableKeys(keys: ReadonlyMap<KeyId, Key>, role: RoleKeys): readonly CanonicalKeyId[] {
  const found = new Set<CanonicalKeyId>();
  for (const id of role.keyIds) {
    const publicKey = keys.get(id)?.publicKey;
    if (publicKey !== undefined) found.add(publicKey.id);
  }
  return [...found];
}

/** The distinct keys of a role that are at hand, in the order listed. */
export function distinctHeld(
  keys: ReadonlyMap<KeyId, Key>,
  role: RoleKeys,
  held: ReadonlySet<CanonicalKeyId>,
): readonly CanonicalKeyId[] {
  return usableKeys(keys, role).filter((id) => held.has(id));
}
