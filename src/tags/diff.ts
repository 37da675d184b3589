// What changed between two listings of one collection.
import { compareUtf8, type Digest } from "../bytes/index.ts";

export interface Listed {
  readonly name: string;
  readonly digest: Digest;
}

export type TagChange<T extends Listed> =
  | { readonly kind: "added"; readonly after: T }
  | { readonly kind: "removed"; readonly before: T }
  /** The name points at other content. */
  | { readonly kind: "moved"; readonly before: T; readonly after: T };

/** Every difference, sorted by name. Names must be unique in each listing; the last one wins. */
export function diffTags<T extends Listed>(before: readonly T[], after: readonly T[]): readonly TagChange<T>[] {
  const old = new Map(before.map((tag) => [tag.name, tag]));
  const now = new Map(after.map((tag) => [tag.name, tag]));
  const names = [...new Set([...old.keys(), ...now.keys()])].sort(compareUtf8);
  return names.flatMap((name): TagChange<T>[] => {
    const was = old.get(name);
    const is = now.get(name);
    if (was === undefined) return is === undefined ? [] : [{ kind: "added", after: is }];
    if (is === undefined) return [{ kind: "removed", before: was }];
    return was.digest === is.digest ? [] : [{ kind: "moved", before: was, after: is }];
  });
}
