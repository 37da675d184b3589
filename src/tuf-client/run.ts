// One run over a repository: refreshed once, then asked for roles as searches and walks need them. What repository.ts offers by path and
// mirror.ts as a whole stands on this.
import { assertNever, CountersignError, isCountersignError } from "../bytes/index.ts";
import { type RoleVisit, searchTarget, type Targets, type TrustedSet } from "../tuf/index.ts";
import { refreshRepository, refreshTargets } from "./refresh.ts";
import type { Session } from "./session.ts";
import { describeTarget, type TufTarget } from "./target.ts";
import { settling } from "./write-behind.ts";

export interface Run {
  readonly session: Session;
  /** Refreshed; a failure is not remembered. */
  trusted(): Promise<TrustedSet>;
  /** The verified content of a role; undefined when the snapshot does not list it. @throws metadata.*, threshold.*, download.*, ... */
  visit(visit: RoleVisit): Promise<Targets | undefined>;
  search(path: string): Promise<TufTarget | undefined>;
}

/** Each answer comes when the documents that it rests on are stored. */
export function startRun(session: Session): Run {
  let refreshing: Promise<TrustedSet> | undefined;
  const refreshed = (): Promise<TrustedSet> => {
    refreshing ??= refreshRepository(session).catch((error: unknown) => {
      refreshing = undefined;
      throw error;
    });
    return refreshing;
  };

  async function visit({ role, delegator }: RoleVisit): Promise<Targets | undefined> {
    const set = await refreshed();
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
    await refreshed();
    const walk = searchTarget("tuf1", path, { maxRoles: session.limits.roles });
    let step = walk.next();
    while (step.done !== true) step = walk.next(await visit(step.value));
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

  return {
    session,
    trusted: () => settling(session.store, refreshed()),
    visit: (role) => settling(session.store, visit(role)),
    search: (path) => settling(session.store, search(path)),
  };
}
