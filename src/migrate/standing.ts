// What the new server has of a collection already, judged by versions and hashes alone, without reading a document: whether a run can pass
// over it, has to bring something, or must keep its hands off because somebody has published on the new server since.
import { type Gun, isCountersignError, parseRoleName, type RoleName } from "../bytes/index.ts";
import type { Storage } from "../storage/index.ts";
import type { TufRow } from "./notary-source.ts";

export type Standing =
  /** Not here, or not all of it. */
  | { readonly kind: "wanting" }
  /** The very state of the old server. */
  | { readonly kind: "same" }
  /** Everything of the old server's is here, and newer documents: the new server has taken over. */
  | { readonly kind: "ahead" }
  /** Both have gone on from where they were the same. */
  | { readonly kind: "parted"; readonly why: string };

export async function standingOf(storage: Storage, gun: Gun, rows: readonly TufRow[]): Promise<Standing> {
  const state = await storage.collection(gun);
  const here = state?.current.filter(({ dialect }) => dialect === "notary1") ?? [];
  const timestampHere = here.find(({ role }) => role === "timestamp");
  const newest = newestRows(rows);
  const timestamp = newest.get(parseRoleName("timestamp"));
  if (timestampHere === undefined || timestamp === undefined || timestamp.version > timestampHere.version) {
    return { kind: "wanting" };
  }
  if (timestamp.version === timestampHere.version) {
    if (timestamp.sha256 === timestampHere.sha256) return { kind: "same" };
    return timestamp.sha256 === undefined ? { kind: "wanting" } : parted("timestamp", timestamp.version);
  }
  for (const [role, row] of newest) {
    // Each server signs these by itself; what counts is what publishers sign.
    if (role === "timestamp" || role === "snapshot") continue;
    const twin = await storage.byVersion(gun, { dialect: "notary1", role }, row.version);
    if (twin === undefined || (row.sha256 !== undefined && twin.sha256 !== row.sha256))
      return parted(role, row.version);
  }
  return { kind: "ahead" };
}

function parted(role: string, version: number): Standing {
  return { kind: "parted", why: `the old server's ${role} version ${version} is not the one here` };
}

function newestRows(rows: readonly TufRow[]): ReadonlyMap<RoleName, TufRow> {
  const newest = new Map<RoleName, TufRow>();
  for (const row of rows) {
    if (row.isDeleted) continue;
    try {
      const role = parseRoleName(row.role);
      if (row.version > (newest.get(role)?.version ?? 0)) newest.set(role, row);
    } catch (error) {
      // It gets its finding when the collection is read.
      if (!isCountersignError(error, "role.invalid")) throw error;
    }
  }
  return newest;
}
