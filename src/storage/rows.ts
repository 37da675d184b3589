// Rows of either database as values of the port. A cell of the wrong type means somebody else wrote the tables: storage.corrupt.
import type { Gun, RoleName } from "../bytes/index.ts";
import { CountersignError, encodeHex, isTopRole, parseGun, parseRoleName, parseTuf1RoleName } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import {
  type ApiToken,
  type Change,
  type CollectionQuery,
  type CollectionState,
  type ListedDocument,
  manyDocuments,
  type ServerKey,
  type StoredDocument,
} from "./storage.ts";

export type Row = Readonly<Record<string, unknown>>;

export function integerCell(row: Row, name: string): number {
  const value = row[name];
  if (typeof value !== "number") throw badCell(name);
  return value;
}

export function optionalIntegerCell(row: Row, name: string): number | undefined {
  return row[name] === null ? undefined : integerCell(row, name);
}

export function textCell(row: Row, name: string): string {
  const value = row[name];
  if (typeof value !== "string") throw badCell(name);
  return value;
}

export function bytesCell(row: Row, name: string): Uint8Array {
  const value = row[name];
  if (!(value instanceof Uint8Array)) throw badCell(name);
  return value;
}

export function gunCell(row: Row): Gun {
  return parseGun(textCell(row, "gun"));
}

export function roleOf(text: string): RoleName {
  return isTopRole(text) ? parseRoleName(text) : parseTuf1RoleName(text);
}

export function dialectNumber(dialect: DialectName): number {
  return dialect === "notary1" ? 0 : 1;
}

export function dialectOf(number: number): DialectName {
  return number === 0 ? "notary1" : "tuf1";
}

/** A bit each: 1 notary1, 2 tuf1. */
export function behindBits(behind: readonly DialectName[]): number {
  return behind.reduce((bits, dialect) => bits | (1 << dialectNumber(dialect)), 0);
}

export function behindOf(bits: number): readonly DialectName[] {
  return (["notary1", "tuf1"] as const).filter((dialect) => (bits & (1 << dialectNumber(dialect))) !== 0);
}

export function documentOf(row: Row): StoredDocument {
  return { ...listedDocumentOf(row), bytes: bytesCell(row, "bytes") };
}

function listedDocumentOf(row: Row): ListedDocument {
  return {
    dialect: dialectOf(integerCell(row, "dialect")),
    role: roleOf(textCell(row, "role")),
    version: integerCell(row, "version"),
    storedAt: integerCell(row, "stored_at"),
    sha256: encodeHex(bytesCell(row, "sha256")),
  };
}

/** Up to how many documents all of a collection are read. */
export function readsAllUpTo({ sparesDelegations = false }: CollectionQuery): number {
  return sparesDelegations ? manyDocuments : 2 ** 31 - 1;
}

/** Rows of current documents; those without bytes were left unread. */
export function currentDocuments(
  rows: readonly Row[],
  toDocument: (row: Row) => StoredDocument,
): Pick<CollectionState, "current" | "unread"> {
  const isRead = (row: Row): boolean => row.bytes !== null;
  return {
    current: rows.filter(isRead).map(toDocument),
    unread: rows.filter((row) => !isRead(row)).map(listedDocumentOf),
  };
}

export function changeOf(row: Row): Change {
  return {
    id: integerCell(row, "id"),
    gun: gunCell(row),
    version: integerCell(row, "version"),
    sha256: encodeHex(bytesCell(row, "sha256")),
    category: integerCell(row, "deletion") === 0 ? "update" : "deletion",
    createdAt: integerCell(row, "created_at"),
  };
}

export function serverKeyOf(row: Row, gun: Gun): ServerKey {
  return {
    gun,
    role: textCell(row, "role") === "snapshot" ? "snapshot" : "timestamp",
    keyId: textCell(row, "key_id"),
    sealed: bytesCell(row, "sealed"),
    createdAt: integerCell(row, "created_at"),
    usedAt: optionalIntegerCell(row, "used_at"),
  };
}

export function apiTokenOf(row: Row): ApiToken {
  return {
    id: textCell(row, "id"),
    hash: bytesCell(row, "hash"),
    name: textCell(row, "name"),
    grants: textCell(row, "grants"),
    createdAt: integerCell(row, "created_at"),
    expiresAt: optionalIntegerCell(row, "expires_at"),
  };
}

function badCell(name: string): CountersignError {
  return new CountersignError("storage.corrupt", `the database holds a value of the wrong type in column ${name}`);
}
