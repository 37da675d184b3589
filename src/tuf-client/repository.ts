// A TUF repository as its reader sees it: refresh, then ask for targets by path (TUF 1.0.34, 5.6.7 and 5.7). One object is one run: it is
// refreshed once, its time stands still, and lookups on it agree with each other. Open another for a newer view.
import { assertNever, CountersignError, isCountersignError } from "../bytes/index.ts";
import { type RoleVisit, searchTarget, type Targets, type TrustedSet } from "../tuf/index.ts";
import { type DownloadedTarget, downloadTarget } from "./download.ts";
import { refreshRepository, refreshTargets } from "./refresh.ts";
import { startSession, type TufRepositoryOptions } from "./session.ts";
import { describeTarget, type TufTarget } from "./target.ts";

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
  const session = startSession(options);
  let refreshing: Promise<TrustedSet> | undefined;
  /** Lookups take turns: each may advance the trusted set. */
  let turn: Promise<unknown> = Promise.resolve();

  const trusted = (): Promise<TrustedSet> => {
    refreshing ??= refreshRepository(session).catch((error: unknown) => {
      refreshing = undefined;
      throw error;
    });
    return refreshing;
  };

  async function visit(set: TrustedSet, { role, delegator }: RoleVisit): Promise<Targets | undefined> {
    const known = set.trustedTargets(role, delegator);
    if (known !== undefined) return known.signed;
    try {
      return (await refreshTargets(session, set, role, delegator)).signed;
    } catch (error) {
      // Not listed means not published: the search ends, and the target is not there.
      if (isCountersignError(error, "metadata.unlisted")) return undefined;
      throw error;
    }
  }

  async function search(path: string): Promise<TufTarget | undefined> {
    const set = await trusted();
    const walk = searchTarget("tuf1", path, { maxRoles: session.limits.roles });
    let step = walk.next();
    while (step.done !== true) step = walk.next(await visit(set, step.value));
    const result = step.value;
    switch (result.kind) {
      case "found":
        return describeTarget(path, result.target, result.chain);
      case "absent":
      case "blocked":
        return undefined;
      case "exhausted":
        throw new CountersignError(
          "limit.exceeded",
          `more than ${result.maxRoles} roles may speak for ${JSON.stringify(path.slice(0, 200))}`,
        );
      default:
        return assertNever(result);
    }
  }

  function lookup(path: string): Promise<TufTarget | undefined> {
    const found = turn.then(() => search(path));
    turn = found.catch(() => undefined);
    return found;
  }

  return {
    refresh: async () => versionsOf(await trusted()),
    lookup,
    async download(path, directory) {
      const target = await lookup(path);
      if (target === undefined) {
        throw new CountersignError(
          "target.missing",
          `the repository has no target ${JSON.stringify(path.slice(0, 200))}`,
        );
      }
      const set = await trusted();
      return downloadTarget(session, target, directory, set.root.signed.consistentSnapshot);
    },
  };
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
