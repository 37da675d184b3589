// The embedded adapter: the contract, and what only a file on a disk can do: be damaged, locked, full, read-only or too new.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { encodeHex, isCountersignError, parseGun, parseRoleName, sha256 } from "../../bytes/index.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../../testing/index.ts";
import { importContract } from "../import-contract.ts";
import type { Commit, Storage } from "../storage.ts";
import { storageContract } from "../storage-contract.ts";
import { databaseFileName } from "./open-database.ts";
import { migrations, serverApplicationId } from "./schema.ts";
import { openSqliteStorage } from "./sqlite-storage.ts";

async function openEmpty(): Promise<Storage> {
  const path = await mkdtemp(join(tmpdir(), "countersign-storage-"));
  const storage = openSqliteStorage(path);
  const close = storage.close.bind(storage);
  storage[Symbol.asyncDispose] = async () => {
    await close();
    await rm(path, { recursive: true });
  };
  return storage;
}

storageContract("sqlite", openEmpty);
importContract("sqlite", openEmpty);

const gun = parseGun("example.com/app");
const targets = { dialect: "tuf1", role: parseRoleName("targets") } as const;

function publish(version: number, size = 100): Commit {
  return {
    gun,
    expectedGeneration: version - 1,
    documents: [{ ...targets, version, bytes: Buffer.alloc(size, version) }],
    retired: [],
    forgotten: [],
    blobs: [],
    behind: [],
    changes: [],
    usedKeys: [],
    renewAt: undefined,
    at: version,
  };
}

function opening(dir: TemporaryDirectory, code: string): void {
  assert.throws(
    () => openSqliteStorage(dir.path),
    (error) => isCountersignError(error) && error.code === code && error.hints.length > 0,
  );
}

test("what was committed is there after a clean stop, and the file is for its owner only", async () => {
  await using dir = await temporaryDirectory();
  const before = openSqliteStorage(dir.path);
  await before.commit(publish(1));
  await before.close();
  await before.close();
  await assert.rejects(before.commit(publish(2)), (error) => isCountersignError(error, "storage.unavailable"));
  await using after = openSqliteStorage(dir.path);
  assert.equal((await after.current(gun, targets))?.version, 1);
  assert.equal(statSync(join(dir.path, databaseFileName)).mode & 0o777, 0o600);
});

test("a second process on the same directory is refused at once, and a killed one leaves no lock", async () => {
  await using dir = await temporaryDirectory();
  const script = fileURLToPath(new URL("./second-process.ts", import.meta.url));
  const other = () => spawnSync(process.execPath, [script, dir.path], { encoding: "utf8" });
  {
    await using storage = openSqliteStorage(dir.path);
    await storage.commit(publish(1));
    assert.equal(other().stdout, "storage.locked");
    opening(dir, "storage.locked");
  }
  const killed = other();
  assert.equal(killed.stdout, "open");
  assert.equal(killed.signal, "SIGKILL");
  await using storage = openSqliteStorage(dir.path);
  assert.equal((await storage.current(gun, targets))?.version, 1);
});

test("a damaged database is noticed at start, not while serving", async () => {
  await using dir = await temporaryDirectory();
  const storage = openSqliteStorage(dir.path);
  for (let version = 1; version < 40; version++) await storage.commit(publish(version, 4_000));
  await storage.close();
  const file = openSync(join(dir.path, databaseFileName), "r+");
  writeSync(file, Buffer.alloc(60_000, 0x5a), 0, 60_000, 4_096 * 2);
  closeSync(file);
  opening(dir, "storage.corrupt");
});

test("a file that is no database, or somebody else's database, is left alone", async () => {
  await using dir = await temporaryDirectory();
  const path = join(dir.path, databaseFileName);
  writeFileSync(
    path,
    "this is a text file, and not a short one either; it is certainly no SQLite database at all\n".repeat(20),
  );
  opening(dir, "storage.corrupt");
  assert.match(readFileSync(path, "utf8"), /^this is a text file/);

  await using theirs = await temporaryDirectory();
  const database = new DatabaseSync(join(theirs.path, databaseFileName));
  database.exec("CREATE TABLE photos (id INTEGER)");
  database.close();
  opening(theirs, "storage.corrupt");
});

