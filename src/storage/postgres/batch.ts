// The statements of one transaction for several commits and new keys: locks, then one question about what is stored, then one statement a
// table, sent without waiting in between. However many commits there are, it takes two round trips.
import { encodeHex } from "../../bytes/index.ts";
import { dialectNumber, integerCell, textCell } from "../rows.ts";
import type { Commit, DocumentName, ServerKey } from "../storage.ts";
import type { Work } from "./certain-transactions.ts";
import { type BatchRows, type Locked, type Outcome, planBatch, roleKey } from "./commit-plan.ts";
import type { Result } from "./connection.ts";
import type { Run } from "./pool.ts";
import { changeChannel, changefeedLock } from "./schema.ts";

/** An outcome for each commit, in their order. */
export async function writeBatch(
  run: Run,
  writer: string,
  commits: readonly Commit[],
  keys: readonly ServerKey[],
): Promise<Work<readonly Outcome[]>> {
  const locked = await lockCollections(run, commits, keys);
  const rows = planBatch(commits, locked);
  return {
    value: rows.outcomes,
    sent: [addServerKeys(run, keys), ...writeRows(run, rows), notifyOthers(run, writer, rows.guns)],
  };
}

/** Rows are made in the order of their names first and locked in it afterwards: two servers never wait for each other in a circle. */
export async function lockCollections(
  run: Run,
  commits: readonly Pick<Commit, "gun" | "expectedGeneration" | "documents">[],
  keys: readonly ServerKey[],
): Promise<Locked> {
  const fresh = [...commits.filter((commit) => commit.expectedGeneration === 0), ...keys].map(({ gun }) => gun);
  const wanted = commits.flatMap(({ gun, documents }) => documents.map((name) => ({ gun, ...name })));
  const [, collections, newest] = await Promise.all([
    fresh.length === 0 ? undefined : run(makeCollections, [sorted(fresh)]),
    commits.length === 0 ? undefined : run(lockRows, [sorted(commits.map(({ gun }) => gun))]),
    wanted.length === 0
      ? undefined
      : run(newestVersions, [
          wanted.map(({ gun }) => gun),
          wanted.map(({ dialect }) => dialectNumber(dialect)),
          wanted.map(({ role }) => role),
        ]),
  ]);
  return { collections: collectionsOf(collections ?? nothing), newest: newestOf(newest ?? nothing, wanted) };
}

const nothing = { rows: [] };

function collectionsOf({ rows }: Pick<Result, "rows">): Locked["collections"] {
  return new Map(
    rows.map((row) => [
      textCell(row, "gun"),
      { id: integerCell(row, "id"), generation: integerCell(row, "generation") },
    ]),
  );
}

function newestOf({ rows }: Pick<Result, "rows">, wanted: readonly DocumentName[]): Locked["newest"] {
  const newest = new Map<string, number>();
  for (const row of rows) {
    const name = wanted[integerCell(row, "n") - 1];
    if (name !== undefined) newest.set(roleKey(integerCell(row, "collection"), name), integerCell(row, "version"));
  }
  return newest;
}

function* writeRows(run: Run, rows: BatchRows): Generator<Promise<unknown>> {
  const { documents, retired, forgotten, blobs, changes, usedKeys, collections } = rows;
  if (documents.version.length > 0) {
    const { collection, dialect, role, version, at, hash, length } = documents;
    yield run(addDocuments, [collection, dialect, role, version, at, hash, length, rows.bytes]);
  }
  if (retired.role.length > 0) yield run(retire, [retired.collection, retired.dialect, retired.role]);
  if (forgotten.role.length > 0) {
    yield run(forget, [forgotten.collection, forgotten.dialect, forgotten.role, forgotten.version]);
  }
  if (blobs.hash.length > 0) yield run(addBlobs, [blobs.collection, blobs.hash, blobs.length, rows.blobBytes]);
  if (usedKeys.keyId.length > 0) yield run(useKeys, [usedKeys.collection, usedKeys.keyId, usedKeys.at]);
  if (collections.collection.length > 0) {
    const { collection, generation, behind, renewAt } = collections;
    yield run(updateCollections, [collection, generation, behind, renewAt]);
  }
  if (changes.version.length > 0) {
    yield run("SELECT pg_advisory_xact_lock($1)", [changefeedLock]);
    yield run(addChanges, [changes.collection, changes.version, changes.hash, changes.deletion, changes.at]);
  }
}

/** For collections that have a row. */
export function addServerKeys(run: Run, keys: readonly ServerKey[]): Promise<unknown> {
  if (keys.length === 0) return Promise.resolve();
  return run(insertServerKeys, [
    keys.map(({ gun }) => gun),
    keys.map(({ role }) => role),
    keys.map(({ keyId }) => keyId),
    keys.map(({ sealed }) => encodeHex(sealed)),
    keys.map(({ createdAt }) => Math.floor(createdAt)),
    keys.map(({ usedAt }) => (usedAt === undefined ? null : Math.floor(usedAt))),
  ]);
}

