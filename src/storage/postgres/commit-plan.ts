// What one transaction writes for several commits: each is held against the collection it was made for, under the row's lock, and what may go in
// is laid out as columns for set-based statements. Pure, so that the rules can be read, and tested, without a database.
import { CountersignError, decodeHex, sha256 } from "../../bytes/index.ts";
import { pack } from "../packed-bytes.ts";
import { behindBits, dialectNumber } from "../rows.ts";
import type { Commit, DocumentName } from "../storage.ts";

export interface LockedCollection {
  readonly id: number;
  readonly generation: number;
}

/** What is stored about the collections of a batch, read under their locks. */
export interface Locked {
  /** By GUN. */
  readonly collections: ReadonlyMap<string, LockedCollection>;
  /** By `roleKey`; a role that is not here has no stored version. */
  readonly newest: ReadonlyMap<string, number>;
}

/** What becomes of a commit: its new generation, the conflict that stops it, or "later" where it builds on one before it in the batch. */
export type Outcome = number | CountersignError | "later";

export interface BatchRows {
  readonly outcomes: readonly Outcome[];
  readonly documents: Table<"collection" | "dialect" | "role" | "version" | "at" | "hash" | "length">;
  /** The documents' bytes, one after the other: an array of them would travel as text, twice as long. */
  readonly bytes: Uint8Array;
  readonly retired: Table<"collection" | "dialect" | "role">;
  readonly forgotten: Table<"collection" | "dialect" | "role" | "version">;
  readonly blobs: Table<"collection" | "hash" | "length">;
  readonly blobBytes: Uint8Array;
  readonly changes: Table<"collection" | "version" | "hash" | "deletion" | "at">;
  readonly usedKeys: Table<"collection" | "keyId" | "at">;
  readonly collections: Table<"collection" | "generation" | "behind" | "renewAt">;
  /** Whose collections change. */
  readonly guns: readonly string[];
}

export type Cell = string | number | boolean | null;
/** Columns of one length. Hashes are hex. */
export type Table<Column extends string> = { readonly [column in Column]: Cell[] };

export function roleKey(collection: number, { dialect, role }: DocumentName): string {
  return `${collection} ${dialectNumber(dialect)} ${role}`;
}

/** Commits in the order in which they came. */
export function planBatch(commits: readonly Commit[], locked: Locked): BatchRows {
  const rows = emptyRows();
  const documentBytes: Uint8Array[] = [];
  const blobBytes: Uint8Array[] = [];
  const taken = new Set<string>();
  const outcomes = commits.map((commit): Outcome => {
    const { gun } = commit;
    const found = locked.collections.get(gun) ?? { id: 0, generation: 0 };
    const generation = found.generation + (taken.has(gun) ? 1 : 0);
    if (commit.expectedGeneration !== generation) {
      return conflict(
        `${gun} changed meanwhile: expected generation ${commit.expectedGeneration}, found ${generation}`,
      );
    }
    if (taken.has(gun)) return "later";
    const stale = staleDocument(commit, found.id, locked.newest);
    if (stale !== undefined) return stale;
    taken.add(gun);
    addRows(rows, documentBytes, blobBytes, commit, { id: found.id, generation });
    return generation + 1;
  });
  return { ...rows, outcomes, bytes: Buffer.concat(documentBytes), blobBytes: Buffer.concat(blobBytes) };
}

function staleDocument(commit: Commit, id: number, stored: Locked["newest"]): CountersignError | undefined {
  const newest = new Map<string, number>();
  for (const document of commit.documents) {
    const key = roleKey(id, document);
    const before = newest.get(key) ?? stored.get(key) ?? 0;
    if (document.version <= before) {
      const { dialect, role, version } = document;
      return conflict(`${dialect} ${role} version ${version} is not above the stored ${before}`);
    }
    newest.set(key, document.version);
  }
  return undefined;
}

type Rows = Omit<BatchRows, "outcomes" | "bytes" | "blobBytes" | "guns"> & { readonly guns: string[] };

function addRows(
  rows: Rows,
  documentBytes: Uint8Array[],
  blobBytes: Uint8Array[],
  commit: Commit,
  { id, generation }: LockedCollection,
): void {
  const at = Math.floor(commit.at);
  for (const { dialect, role, version, bytes, sha256: known } of commit.documents) {
    const hash = known ?? hexHash(bytes);
    const packed = pack(bytes);
    const { length } = packed;
    addRow(rows.documents, { collection: id, dialect: dialectNumber(dialect), role, version, at, hash, length });
    documentBytes.push(packed);
  }
  for (const { dialect, role } of commit.retired) {
    addRow(rows.retired, { collection: id, dialect: dialectNumber(dialect), role });
  }
  for (const { dialect, role, version } of commit.forgotten) {
    addRow(rows.forgotten, { collection: id, dialect: dialectNumber(dialect), role, version });
  }
  for (const blob of commit.blobs) {
    addRow(rows.blobs, { collection: id, hash: hexHash(blob), length: blob.length });
    blobBytes.push(blob);
  }
  for (const { version, sha256: hash, category } of commit.changes) {
    decodeHex(hash);
    addRow(rows.changes, { collection: id, version, hash, deletion: category === "deletion", at });
  }
  for (const keyId of commit.usedKeys) addRow(rows.usedKeys, { collection: id, keyId, at });
  addRow(rows.collections, {
    collection: id,
    generation: generation + 1,
    behind: behindBits(commit.behind),
    renewAt: commit.renewAt === undefined ? null : Math.floor(commit.renewAt),
  });
  rows.guns.push(commit.gun);
}

function addRow<Column extends string>(table: Table<Column>, row: Readonly<Record<NoInfer<Column>, Cell>>): void {
  for (const column in table) table[column].push(row[column]);
}

function hexHash(bytes: Uint8Array): string {
  return Buffer.from(sha256(bytes)).toString("hex");
}

function emptyRows(): Rows {
  return {
    documents: { collection: [], dialect: [], role: [], version: [], at: [], hash: [], length: [] },
    retired: { collection: [], dialect: [], role: [] },
    forgotten: { collection: [], dialect: [], role: [], version: [] },
    blobs: { collection: [], hash: [], length: [] },
    changes: { collection: [], version: [], hash: [], deletion: [], at: [] },
    usedKeys: { collection: [], keyId: [], at: [] },
    collections: { collection: [], generation: [], behind: [], renewAt: [] },
    guns: [],
  };
}

function conflict(message: string): CountersignError {
  return new CountersignError("storage.conflict", message);
}
