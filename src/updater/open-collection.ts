// Opens a collection for reading: brings the trusted set up to date (pins -> root chain -> timestamp -> snapshot -> targets) and hands
// it over. What fails throws, and what was verified before the failure stays cached, so that the next run goes on from there.
import { CountersignError, isCountersignError, parseRoleName } from "../bytes/index.ts";
import type { TrustedSet } from "../tuf/index.ts";
import type { Collection, TrustedDocuments } from "./collection.ts";
import type { OpenOptions } from "./open-options.ts";
import type { Anchor } from "./pins.ts";
import { Reader } from "./reader.ts";
import { refresh } from "./refresh.ts";
import { restartFromSource, type Start, startFromRoot } from "./root-chain.ts";
import { Run } from "./run.ts";

/**
 * A collection verified up to `targets`.
 * @throws pin.missing, pin.mismatch, metadata.*, threshold.*, certificate.*, json.*, limit.exceeded, collection.missing, download.*
 */
export async function openCollection(options: OpenOptions): Promise<Collection> {
  const run = await Run.start(options);
  const { set, anchor } = await refreshed(run, await startFromRoot(run));
  await run.memory.save();
  return collectionOf(run, set, anchor);
}

async function refreshed(run: Run, start: Start): Promise<Start> {
  try {
    await refresh(run, start);
    return start;
  } catch (error) {
    const mayRestart = start.isFromCache && start.anchor.kind === "pinned";
    if (!mayRestart || !isCountersignError(error, "metadata.root_mismatch")) throw error;
    const again = await restartFromSource(run);
    await refresh(run, again);
    return again;
  }
}

function collectionOf(run: Run, set: TrustedSet, anchor: Anchor): Collection {
  const reader = new Reader(run, set);
  return {
    gun: run.gun,
    dialect: run.dialect.name,
    now: run.now,
    anchor,
    freshness: run.outOfReach === undefined ? { kind: "online" } : { kind: "cached", reason: run.outOfReach },
    warnings: run.warnings,
    get root() {
      return reader.facts(parseRoleName("root"));
    },
    get timestamp() {
      return reader.facts(parseRoleName("timestamp"));
    },
    get snapshot() {
      return reader.facts(parseRoleName("snapshot"));
    },
    get targets() {
      return reader.facts(parseRoleName("targets"));
    },
    lookup: (name) => reader.lookup(name),
    readFor: (names) => reader.readFor(names),
    readRoles: (roles) => reader.readRoles(roles),
    listTargets: () => reader.listTargets(),
    roles: (options) => reader.roles(options),
    documents: () => documentsOf(run, set),
  };
}

function documentsOf(run: Run, set: TrustedSet): TrustedDocuments {
  const { root, timestamp, snapshot, targets } = set;
  if (timestamp === undefined || snapshot === undefined) {
    throw new CountersignError("bug.unexpected", "a collection that was not refreshed");
  }
  return { roots: run.roots, root, timestamp, snapshot, targets };
}
