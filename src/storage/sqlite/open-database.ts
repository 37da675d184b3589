// Opens the one database file of a data directory, ready for use: locked against a second process, durable, whole, migrated.
// The lock is SQLite's own exclusive file lock (fcntl), so the kernel drops it with the process and a killed server
// leaves none behind. sqlite.org/wal.html section 8 (exclusive mode), sqlite.org/pragma.html#pragma_synchronous.
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CountersignError } from "../../bytes/index.ts";
import { type DatabaseKind, migrate, migrations, serverApplicationId } from "./schema.ts";
import { corruptDatabase, toStorageError } from "./sqlite-errors.ts";

export const databaseFileName = "countersign.db";

const serverDatabase: DatabaseKind = { fileName: databaseFileName, applicationId: serverApplicationId, migrations };

/** Up to here the whole file is checked at every start (about half a second); beyond, only its structure is read. */
const fullCheckMaxBytes = 256 * 1024 * 1024;

export interface OpenedDatabase {
  readonly database: DatabaseSync;
  readonly path: string;
}

/** @throws storage.locked, storage.corrupt, storage.newer, disk.read_only, disk.unreadable, disk.full */
export function openDatabase(dataDir: string, kind: DatabaseKind = serverDatabase): OpenedDatabase {
  makeDataDirectory(dataDir);
  const path = join(dataDir, kind.fileName);
  const isNew = !existsSync(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    if (isNew) chmodSync(path, 0o600);
    // Exclusive mode must be asked for before the first access: then the lock is taken with the write-ahead log and kept.
    database.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY");
    // Fewer, larger checkpoints: a page of a busy index goes home once instead of with every thousandth page written.
    database.exec("PRAGMA wal_autocheckpoint = 4000");
    checkIntegrity(database, path, isNew ? 0 : statSync(path).size);
    migrate(database, kind);
    if (isNew) syncDirectory(dataDir);
    return { database, path };
  } catch (error) {
    database?.close();
    throw toStorageError(error, path);
  }
}

function checkIntegrity(database: DatabaseSync, path: string, size: number): void {
  if (size > fullCheckMaxBytes) {
    database.prepare("SELECT count(*) FROM sqlite_schema").get();
    return;
  }
  const finding = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (finding !== "ok") throw corruptDatabase(path, String(finding));
}

/** For its owner only. @throws disk.read_only, disk.unreadable, disk.full */
export function makeDataDirectory(dataDir: string): void {
  try {
    makeDirectories(dataDir);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    const errorCode =
      code === "ENOSPC"
        ? "disk.full"
        : code === "ENOTDIR" || code === "EEXIST" || code === "ENOENT"
          ? "disk.unreadable"
          : "disk.read_only";
    throw new CountersignError(errorCode, `the data directory ${dataDir} cannot be made (${String(code)})`, {
      cause,
      hints: ["choose another directory with --data"],
    });
  }
}

/** Not `recursive: true`: Node loops for ever where a parent exists and answers ENOENT, as in /proc. */
function makeDirectories(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectories(parent);
  mkdirSync(path, { mode: 0o700 });
}

/** Makes the new file's name survive a power loss. */
function syncDirectory(dataDir: string): void {
  const handle = openSync(dataDir, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
