// The embedded adapter: one SQLite file through node:sqlite. Reads are point selects of a few microseconds on the main thread;
// writes go through group-commit.ts. Why plain statements and no query builder yet: docs/adr/0001-plain-sqlite.md.
import type { DatabaseSync } from "node:sqlite";
import type { Gun } from "../../bytes/index.ts";
import { CountersignError, decodeHex } from "../../bytes/index.ts";
import { packedDocumentOf } from "../packed-bytes.ts";
import {
  apiTokenOf,
  behindOf,
  bytesCell,
  changeOf,
  currentDocuments,
  dialectNumber,
  gunCell,
  integerCell,
  type Row,
  readsAllUpTo,
  serverKeyOf,
} from "../rows.ts";
import type {
  Added,
  ApiToken,
  Change,
  ChangeQuery,
  CollectionQuery,
  CollectionState,
  Commit,
  DocumentName,
  ImportedCollection,
  ServerKey,
  Sha256Hex,
  Storage,
  StoredDocument,
} from "../storage.ts";
import { GroupCommit, type WritePoint } from "./group-commit.ts";
import { applyImport, applyImportedChanges } from "./imports.ts";
import { openDatabase } from "./open-database.ts";
import { toStorageError } from "./sqlite-errors.ts";
import { Statements } from "./statements.ts";
import { applyApiToken } from "./tokens.ts";
import { applyCommit, applyDeletion, applyServerKey, highestVersion } from "./writes.ts";

const columns = "d.dialect, d.role, d.version, d.stored_at, d.sha256, d.bytes";
const documentsOfCollection = `
  SELECT d.dialect, d.role, d.version, d.stored_at, d.sha256,
    CASE WHEN instr(d.role, '/') > 0 AND (SELECT count(*) FROM current WHERE collection = ?1) > ?2
      THEN NULL ELSE d.bytes END AS bytes
  FROM current c JOIN documents d ON d.id = c.document WHERE c.collection = ?1`;
const live = "SELECT id FROM collections WHERE gun = ?1 AND live = 1";

export interface SqliteOptions {
  /** Called at each step of each transaction; the crash tests kill the process there. */
  readonly testOnlyAtPoint?: (point: WritePoint) => void;
  /** Caps the file, in pages of 4,096 bytes, so that tests can fill the disk. */
  readonly testOnlyMaxPages?: number;
}

/** Opens (and at first makes) the database of a data directory. @throws as openDatabase */
export function openSqliteStorage(dataDir: string, options: SqliteOptions = {}): Storage {
  const { database, path } = openDatabase(dataDir);
  if (options.testOnlyMaxPages !== undefined) database.exec(`PRAGMA max_page_count = ${options.testOnlyMaxPages}`);
  return new SqliteStorage(database, path, options.testOnlyAtPoint ?? (() => {}));
}

class SqliteStorage implements Storage {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #statements: Statements;
  readonly #writes: GroupCommit;

  constructor(database: DatabaseSync, path: string, atPoint: (point: WritePoint) => void) {
    this.#database = database;
    this.#path = path;
    this.#statements = new Statements(database);
    this.#writes = new GroupCommit(database, path, atPoint);
  }

