// Notary's tables over SQL, in the two schemas its migrations make (notary-v1, section 10). MySQL's usual collations take `a/B` and
// `a/b` for one name, so names are compared as bytes there. Times are read as text: Notary writes UTC into columns without a zone.

import type { DatabaseAddress } from "./database-url.ts";
import type { NotaryServerSource, NotarySignerSource } from "./notary-source.ts";
import {
  booleanOf,
  bytesOf,
  integerOf,
  openSqlConnection,
  optionalTextOf,
  type SqlConnection,
  textOf,
  timeOf,
} from "./sql-connection.ts";

/** @throws storage.unavailable, migrate.source_invalid */
export async function openServerTables(address: DatabaseAddress): Promise<NotaryServerSource> {
  const connection = await openSqlConnection(address);
  return serverTables(connection);
}

/** @throws storage.unavailable, migrate.source_invalid */
export async function openSignerTables(address: DatabaseAddress): Promise<NotarySignerSource> {
  const connection = await openSqlConnection(address);
  return signerTables(connection);
}

function serverTables(connection: SqlConnection): NotaryServerSource {
  const { kind, description } = connection;
  const gunOf = kind === "postgres" ? "gun" : "CAST(gun AS BINARY)";
  const isGun = kind === "postgres" ? "gun = ?" : "gun = ? AND CAST(gun AS BINARY) = CAST(? AS BINARY)";
  const text = (column: string) => (kind === "postgres" ? `${column}::text` : `CAST(${column} AS CHAR)`);
  const integer = (expression: string) => (kind === "postgres" ? `(${expression})::text` : expression);
  const time = (column: string) => timeText(kind, column);
  return {
    description,
    async collections() {
      const rows = await connection.query(
        `SELECT ${gunOf} AS gun, ${integer("COUNT(*)")} AS documents, ${integer("SUM(OCTET_LENGTH(data))")} AS size
         FROM tuf_files GROUP BY ${gunOf}`,
      );
      return rows.map((row) => ({
        gun: textOf(row, "gun"),
        rows: integerOf(row, "documents"),
        bytes: integerOf(row, "size"),
      }));
    },
    async rows(gun) {
      const rows = await connection.query(
        `SELECT id, role, version, ${text("sha256")} AS sha256, OCTET_LENGTH(data) AS size, ${time("created_at")} AS created,
           deleted_at IS NOT NULL AS deleted
         FROM tuf_files WHERE ${isGun} ORDER BY id`,
        kind === "postgres" ? [gun] : [gun, gun],
      );
      return rows.map((row) => ({
        id: integerOf(row, "id"),
        role: textOf(row, "role"),
        version: integerOf(row, "version"),
        sha256: optionalTextOf(row, "sha256")?.trim().toLowerCase() || undefined,
        bytes: integerOf(row, "size"),
        createdAt: timeOf(row, "created"),
        isDeleted: booleanOf(row, "deleted"),
      }));
    },
    async data(ids) {
      if (ids.length === 0) return new Map();
      const rows = await connection.query(`SELECT id, data FROM tuf_files WHERE id IN (${places(ids)})`, ids);
      return new Map(rows.map((row) => [integerOf(row, "id"), bytesOf(row, "data")]));
    },
    async countChanges() {
      const [row] = await connection.query(`SELECT ${integer("COUNT(*)")} AS changes FROM changefeed`);
      return row === undefined ? 0 : integerOf(row, "changes");
    },
    async changes(after, limit) {
      const rows = await connection.query(
        `SELECT id, gun, version, ${text("sha256")} AS sha256, category, ${time("created_at")} AS created
         FROM changefeed WHERE id > ? ORDER BY id LIMIT ${limit}`,
        [after],
      );
      return rows.map((row) => ({
        id: integerOf(row, "id"),
        gun: textOf(row, "gun"),
        version: integerOf(row, "version"),
        // PostgreSQL fills CHAR(64) with blanks.
        sha256: (optionalTextOf(row, "sha256") ?? "").trim().toLowerCase(),
        category: textOf(row, "category"),
        createdAt: timeOf(row, "created"),
      }));
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

function signerTables(connection: SqlConnection): NotarySignerSource {
  const { kind, description } = connection;
  return {
    description,
    async keys() {
      const rows = await connection.query(
        `SELECT id, key_id, gun, role, algorithm, passphrase_alias, ${timeText(kind, "created_at")} AS created,
           ${timeText(kind, "last_used")} AS used, last_used IS NOT NULL AS has_signed, deleted_at IS NOT NULL AS deleted
         FROM private_keys ORDER BY id`,
      );
      return rows.map((row) => {
        const createdAt = timeOf(row, "created");
        return {
          id: integerOf(row, "id"),
          keyId: textOf(row, "key_id"),
          gun: textOf(row, "gun"),
          role: textOf(row, "role"),
          algorithm: textOf(row, "algorithm"),
          passphraseAlias: textOf(row, "passphrase_alias"),
          createdAt,
          lastUsed: booleanOf(row, "has_signed") ? (timeOf(row, "used") ?? createdAt ?? 0) : undefined,
          isDeleted: booleanOf(row, "deleted"),
        };
      });
    },
    async material(ids) {
      if (ids.length === 0) return new Map();
      const sql = `SELECT id, public, private FROM private_keys WHERE id IN (${places(ids)})`;
      const rows = await connection.query(sql, ids);
      return new Map(
        rows.map((row) => [
          integerOf(row, "id"),
          { public: bytesOf(row, "public"), private: textOf(row, "private").trim() },
        ]),
      );
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

function timeText(kind: SqlConnection["kind"], column: string): string {
  return kind === "postgres"
    ? `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.US')`
    : `DATE_FORMAT(${column}, '%Y-%m-%dT%H:%i:%s.%f')`;
}

function places(ids: readonly number[]): string {
  return ids.map(() => "?").join(", ");
}
