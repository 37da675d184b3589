// A bundle to carry away. A reader starts at the newest root that its pins vouch for, but the people a bundle is for may hold other,
// older pins: so it is filled up with every root from version 1, and the chain is proved before it is written.
import { CountersignError, equalBytes } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import { TrustedSet } from "../tuf/index.ts";
import type { Bundle, BundleDocument } from "./bundle.ts";
import type { Collection } from "./collection.ts";
import { guardedSource } from "./guarded-source.ts";
import { defaultLimits } from "./limits.ts";
import type { MetadataSource } from "./ports.ts";

/**
 * Everything of a collection that was opened: all roots that the source still has without a gap, and every delegated role.
 * @throws what roles throws, download.*, what TrustedSet throws for roots that do not lead to the trusted one
 */
export async function wholeBundle(
  collection: Collection,
  source: MetadataSource,
  signal?: AbortSignal,
): Promise<Bundle> {
  await collection.roles();
  const { roots, timestamp, snapshot, targets } = collection.documents();
  const documents: BundleDocument[] = [...roots, timestamp, snapshot, ...targets.values()];
  const earlier = await earlierRoots(collection, guardedSource(source, signal));
  return {
    gun: collection.gun,
    dialect: collection.dialect,
    documents: [...earlier, ...documents].map(({ role, bytes }) => ({ role, bytes })),
  };
}

async function earlierRoots(collection: Collection, source: MetadataSource): Promise<readonly BundleDocument[]> {
  const [first] = collection.documents().roots;
  if (first === undefined || first.signed.version === 1) return [];
  const options = { maxBytes: defaultLimits(collection.dialect).rootBytes };
  const bytes = await source.fetchRoot(1, options);
  // Notary let a collection start at root 2; then the chain starts where the reader's did.
  if (bytes === undefined) return [];
  const judgement = { dialect: dialectNamed(collection.dialect), gun: collection.gun, now: collection.now };
  const set = TrustedSet.fromRoot(bytes, judgement);
  const earlier = [set.root];
  while (set.root.signed.version < first.signed.version) {
    const version = set.root.signed.version + 1;
    const next = version === first.signed.version ? first.bytes : await source.fetchRoot(version, options);
    if (next === undefined) {
      throw new CountersignError("metadata.missing", `${collection.gun}: the server has no root version ${version}`);
    }
    set.updateRoot(next);
    if (!equalBytes(next, first.bytes)) earlier.push(set.root);
  }
  return earlier;
}
