// The signer's keys in one SQLite file of its own, beside nothing else: opened, locked and made durable as the server's database is
// (sqlite/open-database.ts), so that one process has it at a time.
import { CountersignError } from "../../bytes/index.ts";
import { integerCell, textCell } from "../rows.ts";
import { GroupCommit } from "../sqlite/group-commit.ts";
import { openDatabase } from "../sqlite/open-database.ts";
import type { DatabaseKind } from "../sqlite/schema.ts";
import { toStorageError } from "../sqlite/sqlite-errors.ts";
import { Statements } from "../sqlite/statements.ts";
import { keyOf, keyOrNone, passphraseOrNone } from "./rows.ts";
import type { ResealedKey, SignerKeyAlgorithm, SignerKeyStore, StoredSignerKey } from "./signer-key-store.ts";

export const signerDatabaseFileName = "signer-keys.db";

const signerDatabase: DatabaseKind = {
  fileName: signerDatabaseFileName,
  // "CSGK"
  applicationId: 0x4353474b,
  migrations: [
    `
    CREATE TABLE passphrases (
      alias TEXT PRIMARY KEY,
      salt BLOB NOT NULL,
      cost INTEGER NOT NULL,
      block_size INTEGER NOT NULL,
      parallelization INTEGER NOT NULL,
      check_value BLOB NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE signer_keys (
      id INTEGER PRIMARY KEY,
      key_id TEXT NOT NULL UNIQUE,
      gun TEXT NOT NULL,
      role TEXT NOT NULL,
      algorithm TEXT NOT NULL,
      public_key BLOB NOT NULL,
      alias TEXT NOT NULL REFERENCES passphrases,
      sealed BLOB NOT NULL,
      created_at INTEGER NOT NULL,
      used_at INTEGER
    ) STRICT;
    CREATE INDEX signer_keys_unused ON signer_keys (gun, role, algorithm) WHERE used_at IS NULL;
    CREATE INDEX signer_keys_by_alias ON signer_keys (alias, key_id);
    `,
  ],
};

const columns = "key_id, gun, role, algorithm, public_key, alias, sealed, created_at, used_at";

/** @throws storage.locked, storage.corrupt, storage.newer, disk.read_only, disk.unreadable, disk.full */
export function openSqliteSignerKeys(dataDir: string): SignerKeyStore {
  const { database, path } = openDatabase(dataDir, signerDatabase);
  const statements = new Statements(database);
  const writes = new GroupCommit(database, path, () => {});
  let isClosed = false;

  const read = async <T>(work: () => T): Promise<T> => {
    if (isClosed) throw new CountersignError("storage.unavailable", `${path} is closed`);
    try {
      return work();
    } catch (error) {
      throw toStorageError(error, path);
    }
  };
  const passphraseNow = (alias: string) =>
    passphraseOrNone(statements.one("SELECT * FROM passphrases WHERE alias = ?", alias));
  const keyNow = (keyId: string) =>
    keyOrNone(statements.one(`SELECT ${columns} FROM signer_keys WHERE key_id = ?`, keyId));
  const unusedNow = (gun: string, role: string, algorithm: SignerKeyAlgorithm) =>
    keyOrNone(
      statements.one(
        `SELECT ${columns} FROM signer_keys WHERE gun = ? AND role = ? AND algorithm = ? AND used_at IS NULL ORDER BY id`,
        gun,
        role,
        algorithm,
      ),
    );
  const insert = (key: StoredSignerKey) =>
    statements.run(
      `INSERT INTO signer_keys (${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[key.keyId, key.gun, key.role, key.algorithm, key.publicKey, key.alias, key.sealed, key.createdAt],
      key.usedAt ?? null,
    );
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    writes.close();
    database.close();
  };

  return {
    passphrase: (alias) => read(() => passphraseNow(alias)),
    addPassphrase: (record) =>
      writes.write(() => {
        const standing = passphraseNow(record.alias);
        if (standing !== undefined) return standing;
        const { alias, salt, cost, blockSize, parallelization, check } = record;
        const sql = "INSERT INTO passphrases VALUES (?, ?, ?, ?, ?, ?)";
        statements.run(sql, alias, salt, cost, blockSize, parallelization, check);
        return record;
      }),
    aliasesInUse: () =>
      read(() =>
        statements
          .all("SELECT alias, count(*) AS keys FROM signer_keys GROUP BY alias ORDER BY alias")
          .map((row) => ({ alias: textCell(row, "alias"), keys: integerCell(row, "keys") })),
      ),
    key: (keyId) => read(() => keyNow(keyId)),
    unusedKey: (gun, role, algorithm) => read(() => unusedNow(gun, role, algorithm)),
    addKey: (key) =>
      writes.write(() => {
        const standing = unusedNow(key.gun, key.role, key.algorithm);
        if (standing !== undefined) return standing;
        insert(key);
        return key;
      }),
    importKey: (key) =>
      writes.write(() => {
        if (keyNow(key.keyId) !== undefined) return false;
        insert(key);
        return true;
      }),
    markUsed: (keyId, at) =>
      writes.write(() => {
        statements.run("UPDATE signer_keys SET used_at = ? WHERE key_id = ? AND used_at IS NULL", at, keyId);
        return keyNow(keyId) !== undefined;
      }),
    removeKey: (keyId) =>
      writes.write(() => statements.run("DELETE FROM signer_keys WHERE key_id = ?", keyId).changed > 0),
    keysUnder: (alias, after, limit) =>
      read(() =>
        statements
          .all(
            `SELECT ${columns} FROM signer_keys WHERE alias = ? AND key_id > ? ORDER BY key_id LIMIT ?`,
            alias,
            after,
            limit,
          )
          .map(keyOf),
      ),
    reseal: (keys) => writes.write(() => keys.reduce((changed, key) => changed + resealOne(statements, key), 0)),
    ping: () =>
      read(() => {
        statements.one("SELECT 1 FROM signer_keys LIMIT 1");
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function resealOne(statements: Statements, { keyId, fromAlias, toAlias, sealed }: ResealedKey): number {
  const sql = "UPDATE signer_keys SET alias = ?, sealed = ? WHERE key_id = ? AND alias = ?";
  return statements.run(sql, toAlias, sealed, keyId, fromAlias).changed;
}
