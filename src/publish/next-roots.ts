// Roots that follow the current one: the same keys with a fresh expiry (renewal), or the other dialect's newer root said in this
// dialect (levelling, after an old client rotated keys in notary1 only). Every root is numbered one above the last, so a lagging
// dialect gets one document for each version it missed: readers walk every version (TUF 1.0.34, 5.3).
import { convertRoot } from "../dialects/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import type { Root } from "../tuf/index.ts";
import type { CollectionDraft, DialectDraft, Levelled } from "./collection-draft.ts";
import { rootRole } from "./collection-draft.ts";
import { distinctHeld } from "./held-keys.ts";
import { defaultLifetimes, isNearExpiry, type Lifetimes } from "./lifetimes.ts";

/** A reader walks at most this many roots in one run (tuf-1.0, section 4); a longer gap cannot be closed. */
const maxMissedRoots = 256;

export interface RootOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly keyIds: ReadonlySet<CanonicalKeyId>;
  readonly lifetimes?: Lifetimes;
}

/** Brings lagging roots up to the newest, where the keys of both the old and the new root are at hand; else marks the lag. */
export function levelRoots(draft: CollectionDraft, options: RootOptions): Levelled[] {
  const levelled: Levelled[] = [];
  const leader = draft.dialects.reduce<DialectDraft | undefined>(
    (best, one) => (best === undefined || currentRoot(one).version > currentRoot(best).version ? one : best),
    undefined,
  );
  if (leader === undefined) return levelled;
  const source = currentRoot(leader);
  for (const lagging of draft.dialects) {
    const before = currentRoot(lagging);
    if (before.version === source.version) continue;
    const converted = convertRoot(source, lagging.dialect);
    const missed = source.version - before.version;
    if (missed > maxMissedRoots || !canSignRoot(before, options) || !canSignRoot(converted, options)) {
      lagging.isRootBehind = true;
      continue;
    }
    lagging.newRoots = Array.from({ length: missed }, (_, step) => ({
      ...converted,
      version: before.version + step + 1,
    }));
    lagging.rootTouch = "levelled";
    levelled.push({
      dialect: lagging.dialect.name,
      role: rootRole,
      fromVersion: before.version,
      toVersion: source.version,
    });
  }
  return levelled;
}

/**
 * Adds a root with a fresh expiry where that was asked for, or is due and the keys are at hand. An unasked renewal never fails a
 * publish: it is dropped with a warning when its keys do not open.
 */
export function renewRoots(
  draft: CollectionDraft,
  options: RootOptions & { readonly isAsked: boolean; readonly expiresAt: number | undefined },
): void {
  const isDue = draft.dialects.some((one) => isNearExpiry(newestRoot(one).expires, rootRole, options.now));
  const canSign = draft.dialects.every((one) => canSignRoot(newestRoot(one), options));
  if (!options.isAsked && !(isDue && canSign)) return;
  for (const one of draft.dialects) {
    // A root that is being re-keyed has a fresh expiry already.
    if (one.rootTouch === "changed") continue;
    const newest = newestRoot(one);
    const lifetime = (options.lifetimes ?? defaultLifetimes).root;
    const renewed = {
      ...newest,
      version: newest.version + 1,
      expires: one.dialect.formatExpiry(options.expiresAt ?? options.now + lifetime),
    };
    one.isRootOptional = !options.isAsked && one.newRoots.length === 0;
    one.newRoots = [...one.newRoots, renewed];
    one.rootTouch = "renewed";
  }
}

function currentRoot(one: DialectDraft): Root {
  return one.state.root.signed;
}

export function newestRoot(one: DialectDraft): Root {
  return one.newRoots.at(-1) ?? currentRoot(one);
}

function canSignRoot(root: Root, options: RootOptions): boolean {
  return distinctHeld(root.keys, root.roles.root, options.keyIds).length >= root.roles.root.threshold;
}
