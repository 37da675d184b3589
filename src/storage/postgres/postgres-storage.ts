// The PostgreSQL adapter: several server processes may share one database. Reads are single statements, each of which sees one state, on a pool;
// writes go through writer.ts. Why plain statements and no query builder: docs/adr/0003-postgresql-by-hand.md.
import { randomUUID } from "node:crypto";
import { decodeHex, type Gun } from "../../bytes/index.ts";
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
import { writeApiToken } from "./api-tokens.ts";
import { CertainTransactions } from "./certain-transactions.ts";
import type { SqlValue } from "./connection.ts";
import { writeDeletion } from "./deletion.ts";
import { writeImport, writeImportedChanges } from "./imports.ts";
import { openPostgresPool, type PostgresPool } from "./pool.ts";
import { storageSchema } from "./schema.ts";
import { Watcher } from "./watcher.ts";
import { Writer } from "./writer.ts";

export interface PostgresStorageOptions {
  /** postgres://user:password@host:port/database?sslmode=... */
  readonly url: string;
  /** For reads, opened as needed; writes and notices take one each beside them. 10 unless told. */
  readonly maxConnections?: number | undefined;
  /** For one statement; 15 seconds unless told. */
  readonly timeoutMs?: number | undefined;
}

/** Connects, and brings the schema `countersign` of the database to its newest version. @throws usage.invalid, storage.*, disk.*, tls.untrusted */
export async function openPostgresStorage(options: PostgresStorageOptions): Promise<Storage> {
  const writer = `countersign-${randomUUID()}`;
  const pool = await openPostgresPool({ ...options, application: "countersign", schema: storageSchema });
  const settings = { address: pool.address, gate: pool.gate, timeoutMs: options.timeoutMs };
  const transactions = new CertainTransactions({ ...settings, application: writer });
  const timeoutMs = Math.min(options.timeoutMs ?? noticeTimeoutMs, noticeTimeoutMs);
  const watcher = new Watcher({ ...settings, timeoutMs, application: "countersign-watch" }, writer);
  return new PostgresStorage(pool, writer, new Writer(transactions, writer), watcher);
}

const columns = "d.dialect, d.role, d.version, d.stored_at, d.sha256, d.bytes";
const documentsOfCollection = `
  SELECT k.generation, k.behind, d.dialect, d.role, d.version, d.stored_at, d.sha256,
    CASE WHEN strpos(d.role, '/') > 0
      AND (SELECT count(*) FROM countersign.current WHERE collection = k.id) > $2::integer
      THEN NULL ELSE d.bytes END AS bytes
  FROM countersign.collections k
  LEFT JOIN countersign.current c ON c.collection = k.id
  LEFT JOIN countersign.documents d USING (collection, dialect, role, version)
  WHERE k.gun = $1 AND k.live`;
const documentsOfLive = "countersign.collections k JOIN countersign.documents d ON d.collection = k.id";
const isCurrent = `countersign.collections k
  JOIN countersign.current c ON c.collection = k.id
  JOIN countersign.documents d USING (collection, dialect, role, version)`;

/** Until the line of notices counts as dead: what it carries takes no time at all. */
const noticeTimeoutMs = 3_000;
/** Long enough for a batch of renewals; after a crash others wait as long. */
const renewalClaimMs = 120_000;
/** Rows that another is claiming or committing to at this moment are left to it. Running twice does no harm: a claim is its owner's. */
const claimDue = `
  UPDATE countersign.collections SET claimed_by = $3, claimed_until = $1::bigint + $4::integer
  WHERE id IN (
    SELECT id FROM countersign.collections
    WHERE renew_at <= $1 AND (claimed_until IS NULL OR claimed_until <= $1 OR claimed_by = $3)
    ORDER BY renew_at LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED)
  RETURNING gun, renew_at`;

class PostgresStorage implements Storage {
  readonly #pool: PostgresPool;
  readonly #id: string;
  readonly #writer: Writer;
  readonly #watcher: Watcher;

  constructor(pool: PostgresPool, id: string, writer: Writer, watcher: Watcher) {
    this.#pool = pool;
    this.#id = id;
    this.#writer = writer;
    this.#watcher = watcher;
  }

