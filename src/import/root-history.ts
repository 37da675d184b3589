// Every root of a collection, back to the first one. A reader that is pinned to the newest root never asks for those before it; who
// brings a collection home needs them all, because old caches hold any of them and follow only a chain without a gap. Each root is
// verified against the next (TUF 1.0.34, 5.3; notary-v1, 9.2), so that no history is taken that does not lead to what is trusted.
import { CountersignError } from "../bytes/index.ts";
import { type Dialect, type Document, type Root, TrustedSet } from "../tuf/index.ts";
import { type Collection, defaultLimits, type MetadataSource } from "../updater/index.ts";

export interface RootHistory {
  /** Ascending without a gap; the last one is the trusted root. */
  readonly roots: readonly Document<Root>[];
  /** False: the source has none below the first of these, and it is not version 1. */
  readonly isWhole: boolean;
}

/** @throws metadata.missing for a gap; what TrustedSet throws where a root does not lead to the next; download.* */
export async function rootHistory(
  collection: Collection,
  dialect: Dialect,
  source: MetadataSource,
  signal?: AbortSignal,
): Promise<RootHistory> {
  const trusted = collection.documents().roots;
  const [first] = trusted;
  if (first === undefined) throw new CountersignError("bug.unexpected", "a collection without a trusted root");
  const { rootBytes, rootRotations } = defaultLimits(dialect.name);
  const options = { maxBytes: rootBytes, ...(signal === undefined ? {} : { signal }) };
  if (first.signed.version > rootRotations) {
    throw new CountersignError("limit.exceeded", `${collection.gun}: more than ${rootRotations} roots`);
  }
  const earlier: Uint8Array[] = [];
  for (let version = first.signed.version - 1; version >= 1; version--) {
    const bytes = await source.fetchRoot(version, options);
    if (bytes === undefined) break;
    if (bytes.length > rootBytes) {
      throw new CountersignError(
        "download.too_large",
        `${collection.gun}: root version ${version} is over ${rootBytes} bytes`,
      );
    }
    earlier.unshift(bytes);
  }
  const oldest = first.signed.version - earlier.length;
  // Notary lets a collection begin at version 1 or 2 (notary-v1, 14-W).
  const isWhole = oldest === 1 || (oldest === 2 && earlier.length > 0);
  if (!isWhole && oldest > 1 && (await source.fetchRoot(1, options)) !== undefined) {
    throw new CountersignError("metadata.missing", `${collection.gun}: the source has no root version ${oldest - 1}`, {
      hints: [
        "ask the operator of the source for that root, or import from another mirror or a client's cache that has it",
      ],
    });
  }
  return { roots: [...provenChain(collection, dialect, earlier, first), ...trusted], isWhole };
}

function provenChain(
  { gun, now }: Collection,
  dialect: Dialect,
  earlier: readonly Uint8Array[],
  first: Document<Root>,
): readonly Document<Root>[] {
  const [oldest, ...others] = earlier;
  if (oldest === undefined) return [];
  const set = TrustedSet.fromRoot(oldest, { dialect, gun, now });
  const roots = [set.root, ...others.map((bytes) => set.updateRoot(bytes))];
  set.updateRoot(first.bytes);
  return roots;
}
