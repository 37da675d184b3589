// Collections and changefeed rows taken over from another server, a transaction each; what may be added to what is here already is decided in
// ../imported-collection.ts.
import { CountersignError, encodeHex, sha256 } from "../../bytes/index.ts";
import { addedBy, type FoundCollection, type ImportedDocument, planImport } from "../imported-collection.ts";
import { pack } from "../packed-bytes.ts";
import {
  behindBits,
  bytesCell,
  changeOf,
  dialectNumber,
  dialectOf,
  integerCell,
  type Row,
  roleOf,
  textCell,
} from "../rows.ts";
import type { Added, Change, DocumentVersion, ImportedCollection } from "../storage.ts";
import { addServerKeys, lockCollections, notifyOthers } from "./batch.ts";
import type { Work } from "./certain-transactions.ts";
import type { Run } from "./pool.ts";
import { changefeedLock } from "./schema.ts";

/** As much as goes into one statement. */
const maxChunkBytes = 16 * 1024 * 1024;
const maxChunkRows = 1_000;

/** @throws storage.conflict */
export async function writeImport(run: Run, writer: string, imported: ImportedCollection): Promise<Work<Added>> {
  const { gun } = imported;
  const { collections } = await lockCollections(run, [{ gun, expectedGeneration: 0, documents: [] }], []);
  const id = collections.get(gun)?.id ?? 0;
  const documents = planImport(imported, await found(run, id));
  await addMissingKeys(run, id, imported);
  if (documents === undefined) return { value: addedBy(), sent: [] };
  for (const chunk of chunksOf(documents, ({ bytes }) => bytes.length)) {
    const column = <T>(value: (document: ImportedDocument) => T) => chunk.map(value);
    const packed = column(({ bytes }) => pack(bytes));
    await run(addVersions, [
      id,
      column(({ dialect }) => dialectNumber(dialect)),
      column(({ role }) => role),
      column(({ version }) => version),
      column(({ storedAt }) => Math.floor(storedAt)),
      column(({ sha256 }) => sha256),
      packed.map((bytes) => bytes.length),
      Buffer.concat(packed),
    ]);
  }
  for (const blob of imported.blobs ?? []) {
    await run("INSERT INTO countersign.blobs (collection, sha256, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", [
      id,
      sha256(blob),
      blob,
    ]);
  }
  await run("DELETE FROM countersign.current WHERE collection = $1", [id]);
  const { renewAt } = imported;
  const sent = [
    run(`INSERT INTO countersign.current ${roleVersions}`, [id, ...roleColumns(imported.current)]),
    run(addFloors, [id, ...roleColumns(imported.floors ?? [])]),
    run(
      `UPDATE countersign.collections SET generation = generation + 1, live = true, behind = $2, renew_at = $3
       WHERE id = $1`,
      [id, behindBits(imported.behind), renewAt === undefined ? null : Math.floor(renewAt)],
    ),
    notifyOthers(run, writer, [gun]),
  ];
  return { value: addedBy(documents), sent };
}

/** @throws storage.conflict */
export async function writeImportedChanges(run: Run, changes: readonly Change[]): Promise<Work<undefined>> {
  const guns = changes.map(({ gun }) => ({ gun, expectedGeneration: 0, documents: [] }));
  const { collections } = await lockCollections(run, guns, []);
  await run("SELECT pg_advisory_xact_lock($1)", [changefeedLock]);
  for (const chunk of chunksOf(changes, () => 0)) {
    const there = await run(
      `SELECT h.id, c.gun, h.version, h.sha256, h.deletion::integer, h.created_at
       FROM countersign.changes h JOIN countersign.collections c ON c.id = h.collection WHERE h.id = ANY ($1::bigint[])`,
      [chunk.map(({ id }) => id)],
    );
    const known = new Map(there.rows.map((row) => [integerCell(row, "id"), changeOf(row)]));
    for (const change of chunk) refuseAnother(change, known.get(change.id));
    await run(addChangesAsTheyAre, [
      chunk.map(({ id }) => id),
      chunk.map(({ gun }) => collections.get(gun)?.id ?? 0),
      chunk.map(({ version }) => version),
      chunk.map(({ sha256 }) => sha256),
      chunk.map(({ category }) => category === "deletion"),
      chunk.map(({ createdAt }) => Math.floor(createdAt)),
    ]);
  }
  // Later rows go on above the highest, whoever chose it.
  const next = `SELECT setval(pg_get_serial_sequence('countersign.changes', 'id'), highest)
    FROM (SELECT max(id) AS highest FROM countersign.changes) h
    WHERE highest > (SELECT last_value FROM countersign.changes_id_seq)`;
  return { value: undefined, sent: [run(next)] };
}

