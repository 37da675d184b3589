// The change feed, row by row with its ids and times: who follows it asks for what came after an id, and must find the same rows on the
// new server. Rows of deleted collections go along (notary-v1, 6.4).
import { type Gun, isCountersignError, parseGun } from "../bytes/index.ts";
import type { Change, Storage } from "../storage/index.ts";
import type { FeedRow, NotaryServerSource } from "./notary-source.ts";
import type { Progress, Tally } from "./report.ts";

const pageRows = 1_000;

export interface FeedContext {
  readonly server: NotaryServerSource;
  /** undefined: a dry run. */
  readonly storage: Storage | undefined;
  readonly tally: Tally;
  readonly isWanted: (gun: string) => boolean;
  /** Names that have documents on the old server. */
  readonly named: ReadonlySet<string>;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal | undefined;
}

export async function migrateChangeFeed(context: FeedContext): Promise<void> {
  const { server, storage, tally, isWanted, named, onProgress, signal } = context;
  const total = await server.countChanges();
  const refused = new Map<string, number>();
  const deleted = new Set<Gun>();
  let after = 0;
  let done = 0;
  for (;;) {
    signal?.throwIfAborted();
    const page = await server.changes(after, pageRows);
    const last = page.at(-1);
    if (last === undefined) break;
    const changes: Change[] = [];
    for (const row of page.filter(({ gun }) => isWanted(gun))) {
      tally.changes.found += 1;
      const gun = gunOf(row.gun);
      if (gun === undefined) refused.set(row.gun, (refused.get(row.gun) ?? 0) + 1);
      else changes.push(changeOf(row, gun));
      if (gun !== undefined && row.category === "deletion" && !named.has(gun)) deleted.add(gun);
    }
    const missing = storage === undefined ? changes : await notThere(storage, changes, tally);
    if (missing.length > 0) await storage?.importChanges(missing);
    tally.changes.copied += missing.length;
    after = last.id;
    done += page.length;
    onProgress({ step: "changes", done, total });
  }
  for (const gun of deleted) {
    if ((await storage?.collection(gun)) === undefined) continue;
    tally.add({
      severity: "conflict",
      code: "collection.deleted_since",
      gun,
      message: "it was deleted on the old server after an earlier run had brought it",
      consequence:
        "it is still on the new server: delete it there too (notary delete --remote), unless somebody started it anew",
    });
  }
  for (const [gun, rows] of refused) {
    tally.changes.leftOut += rows;
    const message = `${rows} rows of the change feed are of a name that the new server does not take`;
    tally.add({ severity: "left_out", code: "changes.name_refused", gun, message });
  }
}

/** Those that the new server lacks. An id under which it has something else is a conflict: followers would miss one of the two. */
async function notThere(storage: Storage, changes: readonly Change[], tally: Tally): Promise<readonly Change[]> {
  const [first] = changes;
  const last = changes.at(-1);
  if (first === undefined || last === undefined) return [];
  const here = new Map<number, Change>();
  const limit = last.id - first.id + 1;
  for (const change of await storage.changes({
    after: first.id - 1,
    limit: Math.min(limit, 100_000),
    newestFirst: false,
  })) {
    here.set(change.id, change);
  }
  return changes.filter((change) => {
    const twin = here.get(change.id);
    if (twin === undefined) return true;
    const isSame = twin.gun === change.gun && twin.version === change.version && twin.category === change.category;
    if (isSame) tally.changes.already += 1;
    else {
      tally.changes.leftOut += 1;
      tally.add({
        severity: "conflict",
        code: "changes.conflict",
        gun: change.gun,
        version: change.version,
        message: `change ${change.id} is one of ${twin.gun} on the new server`,
        consequence: "the new server was published to before the last run; followers of its feed miss this row",
      });
    }
    return false;
  });
}

function gunOf(text: string): Gun | undefined {
  try {
    return parseGun(text);
  } catch (error) {
    if (isCountersignError(error, "gun.invalid")) return undefined;
    throw error;
  }
}

function changeOf(row: FeedRow, gun: Gun): Change {
  const isDeletion = row.category === "deletion";
  return {
    id: row.id,
    gun,
    version: row.version,
    sha256: /^[0-9a-f]{64}$/.test(row.sha256) ? row.sha256 : "",
    category: isDeletion ? "deletion" : "update",
    createdAt: row.createdAt ?? 0,
  };
}
