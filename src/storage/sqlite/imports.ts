// Collections and changefeed rows taken over from another server. Each function runs inside a savepoint of group-commit.ts and
// throws to be undone whole; what may be added to what is here already is decided in imported-collection.ts.
import { CountersignError, decodeHex, encodeHex, sha256 } from "../../bytes/index.ts";
import { addedBy, type FoundCollection, planImport } from "../imported-collection.ts";
import { pack } from "../packed-bytes.ts";
import { behindBits, bytesCell, changeOf, dialectNumber, dialectOf, integerCell, roleOf, textCell } from "../rows.ts";
import type { Added, Change, ImportedCollection, ServerKey } from "../storage.ts";
import type { Statements } from "./statements.ts";
import { addCollection, collectionRow } from "./writes.ts";

/** @throws storage.conflict */
export function applyImport(statements: Statements, imported: ImportedCollection): Added {
  const row = collectionRow(statements, imported.gun) ?? addCollection(statements, imported.gun);
  const documents = planImport(imported, { ...row, documents: storedDocuments(statements, row.id) });
  for (const key of imported.serverKeys) addMissingKey(statements, row.id, key);
  if (documents === undefined) return addedBy();
  for (const { dialect, role, version, storedAt, sha256, bytes } of documents) {
    statements.run(
      "INSERT INTO documents (collection, dialect, role, version, stored_at, sha256, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)",
      row.id,
      dialectNumber(dialect),
      role,
      version,
      Math.floor(storedAt),
      decodeHex(sha256),
      pack(bytes),
    );
  }
  statements.run("DELETE FROM current WHERE collection = ?", row.id);
  for (const { dialect, role, version } of imported.current) {
    statements.run(
      `INSERT INTO current (collection, dialect, role, document)
       SELECT collection, dialect, role, id FROM documents
       WHERE collection = ? AND dialect = ? AND role = ? AND version = ?`,
      row.id,
      dialectNumber(dialect),
      role,
      version,
    );
  }
  for (const { dialect, role, version } of imported.floors ?? []) {
    statements.run(
      `INSERT INTO floors (collection, dialect, role, version) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET version = max(version, excluded.version)`,
      row.id,
      dialectNumber(dialect),
      role,
      version,
    );
  }
  for (const blob of imported.blobs ?? []) {
    statements.run(
      "INSERT OR IGNORE INTO blobs (collection, sha256, bytes) VALUES (?, ?, ?)",
      row.id,
      sha256(blob),
      blob,
    );
  }
  statements.run(
    "UPDATE collections SET generation = generation + 1, live = 1, behind = ?, renew_at = ? WHERE id = ?",
    behindBits(imported.behind),
    imported.renewAt === undefined ? null : Math.floor(imported.renewAt),
    row.id,
  );
  return addedBy(documents);
}

/** @throws storage.conflict */
export function applyImportedChanges(statements: Statements, changes: readonly Change[]): void {
  for (const change of changes) {
    const { id: collection } = collectionRow(statements, change.gun) ?? addCollection(statements, change.gun);
    const there = statements.one(
      `SELECT h.id, c.gun, h.version, h.sha256, h.deletion, h.created_at
       FROM changes h JOIN collections c ON c.id = h.collection WHERE h.id = ?`,
      change.id,
    );
    if (there !== undefined) {
      const { gun, version, sha256, category } = changeOf(there);
      if (gun === change.gun && version === change.version && sha256 === change.sha256 && category === change.category)
        continue;
      throw new CountersignError("storage.conflict", `change ${change.id} is another one here, of ${gun}`, {
        hints: ["import the changefeed before anything is published on this server"],
      });
    }
    // AUTOINCREMENT goes on above the highest id ever written, whoever chose it.
    statements.run(
      "INSERT INTO changes (id, collection, version, sha256, deletion, created_at) VALUES (?, ?, ?, unhex(?), ?, ?)",
      change.id,
      collection,
      change.version,
      change.sha256,
      change.category === "deletion" ? 1 : 0,
      Math.floor(change.createdAt),
    );
  }
}

function storedDocuments(statements: Statements, collection: number): FoundCollection["documents"] {
  const sql = "SELECT dialect, role, version, sha256 FROM documents WHERE collection = ?";
  return statements.all(sql, collection).map((row) => ({
    dialect: dialectOf(integerCell(row, "dialect")),
    role: roleOf(textCell(row, "role")),
    version: integerCell(row, "version"),
    sha256: encodeHex(bytesCell(row, "sha256")),
  }));
}

function addMissingKey(statements: Statements, collection: number, key: ServerKey): void {
  statements.run(
    `INSERT INTO server_keys (collection, role, key_id, sealed, created_at, used_at)
     SELECT ?1, ?2, ?3, ?4, ?5, ?6
     WHERE NOT EXISTS (SELECT 1 FROM server_keys WHERE collection = ?1 AND role = ?2 AND key_id = ?3)`,
    collection,
    key.role,
    key.keyId,
    key.sealed,
    Math.floor(key.createdAt),
    key.usedAt === undefined ? null : Math.floor(key.usedAt),
  );
  if (key.usedAt === undefined) return;
  // It has signed at the old server since an earlier import: it must not be given out as new here.
  statements.run(
    "UPDATE server_keys SET used_at = ? WHERE collection = ? AND role = ? AND key_id = ? AND used_at IS NULL",
    Math.floor(key.usedAt),
    collection,
    key.role,
    key.keyId,
  );
}