  async collection(gun: Gun, query: CollectionQuery = {}): Promise<CollectionState | undefined> {
    const rows = await this.#pool.read(documentsOfCollection, [gun, readsAllUpTo(query)]);
    const [first] = rows;
    if (first === undefined) return undefined;
    return {
      gun,
      generation: integerCell(first, "generation"),
      behind: behindOf(integerCell(first, "behind")),
      // A collection without documents is one row of nothing but itself.
      ...currentDocuments(
        rows.filter(({ role }) => role !== null),
        packedDocumentOf,
      ),
    };
  }

  async generation(gun: Gun): Promise<number> {
    const [row] = await this.#pool.read("SELECT generation FROM countersign.collections WHERE gun = $1", [gun]);
    return row === undefined ? 0 : integerCell(row, "generation");
  }

  async highestVersion(gun: Gun, { dialect, role }: DocumentName): Promise<number> {
    const highest = (table: string) => `coalesce((SELECT max(version) FROM countersign.${table}
      WHERE collection = k.id AND dialect = $2 AND role = $3), 0)`;
    const sql = `SELECT greatest(${highest("documents")}, ${highest("floors")}) AS version
      FROM countersign.collections k WHERE gun = $1`;
    const [row] = await this.#pool.read(sql, [gun, dialectNumber(dialect), role]);
    return row === undefined ? 0 : integerCell(row, "version");
  }

  current(gun: Gun, { dialect, role }: DocumentName): Promise<StoredDocument | undefined> {
    const sql = `SELECT ${columns} FROM ${isCurrent} WHERE k.gun = $1 AND k.live AND c.dialect = $2 AND c.role = $3`;
    return this.#document(sql, gun, dialectNumber(dialect), role);
  }

  byVersion(gun: Gun, { dialect, role }: DocumentName, version: number): Promise<StoredDocument | undefined> {
    const sql = `SELECT ${columns} FROM ${documentsOfLive}
      WHERE k.gun = $1 AND k.live AND d.dialect = $2 AND d.role = $3 AND d.version = $4`;
    return this.#document(sql, gun, dialectNumber(dialect), role, version);
  }

  byHash(gun: Gun, { dialect, role }: DocumentName, sha256: Sha256Hex): Promise<StoredDocument | undefined> {
    const sql = `SELECT ${columns} FROM ${documentsOfLive}
      WHERE k.gun = $1 AND k.live AND substr(d.sha256, 1, 6) = substr($4::bytea, 1, 6) AND d.sha256 = $4
        AND d.dialect = $2 AND d.role = $3`;
    return this.#document(sql, gun, dialectNumber(dialect), role, decodeHex(sha256));
  }

