// The whole migration: names, collections with their keys, keys of names without documents, the change feed. Several collections are under
// way at once, within a bound of bytes, so that reading, checking and writing overlap. Stopping is safe at any moment: each collection
// is written in one transaction, and a run passes over what an earlier one has brought.
import { type Clock, type Gun, isCountersignError, parseGun } from "../bytes/index.ts";
import type { PassphraseOf } from "../notary-signer/index.ts";
import type { Storage } from "../storage/index.ts";
import { migrateChangeFeed } from "./change-feed.ts";
import { addKeysOnly, type CollectionContext, migrateCollection } from "./migrate-collection.ts";
import type { KeyRow, NotaryServerSource, NotarySignerSource, SourceCollection } from "./notary-source.ts";
import { type MigrationReport, type Progress, Tally } from "./report.ts";
import type { KeyDestination } from "./server-keys.ts";
import { heldBytes } from "./stored-documents.ts";
import { UnnamedKeys } from "./unnamed-keys.ts";

export interface MigrationOptions {
  readonly server: NotaryServerSource;
  /** undefined: keys are not migrated. */
  readonly signer: NotarySignerSource | undefined;
  readonly destination: {
    readonly description: string;
    /** undefined: a dry run, which reads and verifies everything and writes nothing. */
    readonly storage: Storage | undefined;
  };
  readonly keys: KeyDestination;
  readonly passphraseOf: PassphraseOf;
  /** Which names; all unless told. */
  readonly isWanted?: (gun: string) => boolean;
  /** Reads and verifies also what an earlier run has brought. */
  readonly readsAgain?: boolean;
  readonly clock: Clock;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** Collections under way at once, and the bytes they may hold together. */
const maxUnderWay = 8;
const maxBytesUnderWay = 3 * heldBytes;

/** @throws storage.*, disk.*, migrate.source_invalid; an abort of the signal. What was written stays, and the next run goes on. */
export async function migrateNotary(options: MigrationOptions): Promise<MigrationReport> {
  const { server, signer, destination, signal, isWanted = () => true, onProgress = () => undefined } = options;
  const tally = new Tally();
  onProgress({ step: "listing", done: 0, total: 0 });
  const collections = (await server.collections())
    .filter(({ gun }) => isWanted(gun))
    .toSorted((a, b) => (a.gun < b.gun ? -1 : 1));
  // After the collections: a key is made before the root that names it is published.
  const allKeys = (await signer?.keys()) ?? [];
  const unnamed = new UnnamedKeys(allKeys);
  const keyRows = Map.groupBy(
    allKeys.filter(({ gun }) => gun !== "" && isWanted(gun)),
    ({ gun }) => gun,
  );
  const context: CollectionContext = {
    server,
    signer,
    storage: destination.storage,
    keys: options.keys,
    passphraseOf: options.passphraseOf,
    unnamed,
    // Whose such keys are is found out by reading.
    readsAgain: options.readsAgain === true || unnamed.size > 0,
    tally,
    now: options.clock(),
  };
  for (const rows of keyRows.values()) tally.keys.found += rows.length;
  tally.keys.found += unnamed.size;
  tally.collections.found = collections.length;
  if (signer === undefined) tally.add(signerAbsent);

  let done = 0;
  await overlapping(collections, signal, async ({ gun: name, rows }) => {
    const gun = allowedName(tally, name, keyRows.get(name) ?? [], rows);
    if (gun === undefined) {
      tally.collections.leftOut += 1;
      tally.documents.found += rows;
      tally.documents.leftOut += rows;
    } else {
      await migrateCollection(context, gun, keyRows.get(name) ?? []);
    }
    onProgress({ step: "collections", done: ++done, total: collections.length, gun: name });
  });

  const { owned, unclaimed, findings } = unnamed.settle(context.now, options.isWanted === undefined);
  tally.add(...findings);
  tally.keys.leftOut += unclaimed;
  for (const [gun, rows] of owned) await addKeysOnly(context, gun, rows);

  const named = new Set(collections.map(({ gun }) => gun));
  const unpublished = [...keyRows].filter(([gun]) => !named.has(gun));
  for (const [index, [name, rows]] of unpublished.entries()) {
    signal?.throwIfAborted();
    const gun = allowedName(tally, name, rows, 0);
    if (gun !== undefined) await addKeysOnly(context, gun, rows);
    onProgress({ step: "keys", done: index + 1, total: unpublished.length, gun: name });
  }
  await migrateChangeFeed({ server, storage: destination.storage, tally, isWanted, named, onProgress, signal });
  return {
    dryRun: destination.storage === undefined,
    server: server.description,
    signer: signer?.description,
    destination: destination.description,
    collections: { ...tally.collections },
    documents: { ...tally.documents },
    targets: tally.targets,
    keys: { ...tally.keys },
    changes: { ...tally.changes },
    findings: tally.findings,
  };
}

/** Not a warning: a script that goes by the exit code must not switch over to a server that cannot renew anything. */
const signerAbsent = {
  severity: "left_out",
  code: "signer.absent",
  message: "no signer database was given: the keys for snapshots and timestamps stay behind",
  consequence: "collections cannot be renewed and most cannot be published to; run it again with the signer's database",
} as const;

/** The name as ours, or undefined with a finding. */
function allowedName(tally: Tally, name: string, keys: readonly KeyRow[], documents: number): Gun | undefined {
  try {
    return parseGun(name);
  } catch (error) {
    if (!isCountersignError(error, "gun.invalid")) throw error;
    tally.keys.leftOut += keys.length;
    tally.add({
      severity: "left_out",
      code: "name.refused",
      gun: name,
      message: `the new server takes no collection of this name (${documents} documents, ${keys.length} keys)`,
      consequence: "whoever uses it has to publish under another name",
    });
    return undefined;
  }
}

/** Runs `work` over all, some at once: as many as fit within both bounds, one at least. The first failure ends it. */
async function overlapping(
  collections: readonly SourceCollection[],
  signal: AbortSignal | undefined,
  work: (collection: SourceCollection) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  let bytes = 0;
  try {
    for (const collection of collections) {
      signal?.throwIfAborted();
      const size = Math.min(collection.bytes, maxBytesUnderWay);
      while (underWay.size > 0 && (underWay.size >= maxUnderWay || bytes + size > maxBytesUnderWay)) {
        await Promise.race(underWay);
      }
      bytes += size;
      const one: Promise<void> = work(collection).finally(() => {
        underWay.delete(one);
        bytes -= size;
      });
      // Awaited by the race or at the end; until then a failure must not count as unhandled.
      one.catch(() => undefined);
      underWay.add(one);
    }
    await Promise.all(underWay);
  } finally {
    // Storage is closed after this: what is under way is brought to its end first.
    await Promise.allSettled(underWay);
  }
}
