// A collection taken away, in one transaction. Its name keeps version floors, server keys and its rows of the changefeed.
import type { Gun } from "../../bytes/index.ts";
import { integerCell } from "../rows.ts";
import { addChanges, notifyOthers } from "./batch.ts";
import type { Work } from "./certain-transactions.ts";
import type { Run } from "./pool.ts";
import { changefeedLock } from "./schema.ts";

/** False when there is no such collection. */
export async function writeDeletion(run: Run, writer: string, gun: Gun, at: number): Promise<Work<boolean>> {
  const sql = "SELECT id FROM countersign.collections WHERE gun = $1 AND live FOR NO KEY UPDATE";
  const [row] = (await run(sql, [gun])).rows;
  if (row === undefined) return { value: false, sent: [] };
  const id = integerCell(row, "id");
  const sent = [
    run(keepFloors, [id]),
    ...["documents", "current", "blobs"].map((table) =>
      run(`DELETE FROM countersign.${table} WHERE collection = $1`, [id]),
    ),
    run(
      `UPDATE countersign.collections SET generation = generation + 1, live = false, behind = 0, renew_at = NULL
       WHERE id = $1`,
      [id],
    ),
    run("SELECT pg_advisory_xact_lock($1)", [changefeedLock]),
    run(addChanges, [[id], [0], [""], [true], [Math.floor(at)]]),
    notifyOthers(run, writer, [gun]),
  ];
  return { value: true, sent };
}

const keepFloors = `
  INSERT INTO countersign.floors AS f (collection, dialect, role, version)
  SELECT collection, dialect, role, max(version) FROM countersign.documents WHERE collection = $1
  GROUP BY collection, dialect, role
  ON CONFLICT (collection, dialect, role) DO UPDATE SET version = greatest(f.version, excluded.version)`;