  async versionsAbove(gun: Gun, { dialect, role }: DocumentName, after: number): Promise<readonly StoredDocument[]> {
    const sql = `SELECT ${columns} FROM ${documentsOfLive}
      WHERE k.gun = $1 AND k.live AND d.dialect = $2 AND d.role = $3 AND d.version > $4 ORDER BY d.version`;
    return (await this.#pool.read(sql, [gun, dialectNumber(dialect), role, after])).map(packedDocumentOf);
  }

  async blob(gun: Gun, sha256: Sha256Hex): Promise<Uint8Array | undefined> {
    const sql = `SELECT b.bytes FROM countersign.collections k JOIN countersign.blobs b ON b.collection = k.id
      WHERE k.gun = $1 AND k.live AND b.sha256 = $2`;
    const [row] = await this.#pool.read(sql, [gun, decodeHex(sha256)]);
    return row === undefined ? undefined : bytesCell(row, "bytes");
  }

  commit(commit: Commit): Promise<number> {
    return this.#writer.commit(commit);
  }

  deleteCollection(gun: Gun, at: number): Promise<boolean> {
    return this.#writer.alone((run) => writeDeletion(run, this.#id, gun, at));
  }

  async listCollections(query: { readonly after?: string; readonly limit: number }): Promise<readonly Gun[]> {
    const sql = "SELECT gun FROM countersign.collections WHERE live AND gun > $1 ORDER BY gun LIMIT $2";
    return (await this.#pool.read(sql, [query.after ?? "", query.limit])).map(gunCell);
  }

  /** Whoever asks first has them for a while: servers on one database do not renew the same collections side by side. */
  async dueForRenewal(at: number, limit: number): Promise<readonly Gun[]> {
    const rows = await this.#pool.read(claimDue, [Math.floor(at), limit, this.#id, renewalClaimMs]);
    return rows.toSorted((a, b) => integerCell(a, "renew_at") - integerCell(b, "renew_at")).map(gunCell);
  }

  async changes({ gun, after, limit, newestFirst }: ChangeQuery): Promise<readonly Change[]> {
    const bound = after ?? (newestFirst ? Number.MAX_SAFE_INTEGER : -1);
    const sql = `SELECT h.id, k.gun, h.version, h.sha256, h.deletion::integer, h.created_at
      FROM countersign.changes h JOIN countersign.collections k ON k.id = h.collection
      WHERE h.id ${newestFirst ? "<" : ">"} $1
        ${gun === undefined ? "" : "AND h.collection = (SELECT id FROM countersign.collections WHERE gun = $3)"}
      ORDER BY h.id ${newestFirst ? "DESC" : "ASC"} LIMIT $2`;
    return (await this.#pool.read(sql, gun === undefined ? [bound, limit] : [bound, limit, gun])).map(changeOf);
  }

  async serverKeys(gun: Gun, role?: ServerKey["role"]): Promise<readonly ServerKey[]> {
    const sql = `SELECT s.role, s.key_id, s.sealed, s.created_at, s.used_at
      FROM countersign.collections k JOIN countersign.server_keys s ON s.collection = k.id
      WHERE k.gun = $1 ORDER BY s.id`;
    const keys = (await this.#pool.read(sql, [gun])).map((row) => serverKeyOf(row, gun));
    return role === undefined ? keys : keys.filter((key) => key.role === role);
  }

  addServerKey(key: ServerKey): Promise<void> {
    return this.#writer.addKey(key);
  }

  resealServerKey({ gun, role, keyId, sealed }: Parameters<Storage["resealServerKey"]>[0]): Promise<boolean> {
    const sql = `UPDATE countersign.server_keys SET sealed = $1
      WHERE collection = (SELECT id FROM countersign.collections WHERE gun = $2) AND role = $3 AND key_id = $4`;
    return this.#writer.alone(async (run) => {
      const { count } = await run(sql, [sealed, gun, role, keyId]);
      return { value: count > 0, sent: [] };
    });
  }

  async apiTokens(): Promise<readonly ApiToken[]> {
    const sql = `SELECT id, hash, name, grants, created_at, expires_at FROM countersign.api_tokens ORDER BY created_at, id`;
    return (await this.#pool.read(sql)).map(apiTokenOf);
  }

  addApiToken(token: ApiToken): Promise<void> {
    return this.#writer.alone((run) => writeApiToken(run, token));
  }

  removeApiToken(id: string): Promise<boolean> {
    return this.#writer.alone(async (run) => {
      const { count } = await run("DELETE FROM countersign.api_tokens WHERE id = $1", [id]);
      return { value: count > 0, sent: [] };
    });
  }

  importCollection(imported: ImportedCollection): Promise<Added> {
    return this.#writer.alone((run) => writeImport(run, this.#id, imported));
  }

  importChanges(changes: readonly Change[]): Promise<void> {
    return this.#writer.alone((run) => writeImportedChanges(run, changes));
  }

  watch(onChange: (gun: Gun | undefined) => void): Promise<void> {
    return this.#watcher.start(onChange);
  }

  async ping(): Promise<void> {
    await this.#pool.read("SELECT 1 FROM countersign.collections LIMIT 1");
  }

  async close(): Promise<void> {
    await this.#watcher.close();
    await this.#writer.close();
    await this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #document(sql: string, ...values: readonly SqlValue[]): Promise<StoredDocument | undefined> {
    const [row] = await this.#pool.read(sql, values);
    return row === undefined ? undefined : packedDocumentOf(row);
  }
}