test("a database of a newer program is refused rather than guessed at", async () => {
  await using dir = await temporaryDirectory();
  await openSqliteStorage(dir.path).close();
  const database = new DatabaseSync(join(dir.path, databaseFileName));
  database.exec("PRAGMA user_version = 999");
  database.close();
  opening(dir, "storage.newer");
});

test("a database of the first schema is brought to the newest one with what it holds", async () => {
  await using dir = await temporaryDirectory();
  const [first] = migrations;
  const database = new DatabaseSync(join(dir.path, databaseFileName));
  database.exec(`${first}; PRAGMA user_version = 1; PRAGMA application_id = ${serverApplicationId}`);
  database.exec("INSERT INTO collections (gun, generation, live, behind) VALUES ('example.com/app', 7, 1, 0)");
  const text = '{"signed":{}}';
  database.exec(`INSERT INTO documents (collection, dialect, role, version, stored_at, sha256, bytes)
    VALUES (1, 1, 'targets', 3, 5, unhex('${encodeHex(sha256(text))}'), CAST('${text}' AS BLOB));
    INSERT INTO current (collection, dialect, role, document) VALUES (1, 1, 'targets', 1)`);
  database.close();
  await using storage = openSqliteStorage(dir.path);
  assert.equal(await storage.generation(gun), 7);
  const document = await storage.current(gun, { dialect: "tuf1", role: parseRoleName("targets") });
  assert.equal(Buffer.from(document?.bytes ?? []).toString(), text, "what was stored before anything was packed");
  assert.deepEqual(await storage.apiTokens(), []);
});

test("a full disk refuses the publish whole and serving goes on", async () => {
  await using dir = await temporaryDirectory();
  await using storage = openSqliteStorage(dir.path, { testOnlyMaxPages: 60 });
  await storage.commit(publish(1));
  await assert.rejects(storage.commit(publish(2, 400_000)), (error) => isCountersignError(error, "disk.full"));
  assert.equal((await storage.current(gun, targets))?.version, 1);
  assert.equal(await storage.commit(publish(2)), 2);
});

test("a directory that cannot be made or written gives a coded error", async () => {
  await using dir = await temporaryDirectory();
  writeFileSync(join(dir.path, "file"), "");
  assert.throws(
    () => openSqliteStorage(join(dir.path, "file", "data")),
    (error) => isCountersignError(error, "disk.unreadable"),
  );
  assert.throws(
    () => openSqliteStorage("/proc/countersign-data"),
    (error) => isCountersignError(error, "disk.unreadable", "disk.read_only"),
  );
});

test("writes that keep arriving share commits, and the first of them is answered all the same", async () => {
  await using dir = await temporaryDirectory();
  let commits = 0;
  await using storage = openSqliteStorage(dir.path, {
    testOnlyAtPoint: (point) => {
      if (point === "after-commit") commits++;
    },
  });
  const writes: Promise<number>[] = [];
  let isArriving = true;
  const arrive = () => {
    if (!isArriving) return;
    setImmediate(arrive);
    // A millisecond of other work in every turn, or a full batch would come before the time is up.
    for (const until = performance.now() + 1; performance.now() < until; );
    writes.push(storage.commit(publish(writes.length + 1)));
  };
  setImmediate(arrive);
  await new Promise((resolve) => setImmediate(resolve));
  await writes[0];
  isArriving = false;
  assert.ok(writes.length < 200, `the first write waited for ${writes.length} others`);
  await Promise.all(writes);
  assert.ok(writes.length > 2 && commits < writes.length, `${commits} commits for ${writes.length} writes`);
  assert.equal((await storage.current(gun, targets))?.version, writes.length);
});