/** Heard by the others when the transaction commits. */
export function notifyOthers(run: Run, writer: string, guns: readonly string[]): Promise<unknown> {
  if (guns.length === 0) return Promise.resolve();
  return run("SELECT pg_notify($1, $2 || ' ' || gun) FROM unnest($3::text[]) gun", [changeChannel, writer, guns]);
}

/** By their bytes, as the column compares: names are ASCII. */
function sorted(guns: readonly string[]): readonly string[] {
  return [...new Set(guns)].sort();
}

/** Looks first, so that names in use cost no number of the sequence. */
const makeCollections = `
  INSERT INTO countersign.collections (gun, generation, live, behind)
  SELECT gun, 0, false, 0 FROM unnest($1::text[]) WITH ORDINALITY AS given (gun, n)
  WHERE NOT EXISTS (SELECT 1 FROM countersign.collections c WHERE c.gun = given.gun)
  ORDER BY n ON CONFLICT DO NOTHING`;

const lockRows = `
  SELECT id, gun, generation FROM countersign.collections WHERE gun = ANY ($1::text[]) ORDER BY gun FOR NO KEY UPDATE`;

/** A statement after the locks: it sees what those who held them before have committed. */
const newestVersions = `
  SELECT given.n, c.id AS collection, newest.version
  FROM unnest($1::text[], $2::smallint[], $3::text[]) WITH ORDINALITY AS given (gun, dialect, role, n)
  JOIN countersign.collections c ON c.gun = given.gun
  CROSS JOIN LATERAL (
    SELECT d.version FROM countersign.documents d
    WHERE d.collection = c.id AND d.dialect = given.dialect AND d.role = given.role
    ORDER BY d.version DESC LIMIT 1) newest`;

const addDocuments = `
  WITH given AS (
    SELECT *, 1 + sum(length) OVER (ORDER BY n) - length AS start
    FROM unnest($1::integer[], $2::smallint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::integer[])
      WITH ORDINALITY AS given (collection, dialect, role, version, stored_at, sha256, length, n)
  ), added AS (
    INSERT INTO countersign.documents (collection, dialect, role, version, stored_at, sha256, bytes)
    SELECT collection, dialect, role, version, stored_at, decode(sha256, 'hex'), substr($8::bytea, start::integer, length)
    FROM given
  )
  INSERT INTO countersign.current (collection, dialect, role, version)
  SELECT collection, dialect, role, max(version) FROM given GROUP BY collection, dialect, role
  ON CONFLICT (collection, dialect, role) DO UPDATE SET version = excluded.version`;

const retire = `
  DELETE FROM countersign.current c
  USING unnest($1::integer[], $2::smallint[], $3::text[]) AS given (collection, dialect, role)
  WHERE c.collection = given.collection AND c.dialect = given.dialect AND c.role = given.role`;

const forget = `
  DELETE FROM countersign.documents d
  USING unnest($1::integer[], $2::smallint[], $3::text[], $4::bigint[]) AS given (collection, dialect, role, version)
  WHERE d.collection = given.collection AND d.dialect = given.dialect AND d.role = given.role AND d.version = given.version`;

const addBlobs = `
  INSERT INTO countersign.blobs (collection, sha256, bytes)
  SELECT collection, decode(sha256, 'hex'), substr($4::bytea, start::integer, length)
  FROM (
    SELECT *, 1 + sum(length) OVER (ORDER BY n) - length AS start
    FROM unnest($1::integer[], $2::text[], $3::integer[]) WITH ORDINALITY AS given (collection, sha256, length, n)) given
  ON CONFLICT DO NOTHING`;

const useKeys = `
  UPDATE countersign.server_keys k SET used_at = given.at
  FROM unnest($1::integer[], $2::text[], $3::bigint[]) AS given (collection, key_id, at)
  WHERE k.collection = given.collection AND k.key_id = given.key_id AND k.used_at IS NULL`;

const updateCollections = `
  UPDATE countersign.collections c
  SET generation = given.generation, live = true, behind = given.behind, renew_at = given.renew_at,
    claimed_until = NULL, claimed_by = NULL
  FROM unnest($1::integer[], $2::bigint[], $3::smallint[], $4::bigint[]) AS given (id, generation, behind, renew_at)
  WHERE c.id = given.id`;

export const addChanges = `
  INSERT INTO countersign.changes (collection, version, sha256, deletion, created_at)
  SELECT collection, version, decode(sha256, 'hex'), deletion, created_at
  FROM unnest($1::integer[], $2::bigint[], $3::text[], $4::boolean[], $5::bigint[])
    WITH ORDINALITY AS given (collection, version, sha256, deletion, created_at, n)
  ORDER BY n`;

const insertServerKeys = `
  INSERT INTO countersign.server_keys (collection, role, key_id, sealed, created_at, used_at)
  SELECT c.id, given.role, given.key_id, decode(given.sealed, 'hex'), given.created_at, given.used_at
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
    WITH ORDINALITY AS given (gun, role, key_id, sealed, created_at, used_at, n)
  JOIN countersign.collections c ON c.gun = given.gun
  ORDER BY given.n`;
