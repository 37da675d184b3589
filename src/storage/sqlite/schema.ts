// The tables, as a list of migrations: step N brings a database from version N to N + 1, inside one transaction. A step that
// has been released is never edited; a new one is added. PRAGMA user_version holds the version.
// Rows are compact because ten million collections are meant to fit one machine: documents are keyed by a small
// integer, dialects are 0 (notary1) and 1 (tuf1), and the hash index holds six bytes of each hash (the row decides).
import type { DatabaseSync } from "node:sqlite";
import { CountersignError } from "../../bytes/index.ts";

/** One kind of database file: what it is called, what marks it as ours, and its tables. */
export interface DatabaseKind {
  readonly fileName: string;
  /** PRAGMA application_id. */
  readonly applicationId: number;
  readonly migrations: readonly string[];
}

/** Marks the file as ours: "CSGN". */
export const serverApplicationId = 0x4353474e;

export const migrations: readonly string[] = [
  `
  CREATE TABLE collections (
    id INTEGER PRIMARY KEY,
    gun TEXT NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    live INTEGER NOT NULL,
    behind INTEGER NOT NULL,
    renew_at INTEGER
  ) STRICT;
  CREATE INDEX collections_due ON collections (renew_at) WHERE renew_at IS NOT NULL;

  CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL,
    dialect INTEGER NOT NULL,
    role TEXT NOT NULL,
    version INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX documents_by_version ON documents (collection, dialect, role, version);
  CREATE INDEX documents_by_hash ON documents (collection, substr(sha256, 1, 6));

  CREATE TABLE current (
    collection INTEGER NOT NULL,
    dialect INTEGER NOT NULL,
    role TEXT NOT NULL,
    document INTEGER NOT NULL,
    PRIMARY KEY (collection, dialect, role)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE floors (
    collection INTEGER NOT NULL,
    dialect INTEGER NOT NULL,
    role TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (collection, dialect, role)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE blobs (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    bytes BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX blobs_by_hash ON blobs (collection, sha256);

  CREATE TABLE server_keys (
    id INTEGER PRIMARY KEY,
    collection INTEGER NOT NULL,
    role TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    used_at INTEGER
  ) STRICT;
  CREATE INDEX server_keys_by_collection ON server_keys (collection, role);

  CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    collection INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sha256 BLOB NOT NULL,
    deletion INTEGER NOT NULL,
    created_at INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX changes_by_collection ON changes (collection);
  `,
  `
  CREATE TABLE api_tokens (
    id TEXT PRIMARY KEY,
    hash BLOB NOT NULL,
    name TEXT NOT NULL,
    grants TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER
  ) STRICT, WITHOUT ROWID;
  `,
  // Documents may lie deflated from here on (../packed-bytes.ts): a program that does not know must not start on them.
  "SELECT 1",
];

/** Brings the database to the newest version, or refuses one that a newer program wrote. @throws storage.newer, storage.corrupt */
export function migrate(
  database: DatabaseSync,
  { applicationId, migrations }: Pick<DatabaseKind, "applicationId" | "migrations">,
): void {
  const version = pragmaInteger(database, "user_version");
  const mark = pragmaInteger(database, "application_id");
  if (mark !== applicationId && (mark !== 0 || version !== 0 || hasTables(database))) {
    throw new CountersignError("storage.corrupt", `the database is not one of ours (application_id ${mark})`, {
      hints: ["give --data an empty directory, or the one this server has used before"],
    });
  }
  if (version > migrations.length) {
    throw new CountersignError(
      "storage.newer",
      `the database has schema ${version}, this program knows ${migrations.length}`,
      { hints: ["run the newer version that wrote it, or restore a backup from before the upgrade"] },
    );
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    database.exec("BEGIN IMMEDIATE");
    try {
      database.exec(sql);
      database.exec(`PRAGMA user_version = ${index + 1}; PRAGMA application_id = ${applicationId}; COMMIT`);
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }
}

function pragmaInteger(database: DatabaseSync, name: "user_version" | "application_id"): number {
  const value = database.prepare(`PRAGMA ${name}`).get()?.[name];
  return typeof value === "number" ? value : 0;
}

function hasTables(database: DatabaseSync): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined;
}
