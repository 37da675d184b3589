// The signer's keys in PostgreSQL, in a schema of their own: several signers may share them, and the schema may share the database with
// our server's or Notary's tables. Every write may be repeated by its caller, so that a connection lost in the middle needs no more.

import type { Schema } from "../postgres/migrations.ts";
import { openPostgresPool, type Run } from "../postgres/pool.ts";
import { integerCell, textCell } from "../rows.ts";
import { keyOf, keyOrNone, passphraseOf, passphraseOrNone } from "./rows.ts";
import type { SignerKeyStore, StoredSignerKey } from "./signer-key-store.ts";

const schema: Schema = {
  name: "countersign_signer",
  migrations: [
    `
    CREATE TABLE countersign_signer.passphrases (
      alias text COLLATE "C" PRIMARY KEY,
      salt bytea NOT NULL,
      cost integer NOT NULL,
      block_size integer NOT NULL,
      parallelization integer NOT NULL,
      check_value bytea NOT NULL
    );

    CREATE TABLE countersign_signer.signer_keys (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      created_at bigint NOT NULL,
      used_at bigint,
      key_id text COLLATE "C" NOT NULL UNIQUE,
      gun text COLLATE "C" NOT NULL,
      role text COLLATE "C" NOT NULL,
      algorithm text COLLATE "C" NOT NULL,
      alias text COLLATE "C" NOT NULL REFERENCES countersign_signer.passphrases,
      public_key bytea NOT NULL,
      sealed bytea NOT NULL
    );
    CREATE INDEX signer_keys_unused ON countersign_signer.signer_keys (gun, role, algorithm) WHERE used_at IS NULL;
    CREATE INDEX signer_keys_by_alias ON countersign_signer.signer_keys (alias, key_id);
    `,
  ],
};

const keys = "countersign_signer.signer_keys";
const passphrases = "countersign_signer.passphrases";
const columns = "key_id, gun, role, algorithm, public_key, alias, sealed, created_at, used_at";
const selectUnused = `SELECT ${columns} FROM ${keys}
  WHERE gun = $1 AND role = $2 AND algorithm = $3 AND used_at IS NULL ORDER BY id LIMIT 1`;

export interface PostgresSignerKeysOptions {
  /** postgres://user:password@host:port/database?sslmode=... */
  readonly url: string;
  readonly maxConnections?: number;
}

/** @throws usage.invalid, storage.*, tls.untrusted */
export async function openPostgresSignerKeys(options: PostgresSignerKeysOptions): Promise<SignerKeyStore> {
  const pool = await openPostgresPool({ ...options, application: "countersign-signer", schema });
  return {
    passphrase: async (alias) =>
      passphraseOrNone((await pool.read(`SELECT * FROM ${passphrases} WHERE alias = $1`, [alias]))[0]),
    addPassphrase: (record) =>
      pool.transaction(async (run) => {
        const { alias, salt, cost, blockSize, parallelization, check } = record;
        await run(
          `INSERT INTO ${passphrases} (alias, salt, cost, block_size, parallelization, check_value)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (alias) DO NOTHING`,
          [alias, salt, cost, blockSize, parallelization, check],
        );
        const [standing] = (await run(`SELECT * FROM ${passphrases} WHERE alias = $1`, [alias])).rows;
        return standing === undefined ? record : passphraseOf(standing);
      }),
    aliasesInUse: async () =>
      (await pool.read(`SELECT alias, count(*) AS keys FROM ${keys} GROUP BY alias ORDER BY alias`)).map((row) => ({
        alias: textCell(row, "alias"),
        keys: integerCell(row, "keys"),
      })),
    key: async (keyId) => keyOrNone((await pool.read(`SELECT ${columns} FROM ${keys} WHERE key_id = $1`, [keyId]))[0]),
    unusedKey: async (gun, role, algorithm) => keyOrNone((await pool.read(selectUnused, [gun, role, algorithm]))[0]),
    addKey: (key) =>
      pool.transaction(async (run) => {
        const use = [key.gun, key.role, key.algorithm];
        // Two signers asked for the same new key at once must give the same one.
        await run("SELECT pg_advisory_xact_lock(hashtextextended($1, 20))", [JSON.stringify(use)]);
        const standing = keyOrNone((await run(selectUnused, use)).rows[0]);
        if (standing === undefined) await insert(run, key);
        return standing ?? key;
      }),
    importKey: (key) => pool.transaction(async (run) => (await insert(run, key)) > 0),
    markUsed: (keyId, at) =>
      pool.transaction(async (run) => {
        const sql = `UPDATE ${keys} SET used_at = coalesce(used_at, $2::bigint) WHERE key_id = $1`;
        return (await run(sql, [keyId, at])).count > 0;
      }),
    removeKey: (keyId) =>
      pool.transaction(async (run) => (await run(`DELETE FROM ${keys} WHERE key_id = $1`, [keyId])).count > 0),
    keysUnder: async (alias, after, limit) => {
      const sql = `SELECT ${columns} FROM ${keys} WHERE alias = $1 AND key_id > $2 ORDER BY key_id LIMIT $3`;
      return (await pool.read(sql, [alias, after, limit])).map(keyOf);
    },
    reseal: (resealed) =>
      pool.transaction(async (run) => {
        let changed = 0;
        for (const { keyId, fromAlias, toAlias, sealed } of resealed) {
          const sql = `UPDATE ${keys} SET alias = $1, sealed = $2 WHERE key_id = $3 AND alias = $4`;
          changed += (await run(sql, [toAlias, sealed, keyId, fromAlias])).count;
        }
        return changed;
      }),
    ping: async () => {
      await pool.read(`SELECT 1 FROM ${keys} LIMIT 1`);
    },
    close: () => pool.close(),
    [Symbol.asyncDispose]: () => pool.close(),
  };
}

/** Rows added: 0 when there is a key of that id. */
async function insert(run: Run, key: StoredSignerKey): Promise<number> {
  const sql = `INSERT INTO ${keys} (${columns}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (key_id) DO NOTHING`;
  const { keyId, gun, role, algorithm, publicKey, alias, sealed, createdAt, usedAt } = key;
  return (await run(sql, [keyId, gun, role, algorithm, publicKey, alias, sealed, createdAt, usedAt ?? null])).count;
}