  async collection(gun: Gun, query: CollectionQuery = {}): Promise<CollectionState | undefined> {
    return this.#read((statements) => {
      const row = statements.one("SELECT id, generation, behind FROM collections WHERE gun = ? AND live = 1", gun);
      if (row === undefined) return undefined;
      const rows = statements.all(documentsOfCollection, integerCell(row, "id"), readsAllUpTo(query));
      return {
        gun,
        generation: integerCell(row, "generation"),
        behind: behindOf(integerCell(row, "behind")),
        ...currentDocuments(rows, packedDocumentOf),
      };
    });
  }

  async generation(gun: Gun): Promise<number> {
    const row = this.#read((statements) => statements.one("SELECT generation FROM collections WHERE gun = ?", gun));
    return row === undefined ? 0 : integerCell(row, "generation");
  }

  async highestVersion(gun: Gun, { dialect, role }: DocumentName): Promise<number> {
    return this.#read((statements) => {
      const row = statements.one("SELECT id FROM collections WHERE gun = ?", gun);
      if (row === undefined) return 0;
      return highestVersion(statements, integerCell(row, "id"), dialectNumber(dialect), role);
    });
  }

  async current(gun: Gun, { dialect, role }: DocumentName): Promise<StoredDocument | undefined> {
    return this.#document(
      `SELECT ${columns} FROM current c JOIN documents d ON d.id = c.document
       WHERE c.collection = (${live}) AND c.dialect = ?2 AND c.role = ?3`,
      gun,
      dialectNumber(dialect),
      role,
    );
  }

  async byVersion(gun: Gun, { dialect, role }: DocumentName, version: number): Promise<StoredDocument | undefined> {
    return this.#document(
      `SELECT ${columns} FROM documents d
       WHERE d.collection = (${live}) AND d.dialect = ?2 AND d.role = ?3 AND d.version = ?4`,
      gun,
      dialectNumber(dialect),
      role,
      version,
    );
  }

  async byHash(gun: Gun, { dialect, role }: DocumentName, sha256: Sha256Hex): Promise<StoredDocument | undefined> {
    return this.#document(
      `SELECT ${columns} FROM documents d
       WHERE d.collection = (${live}) AND substr(d.sha256, 1, 6) = substr(?4, 1, 6) AND d.sha256 = ?4
         AND d.dialect = ?2 AND d.role = ?3`,
      gun,
      dialectNumber(dialect),
      role,
      decodeHex(sha256),
    );
  }

  async versionsAbove(gun: Gun, { dialect, role }: DocumentName, after: number): Promise<readonly StoredDocument[]> {
    const sql = `SELECT ${columns} FROM documents d
      WHERE d.collection = (${live}) AND d.dialect = ?2 AND d.role = ?3 AND d.version > ?4 ORDER BY d.version`;
    return this.#read((statements) =>
      statements.all(sql, gun, dialectNumber(dialect), role, after).map(packedDocumentOf),
    );
  }

  async blob(gun: Gun, sha256: Sha256Hex): Promise<Uint8Array | undefined> {
    const sql = `SELECT bytes FROM blobs WHERE collection = (${live}) AND sha256 = ?2`;
    const row = this.#read((statements) => statements.one(sql, gun, decodeHex(sha256)));
    return row === undefined ? undefined : bytesCell(row, "bytes");
  }

  commit(commit: Commit): Promise<number> {
    return this.#writes.write(() => applyCommit(this.#statements, commit));
  }

  deleteCollection(gun: Gun, at: number): Promise<boolean> {
    return this.#writes.write(() => applyDeletion(this.#statements, gun, at));
  }

  async listCollections(query: { readonly after?: string; readonly limit: number }): Promise<readonly Gun[]> {
    const sql = "SELECT gun FROM collections WHERE live = 1 AND gun > ? ORDER BY gun LIMIT ?";
    return this.#read((statements) => statements.all(sql, query.after ?? "", query.limit).map(gunCell));
  }

  async dueForRenewal(at: number, limit: number): Promise<readonly Gun[]> {
    const sql = "SELECT gun FROM collections WHERE renew_at <= ? ORDER BY renew_at LIMIT ?";
    return this.#read((statements) => statements.all(sql, at, limit).map(gunCell));
  }

  async changes({ gun, after, limit, newestFirst }: ChangeQuery): Promise<readonly Change[]> {
    const bound = after ?? (newestFirst ? Number.MAX_SAFE_INTEGER : -1);
    const sql = `SELECT h.id, c.gun, h.version, h.sha256, h.deletion, h.created_at
      FROM changes h JOIN collections c ON c.id = h.collection
      WHERE h.id ${newestFirst ? "<" : ">"} ? ${gun === undefined ? "" : "AND h.collection = (SELECT id FROM collections WHERE gun = ?)"}
      ORDER BY h.id ${newestFirst ? "DESC" : "ASC"} LIMIT ?`;
    const values = gun === undefined ? [bound, limit] : [bound, gun, limit];
    return this.#read((statements) => statements.all(sql, ...values).map(changeOf));
  }

  async serverKeys(gun: Gun, role?: ServerKey["role"]): Promise<readonly ServerKey[]> {
    const sql = `SELECT role, key_id, sealed, created_at, used_at FROM server_keys
      WHERE collection = (SELECT id FROM collections WHERE gun = ?) ORDER BY id`;
    const keys = this.#read((statements) => statements.all(sql, gun).map((row) => serverKeyOf(row, gun)));
    return role === undefined ? keys : keys.filter((key) => key.role === role);
  }

  addServerKey(key: ServerKey): Promise<void> {
    return this.#writes.write(() => applyServerKey(this.#statements, key));
  }

  resealServerKey({ gun, role, keyId, sealed }: Parameters<Storage["resealServerKey"]>[0]): Promise<boolean> {
    const sql = `UPDATE server_keys SET sealed = ?
      WHERE collection = (SELECT id FROM collections WHERE gun = ?) AND role = ? AND key_id = ?`;
    return this.#writes.write(() => this.#statements.run(sql, sealed, gun, role, keyId).changed > 0);
  }

  async apiTokens(): Promise<readonly ApiToken[]> {
    const sql = "SELECT id, hash, name, grants, created_at, expires_at FROM api_tokens ORDER BY created_at, id";
    return this.#read((statements) => statements.all(sql).map(apiTokenOf));
  }

  addApiToken(token: ApiToken): Promise<void> {
    return this.#writes.write(() => applyApiToken(this.#statements, token));
  }

  removeApiToken(id: string): Promise<boolean> {
    return this.#writes.write(() => this.#statements.run("DELETE FROM api_tokens WHERE id = ?", id).changed > 0);
  }

  importCollection(imported: ImportedCollection): Promise<Added> {
    return this.#writes.write(() => applyImport(this.#statements, imported));
  }

  importChanges(changes: readonly Change[]): Promise<void> {
    return this.#writes.write(() => applyImportedChanges(this.#statements, changes));
  }

  async ping(): Promise<void> {
    this.#read((statements) => statements.one("SELECT 1 FROM collections LIMIT 1"));
  }

  async close(): Promise<void> {
    if (!this.#database.isOpen) return;
    this.#writes.close();
    this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    this.#database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #document(sql: string, ...values: readonly (string | number | Uint8Array)[]): StoredDocument | undefined {
    const row = this.#read((statements): Row | undefined => statements.one(sql, ...values));
    return row === undefined ? undefined : packedDocumentOf(row);
  }

  #read<T>(query: (statements: Statements) => T): T {
    if (!this.#database.isOpen) throw new CountersignError("storage.unavailable", `${this.#path} is closed`);
    try {
      return query(this.#statements);
    } catch (error) {
      throw toStorageError(error, this.#path);
    }
  }
}
