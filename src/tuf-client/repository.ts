// A TUF repository as its reader sees it: refresh, then ask for targets by path (TUF 1.0.34, 5.6.7 and 5.7). One object is one run: it is
// refreshed once, its time stands still, and lookups on it agree with each other. Open another for a newer view.
import { CountersignError } from "../bytes/index.ts";
import type { TrustedSet } from "../tuf/index.ts";
import { type DownloadedTarget, downloadTarget } from "./download.ts";
import { startRun } from "./run.ts";
import { startSession, type TufRepositoryOptions } from "./session.ts";
import type { TufTarget } from "./target.ts";

/** Versions of the top-level roles that are trusted now. */
export interface TufVersions {
  readonly root: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
}

export interface TufRepository {
  /** Brings the top-level roles up to date; once done, asking again answers the same. @throws root.missing, metadata.*, threshold.*, ... */
  refresh(): Promise<TufVersions>;
  /**
   * The target, or undefined when no role that may speak for the path lists it. Refreshes first. A role that cannot be had or verified
   * ends the search with an error: who withholds a file must not choose the answer.
   */
  lookup(path: string): Promise<TufTarget | undefined>;
  /**
   * The target as a verified file in `directory`, from there if it is there already.
   * @throws target.missing, target.unsafe, target.mismatch, download.*, disk.*
   */
  download(path: string, directory: string): Promise<DownloadedTarget>;
}

/** Opens a repository; nothing is asked for before the first refresh or lookup. @throws usage.invalid */
export function openTufRepository(options: TufRepositoryOptions): TufRepository {
  const run = startRun(startSession(options));
  /** Lookups take turns: each may advance the trusted set. */
  let turn: Promise<unknown> = Promise.resolve();

  function lookup(path: string): Promise<TufTarget | undefined> {
    const found = turn.then(() => run.search(path));
    turn = found.catch(() => undefined);
    return found;
  }

  return {
    refresh: async () => versionsOf(await run.trusted()),
    lookup,
    async download(path, directory) {
      const target = await lookup(path);
      if (target === undefined) throw missingTarget(path);
      const set = await run.trusted();
      return downloadTarget(run.session, target, directory, set.root.signed.consistentSnapshot);
    },
  };
}

export function missingTarget(path: string): CountersignError {
  return new CountersignError("target.missing", `the repository has no target ${JSON.stringify(path.slice(0, 200))}`);
}

export function versionsOf(set: TrustedSet): TufVersions {
  const targets = [...set.targets.values()].find(({ role }) => role === "targets");
  if (set.timestamp === undefined || set.snapshot === undefined || targets === undefined) {
    throw new CountersignError("bug.unexpected", "versions of a repository that was not refreshed");
  }
  return {
    root: set.root.signed.version,
    timestamp: set.timestamp.signed.version,
    snapshot: set.snapshot.signed.version,
    targets: targets.signed.version,
  };
}
