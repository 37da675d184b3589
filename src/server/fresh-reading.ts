// The last question before an upload is stored: could somebody who has nothing but the root read the result? Asked with the verifier's
// own code, so that no command and no publisher can leave a collection that its readers cannot verify (DESIGN.md, invariant 5).
import { CountersignError, isCountersignError, parseRoleName, type RoleName } from "../bytes/index.ts";
import {
  type Document,
  findDelegation,
  type Snapshot,
  type Targets,
  type Timestamp,
  type TrustedSet,
} from "../tuf/index.ts";
import { RefusedUpload, refuse, refusingAt } from "./refusal.ts";

export interface ResultingSet {
  /** At the newest root, in force. */
  readonly set: TrustedSet;
  readonly timestamp: Document<Timestamp>;
  readonly snapshot: Document<Snapshot>;
  /** Targets roles of the upload. */
  readonly changed: ReadonlyMap<RoleName, Document<Targets>>;
  /** Targets roles that stay as they are. */
  readonly carried: ReadonlyMap<RoleName, Document<Targets>>;
}

export interface FreshReading {
  readonly accepted: ReadonlyMap<RoleName, Document<Targets>>;
  /** Roles that some accepted role delegates to, usable or not. */
  readonly reachable: ReadonlySet<RoleName>;
}

const rootRole = parseRoleName("root");
const targetsRole = parseRoleName("targets");

/** @throws RefusedUpload */
export function readAsFresh({ set, timestamp, snapshot, changed, carried }: ResultingSet): FreshReading {
  refusingAt("validation", () => set.updateTimestamp(timestamp.bytes));
  refusingAt("snapshot", () => set.updateSnapshot(snapshot.bytes));
  const all = new Map([...carried, ...changed]);
  const top = all.get(targetsRole);
  if (top === undefined) {
    return refuse("hierarchy", new CountersignError("metadata.missing", "no targets role is stored or uploaded"));
  }
  const reachable = new Set<RoleName>([targetsRole]);
  const queue = [refusingAt("targets", () => set.updateTargets(targetsRole, top.bytes, rootRole))];
  for (let parent = queue.shift(); parent !== undefined; parent = queue.shift()) {
    for (const child of childrenOf(parent, all)) {
      const isNew = !reachable.has(child.role);
      reachable.add(child.role);
      const accepted = readChild(set, parent, child, changed);
      if (accepted !== undefined && isNew) queue.push(accepted);
    }
  }
  const lost = [...changed.keys()].find((role) => !set.targets.has(role));
  if (lost !== undefined) {
    return refuse("targets", new CountersignError("metadata.unlisted", `nothing delegates to ${lost}`));
  }
  return { accepted: set.targets, reachable };
}

function childrenOf(
  parent: Document<Targets>,
  all: ReadonlyMap<RoleName, Document<Targets>>,
): readonly Document<Targets>[] {
  const { delegations } = parent.signed;
  if (delegations === undefined) return [];
  // By their names: thousands of documents, each looked for with thousands of parents, would be the longest step of all.
  const named = new Set(delegations.roles.map(({ name }) => name));
  const children =
    delegations.succinct === undefined
      ? [...named].flatMap((name) => all.get(name) ?? [])
      : [...all.values()].filter(({ role }) => findDelegation(delegations, role) !== undefined);
  return children.filter(({ role }) => role !== parent.role);
}

/**
 * A delegated role that was uploaded must verify. One that was carried over may have become unusable: Notary's readers drop it
 * with a warning; a tuf1 search stops there, so a parent that takes its child's keys away must bring the child signed again.
 */
function readChild(
  set: TrustedSet,
  parent: Document<Targets>,
  child: Document<Targets>,
  changed: ReadonlyMap<RoleName, Document<Targets>>,
): Document<Targets> | undefined {
  try {
    const known = set.trustedTargets(child.role, parent.role);
    return known ?? set.updateTargets(child.role, child.bytes, parent.role);
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    if (changed.has(child.role)) throw new RefusedUpload("targets", error);
    if (set.dialect.name === "tuf1" && changed.has(parent.role)) {
      throw new RefusedUpload(
        "targets",
        new CountersignError(
          "preflight.would_lock_out",
          `${parent.role} leaves ${child.role} unusable: ${error.message}`,
          {
            cause: error,
            hints: [`upload ${child.role} signed again, or remove the delegation`],
          },
        ),
      );
    }
    return undefined;
  }
}
