// What changes the tables. Each function runs inside a savepoint of group-commit.ts and throws to be undone whole.

import type { Gun } from "../../bytes/index.ts";
import { CountersignError, decodeHex, sha256 } from "../../bytes/index.ts";
import { pack } from "../packed-bytes.ts";
import { behindBits, dialectNumber, integerCell, optionalIntegerCell } from "../rows.ts";
import type { Commit, NewDocument, ServerKey } from "../storage.ts";
import type { Statements } from "./statements.ts";

interface CollectionRow {
  readonly id: number;
  readonly generation: number;
  readonly isLive: boolean;
}

/** Gives the new generation. @throws storage.conflict */
export function applyCommit(statements: Statements, commit: Commit): number {
  const { id, generation } = collectionRow(statements, commit.gun) ?? addCollection(statements, commit.gun);
  if (generation !== commit.expectedGeneration) {
    throw new CountersignError(
      "storage.conflict",
      `${commit.gun} changed meanwhile: expected generation ${commit.expectedGeneration}, found ${generation}`,
    );
  }
  for (const document of commit.documents) addDocument(statements, id, commit, document);
  for (const { dialect, role } of commit.retired) {
    statements.run(
      "DELETE FROM current WHERE collection = ? AND dialect = ? AND role = ?",
      id,
      dialectNumber(dialect),
      role,
    );
  }
  for (const { dialect, role, version } of commit.forgotten) {
    statements.run(
      "DELETE FROM documents WHERE collection = ? AND dialect = ? AND role = ? AND version = ?",
      id,
      dialectNumber(dialect),
      role,
      version,
    );
  }
  for (const blob of commit.blobs) {
    statements.run("INSERT OR IGNORE INTO blobs (collection, sha256, bytes) VALUES (?, ?, ?)", id, sha256(blob), blob);
  }
  for (const change of commit.changes) {
    addChange(statements, id, change.version, change.sha256, change.category === "deletion", commit.at);
  }
  for (const keyId of commit.usedKeys) {
    statements.run(
      "UPDATE server_keys SET used_at = coalesce(used_at, ?) WHERE collection = ? AND key_id = ?",
      commit.at,
      id,
      keyId,
    );
  }
  statements.run(
    "UPDATE collections SET generation = ?, live = 1, behind = ?, renew_at = ? WHERE id = ?",
    generation + 1,
    behindBits(commit.behind),
    commit.renewAt === undefined ? null : Math.floor(commit.renewAt),
    id,
  );
  return generation + 1;
}

/** False when there is no such collection. Keeps version floors, server keys and the changefeed. */
export function applyDeletion(statements: Statements, gun: Gun, at: number): boolean {
  const row = collectionRow(statements, gun);
  if (row === undefined || !row.isLive) return false;
  statements.run(
    `INSERT INTO floors (collection, dialect, role, version)
     SELECT collection, dialect, role, max(version) FROM documents WHERE collection = ? GROUP BY dialect, role
     ON CONFLICT DO UPDATE SET version = max(version, excluded.version)`,
    row.id,
  );
  for (const table of ["documents", "current", "blobs"] as const) {
    statements.run(`DELETE FROM ${table} WHERE collection = ?`, row.id);
  }
  addChange(statements, row.id, 0, "", true, at);
  statements.run(
    "UPDATE collections SET generation = generation + 1, live = 0, behind = 0, renew_at = NULL WHERE id = ?",
    row.id,
  );
  return true;
}

export function applyServerKey(statements: Statements, key: ServerKey): void {
  const { id } = collectionRow(statements, key.gun) ?? addCollection(statements, key.gun);
  statements.run(
    "INSERT INTO server_keys (collection, role, key_id, sealed, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?)",
    id,
    key.role,
    key.keyId,
    key.sealed,
    key.createdAt,
    key.usedAt ?? null,
  );
}

function addDocument(statements: Statements, collection: number, commit: Commit, document: NewDocument): void {
  const dialect = dialectNumber(document.dialect);
  const newest = newestStored(statements, collection, dialect, document.role);
  if (document.version <= newest) {
    throw new CountersignError(
      "storage.conflict",
      `${document.dialect} ${document.role} version ${document.version} is not above the stored ${newest}`,
    );
  }
  const { rowId } = statements.run(
    "INSERT INTO documents (collection, dialect, role, version, stored_at, sha256, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
    collection,
    dialect,
    document.role,
    document.version,
    commit.at,
    document.sha256 === undefined ? sha256(document.bytes) : decodeHex(document.sha256),
    pack(document.bytes),
  );
  statements.run(
    "INSERT OR REPLACE INTO current (collection, dialect, role, document) VALUES (?, ?, ?, ?)",
    collection,
    dialect,
    document.role,
    rowId,
  );
}

function addChange(
  statements: Statements,
  collection: number,
  version: number,
  sha256Hex: string,
  isDeletion: boolean,
  at: number,
): void {
  statements.run(
    "INSERT INTO changes (collection, version, sha256, deletion, created_at) VALUES (?, ?, unhex(?), ?, ?)",
    collection,
    version,
    sha256Hex,
    isDeletion ? 1 : 0,
    at,
  );
}

function newestStored(statements: Statements, collection: number, dialect: number, role: string): number {
  const sql = "SELECT max(version) AS version FROM documents WHERE collection = ? AND dialect = ? AND role = ?";
  const row = statements.one(sql, collection, dialect, role);
  return row === undefined ? 0 : (optionalIntegerCell(row, "version") ?? 0);
}

/** Also counts what a deletion removed; 0 if none was ever stored. */
export function highestVersion(statements: Statements, collection: number, dialect: number, role: string): number {
  const sql = "SELECT version FROM floors WHERE collection = ? AND dialect = ? AND role = ?";
  const floor = statements.one(sql, collection, dialect, role);
  const stored = newestStored(statements, collection, dialect, role);
  return Math.max(stored, floor === undefined ? 0 : integerCell(floor, "version"));
}

export function collectionRow(statements: Statements, gun: Gun): CollectionRow | undefined {
  const row = statements.one("SELECT id, generation, live FROM collections WHERE gun = ?", gun);
  if (row === undefined) return undefined;
  return {
    id: integerCell(row, "id"),
    generation: integerCell(row, "generation"),
    isLive: integerCell(row, "live") === 1,
  };
}

export function addCollection(statements: Statements, gun: Gun): CollectionRow {
  const { rowId } = statements.run("INSERT INTO collections (gun, generation, live, behind) VALUES (?, 0, 0, 0)", gun);
  return { id: rowId, generation: 0, isLive: false };
}
