// When a new root takes a timestamp or snapshot key out of use, what those keys signed before no longer binds a reader: this
// is how a collection recovers after a thief of an online key pushed the versions to the sky (TUF 1.0.34, 5.3.11). Checked by
// identity of keys, because an old document may still verify when only some keys were replaced.
import type { CanonicalKeyId } from "../keys/index.ts";
import type { Root } from "./model.ts";

/** True when a timestamp or snapshot key of `before` is not one any more in `after`. New keys alone are no rotation. */
export function rotatesOnlineKeys(before: Root, after: Root): boolean {
  return (["timestamp", "snapshot"] as const).some((role) => {
    const kept = identities(after, role);
    return [...identities(before, role)].some((id) => !kept.has(id));
  });
}

function identities(root: Root, role: "timestamp" | "snapshot"): ReadonlySet<CanonicalKeyId> {
  const ids = new Set<CanonicalKeyId>();
  for (const keyId of root.roles[role].keyIds) {
    const id = root.keys.get(keyId)?.publicKey?.id;
    if (id !== undefined) ids.add(id);
  }
  return ids;
}