async function found(run: Run, id: number): Promise<FoundCollection> {
  const [collection, documents] = await Promise.all([
    run("SELECT generation, live FROM countersign.collections WHERE id = $1", [id]),
    run("SELECT dialect, role, version, sha256 FROM countersign.documents WHERE collection = $1", [id]),
  ]);
  const [row] = collection.rows;
  return {
    generation: row === undefined ? 0 : integerCell(row, "generation"),
    isLive: row?.live === true,
    documents: documents.rows.map(foundDocument),
  };
}

function foundDocument(row: Row): FoundCollection["documents"][number] {
  return {
    dialect: dialectOf(integerCell(row, "dialect")),
    role: roleOf(textCell(row, "role")),
    version: integerCell(row, "version"),
    sha256: encodeHex(bytesCell(row, "sha256")),
  };
}

async function addMissingKeys(run: Run, id: number, { serverKeys }: ImportedCollection): Promise<void> {
  if (serverKeys.length === 0) return;
  const held = await run("SELECT role, key_id FROM countersign.server_keys WHERE collection = $1", [id]);
  const names = new Set(held.rows.map((row) => `${textCell(row, "role")} ${textCell(row, "key_id")}`));
  const missing = serverKeys.filter(({ role, keyId }) => !names.has(`${role} ${keyId}`));
  if (missing.length > 0) await addServerKeys(run, missing);
  for (const { role, keyId, usedAt } of serverKeys) {
    if (usedAt === undefined || !names.has(`${role} ${keyId}`)) continue;
    // It has signed at the old server since an earlier import: it must not be given out as new here.
    await run(
      "UPDATE countersign.server_keys SET used_at = $1 WHERE collection = $2 AND role = $3 AND key_id = $4 AND used_at IS NULL",
      [Math.floor(usedAt), id, role, keyId],
    );
  }
}

function refuseAnother(change: Change, there: Change | undefined): void {
  if (there === undefined) return;
  const { gun, version, sha256, category } = there;
  if (gun === change.gun && version === change.version && sha256 === change.sha256 && category === change.category)
    return;
  throw new CountersignError("storage.conflict", `change ${change.id} is another one here, of ${gun}`, {
    hints: ["import the changefeed before anything is published on this server"],
  });
}

function* chunksOf<T>(all: readonly T[], bytes: (one: T) => number): Generator<readonly T[]> {
  let chunk: T[] = [];
  let size = 0;
  for (const one of all) {
    if (chunk.length > 0 && (chunk.length >= maxChunkRows || size + bytes(one) > maxChunkBytes)) {
      yield chunk;
      [chunk, size] = [[], 0];
    }
    chunk.push(one);
    size += bytes(one);
  }
  if (chunk.length > 0) yield chunk;
}

function roleColumns(names: readonly DocumentVersion[]): readonly [number[], string[], number[]] {
  return [
    names.map(({ dialect }) => dialectNumber(dialect)),
    names.map(({ role }) => role),
    names.map(({ version }) => version),
  ];
}

const roleVersions = `
  (collection, dialect, role, version)
  SELECT $1::integer, dialect, role, version
  FROM unnest($2::smallint[], $3::text[], $4::bigint[]) AS given (dialect, role, version)`;

const addFloors = `
  INSERT INTO countersign.floors AS f ${roleVersions}
  ON CONFLICT (collection, dialect, role) DO UPDATE SET version = greatest(f.version, excluded.version)`;

const addVersions = `
  INSERT INTO countersign.documents (collection, dialect, role, version, stored_at, sha256, bytes)
  SELECT $1, dialect, role, version, stored_at, decode(sha256, 'hex'), substr($8::bytea, start::integer, length)
  FROM (
    SELECT *, 1 + sum(length) OVER (ORDER BY n) - length AS start
    FROM unnest($2::smallint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::integer[])
      WITH ORDINALITY AS given (dialect, role, version, stored_at, sha256, length, n)) given`;

const addChangesAsTheyAre = `
  INSERT INTO countersign.changes (id, collection, version, sha256, deletion, created_at)
  SELECT id, collection, version, decode(sha256, 'hex'), deletion, created_at
  FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::text[], $5::boolean[], $6::bigint[])
    AS given (id, collection, version, sha256, deletion, created_at)
  ON CONFLICT DO NOTHING`;
