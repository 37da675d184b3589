// Our storage on a real PostgreSQL: the whole contract of the port, and what only a database on the other end of a line can do: be missing, too
// new, somebody else's, full of connections, killed, cut off in any phase of a commit, shared with another process.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { type ErrorCode, isCountersignError, parseGun, type RoleName } from "../src/bytes/index.ts";
import { importContract } from "../src/storage/import-contract.ts";
import { openPostgresStorage, type Storage } from "../src/storage/index.ts";
import { storageContract } from "../src/storage/storage-contract.ts";
import { findPeer, peerTest } from "./peers/find.ts";
import { type Postgres, startPostgres } from "./peers/postgres.ts";
import { freePort } from "./peers/process.ts";
import { scratch } from "./peers/scratch.ts";
import { gun, publish, targets } from "./peers/small-commits.ts";

const running = new AsyncDisposableStack();
let postgres: Postgres;
let databases = 0;

if (findPeer("postgres") !== undefined) {
  before(async () => {
    postgres = running.use(await startPostgres(running.use(scratch("postgres-storage"))));
  });
  after(() => running.disposeAsync());
  storageContract("postgresql", openEmpty);
  importContract("postgresql", openEmpty);
}

async function newDatabase(): Promise<string> {
  return postgres.createDatabase(`storage_${++databases}`);
}

async function openEmpty(): Promise<Storage> {
  return openPostgresStorage({ url: await newDatabase() });
}

async function opening(url: string, ...codes: readonly ErrorCode[]): Promise<void> {
  await assert.rejects(
    openPostgresStorage({ url }),
    (error) => isCountersignError(error, ...codes) && error.hints.length > 0 && !error.message.includes("hunter2"),
  );
}

peerTest("eight servers that start at once on an empty database make one schema", ["postgres"], async () => {
  const url = await newDatabase();
  const storages = await Promise.all(Array.from({ length: 8 }, () => openPostgresStorage({ url })));
  await Promise.all(storages.map((storage, index) => storage.commit(publish(1, parseGun(`example.com/c${index}`)))));
  assert.equal((await storages[0]?.listCollections({ limit: 20 }))?.length, 8);
  await Promise.all(storages.map((storage) => storage.close()));
});

peerTest(
  "a schema of a newer program, or somebody else's, is refused rather than guessed at",
  ["postgres"],
  async () => {
    const newer = await newDatabase();
    await (await openPostgresStorage({ url: newer })).close();
    await postgres.query(databaseOf(newer), "UPDATE countersign.schema_version SET version = 999");
    await opening(newer, "storage.newer");
    const theirs = await newDatabase();
    await postgres.query(databaseOf(theirs), "CREATE SCHEMA countersign; CREATE TABLE countersign.photos (id int)");
    await opening(theirs, "storage.corrupt");
    assert.equal(await postgres.query(databaseOf(theirs), "SELECT count(*) FROM countersign.photos"), "0");
  },
);

peerTest(
  "a database that is missing, refuses the user or is not there at all is named, not its password",
  ["postgres"],
  async () => {
    const at = `127.0.0.1:${postgres.port}`;
    await opening(`postgres://postgres:hunter2@${at}/nowhere`, "storage.unavailable");
    await opening(`postgres://nobody:hunter2@${at}/postgres`, "storage.unavailable");
    await opening(`postgres://postgres:hunter2@127.0.0.1:${await freePort()}/x`, "storage.unavailable");
    await opening(`postgres://postgres:hunter2@${at}/postgres?sslmode=verify-full`, "storage.unavailable");
    await opening(`http://postgres:hunter2@${at}/x`, "usage.invalid");
  },
);

peerTest("a user who may not make schemas serves from one that the administrator made", ["postgres"], async () => {
  const url = await newDatabase();
  const name = databaseOf(url);
  await postgres.query(name, `CREATE ROLE clerk_${name} LOGIN; CREATE SCHEMA countersign AUTHORIZATION clerk_${name}`);
  await using storage = await openPostgresStorage({ url: url.replace("postgres@", `clerk_${name}@`) });
  assert.equal(await storage.commit(publish(1)), 1);
});

peerTest("a commit that the database refuses does not take those of others with it", ["postgres"], async () => {
  await using storage = await openEmpty();
  const bad = { ...targets, role: "no\u0000text" as RoleName, version: 1, bytes: Buffer.from("x") };
  const names = [0, 1, 2, 3].map((index) => parseGun(`example.com/c${index}`));
  const commits = names.map((name, index) =>
    storage.commit(index === 1 ? { ...publish(1, name), documents: [bad] } : publish(1, name)),
  );
  const results = await Promise.allSettled(commits);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "rejected", "fulfilled", "fulfilled"],
  );
  assert.equal((await storage.listCollections({ limit: 10 })).length, 3);
});

peerTest("after its end a storage takes nothing more, and can be ended twice", ["postgres"], async () => {
  const storage = await openEmpty();
  await storage.watch?.(() => undefined);
  const last = storage.commit(publish(1));
  await storage.close();
  assert.equal(await last, 1);
  await storage.close();
  for (const late of [storage.commit(publish(2)), storage.current(gun, targets), storage.apiTokens()]) {
    await assert.rejects(late, (error) => isCountersignError(error, "storage.unavailable"));
  }
});

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}
