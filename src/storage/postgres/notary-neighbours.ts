// Notary's own tables in the database that is to be ours too: how many collections stand there, and how many of them we do not hold. A
// server that starts beside them without having brought them over would answer 404 for everything its clients know.
import { openConnection } from "./connection.ts";
import { toPostgresError } from "./postgres-errors.ts";
import { parsePostgresUrl } from "./postgres-url.ts";

export interface NotaryNeighbours {
  /** Collections in Notary's tables; 0 also where there are no such tables. */
  readonly collections: number;
  /** Those whose name we have never held. */
  readonly missing: number;
}

const isThere =
  "SELECT to_regclass('tuf_files') IS NOT NULL AS notarys, to_regclass('countersign.collections') IS NOT NULL AS ours";
const theirs = "SELECT DISTINCT gun FROM tuf_files WHERE deleted_at IS NULL";
const all = `SELECT count(*)::text AS collections, count(*)::text AS missing FROM (${theirs}) t`;
// A name that was deleted here stays deleted: it counts as held.
const counted = `SELECT count(*)::text AS collections, count(*) FILTER (WHERE k.gun IS NULL)::text AS missing
  FROM (${theirs}) t LEFT JOIN countersign.collections k ON k.gun = t.gun`;

/** Looks, changes nothing. @throws usage.invalid, storage.*, disk.*, tls.untrusted */
export async function notaryNeighbours(url: string): Promise<NotaryNeighbours> {
  const address = parsePostgresUrl(url);
  try {
    const client = await openConnection({ address, application: "countersign" });
    try {
      const tables = (await client.query<{ notarys: boolean; ours: boolean }>(isThere)).rows[0];
      if (tables?.notarys !== true) return { collections: 0, missing: 0 };
      const row = (await client.query<{ collections: string; missing: string }>(tables.ours ? counted : all)).rows[0];
      return { collections: Number(row?.collections ?? 0), missing: Number(row?.missing ?? 0) };
    } finally {
      await client.end().catch(() => undefined);
    }
  } catch (error) {
    throw toPostgresError(error, address.shown);
  }
}
