// Brings one schema of a PostgreSQL to the newest version: step N makes version N + 1 of version N. A step that has been released is never
// edited; a new one is added. All steps run in one transaction under a lock, so that of several processes starting at once one works
// and the others find it done. Our tables live in a schema of their own and can share the database of a Notary server.
import type { Client } from "pg";
import { CountersignError } from "../../bytes/index.ts";
import { integerCell } from "../rows.ts";
import { execute } from "./connection.ts";

export interface Schema {
  /** A plain lower-case identifier: it goes into the SQL as it is. */
  readonly name: string;
  /** Statements that name every table with its schema. */
  readonly migrations: readonly string[];
}

/** Which advisory lock: any number that no other program takes ("CSGN"). */
const migrationLock = 0x4353474e;

/** @throws storage.newer, storage.corrupt, and the driver's own errors */
export async function migrate(client: Client, { name, migrations }: Schema): Promise<void> {
  if (!/^[a-z_]{1,40}$/.test(name)) throw new CountersignError("bug.unexpected", `not a schema name: ${name}`);
  await client.query("BEGIN");
  try {
    // Another process may be working through a long step.
    await client.query("SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '10min'");
    await execute(client, "SELECT pg_advisory_xact_lock($1)", [migrationLock]);
    // Asked first: where an administrator has made the schema, this user may not make any.
    const there = await execute(client, "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1", [name]);
    if (there.rows.length === 0) await client.query(`CREATE SCHEMA ${name}`);
    const version = await readVersion(client, name);
    if (version > migrations.length) {
      throw new CountersignError(
        "storage.newer",
        `the schema ${name} has version ${version}, this program knows ${migrations.length}`,
        { hints: ["run the newer version that wrote it, or restore a backup from before the upgrade"] },
      );
    }
    for (const sql of migrations.slice(version)) await client.query(sql);
    if (version < migrations.length)
      await client.query(`UPDATE ${name}.schema_version SET version = ${migrations.length}`);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

async function readVersion(client: Client, name: string): Promise<number> {
  const sql =
    "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1";
  const relations = (await execute(client, sql, [name])).rows.map((row) => row.relname);
  if (relations.length === 0) {
    await client.query(`CREATE TABLE ${name}.schema_version (version integer NOT NULL)`);
    await client.query(`INSERT INTO ${name}.schema_version VALUES (0)`);
    return 0;
  }
  const rows = relations.includes("schema_version")
    ? (await client.query<Record<string, unknown>>(`SELECT version FROM ${name}.schema_version`)).rows
    : [];
  const [row] = rows;
  if (row === undefined || rows.length > 1) {
    throw new CountersignError("storage.corrupt", `the schema ${name} of the database is not one of ours`, {
      hints: ["give the server a database of its own, or rename that schema"],
    });
  }
  return integerCell(row, "version");
}
