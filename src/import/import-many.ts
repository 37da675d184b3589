// Many collections, some at a time. Each is whole or absent in the archive and at the destination, and what one run has done the next
// passes over; so an import that was stopped, killed or left without its server is simply run again.
import { CountersignError, type Gun } from "../bytes/index.ts";
import type { Archive } from "./archive.ts";
import { type CollectionImport, importCollection } from "./import-collection.ts";
import type { CollectionOutcome, ImportReport, Progress } from "./report.ts";

export interface ManyImports {
  readonly archive: Archive;
  readonly destination: string | undefined;
  readonly guns: readonly Gun[];
  /** What to do with one of them; asked when its turn comes. */
  readonly plan: (gun: Gun) => Promise<CollectionImport>;
  /** At once. */
  readonly parallel: number;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
}

/** @throws storage.locked when another import uses the archive; disk.*, an abort: what is done stays */
export async function importMany(wanted: ManyImports): Promise<ImportReport> {
  const { archive, destination, signal, onProgress = () => undefined } = wanted;
  const guns = [...new Set(wanted.guns)].sort();
  return archive.whileImporting(async () => {
    const outcomes: CollectionOutcome[] = [];
    const waiting = guns.values();
    // As a question: a stop comes while something is waited for.
    const isStopped = () => signal?.aborted === true;
    let failure: { readonly error: unknown } | undefined;
    const work = async (): Promise<void> => {
      for (const gun of waiting) {
        if (failure !== undefined || isStopped()) return;
        try {
          outcomes.push(await importCollection(await wanted.plan(gun)));
          onProgress({ done: outcomes.length, total: guns.length, gun });
        } catch (error) {
          // What the others have under way is brought to its end: nothing is left half-written. What a stop breaks off is no failure.
          if (!isStopped()) failure ??= { error };
        }
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, wanted.parallel) }, work));
    if (failure !== undefined) throw failure.error;
    if (isStopped()) throw stopped(outcomes.length, guns.length);
    return { archive: archive.path, destination, collections: outcomes.toSorted((a, b) => (a.gun < b.gun ? -1 : 1)) };
  });
}

function stopped(done: number, total: number): CountersignError {
  return new CountersignError("import.stopped", `stopped after ${done} of ${total} collections: what is done stays`, {
    hints: ["run it again and it goes on"],
  });
}
