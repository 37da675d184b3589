// The documents of one collection out of the rows of tuf_files, each looked at once: its bytes hashed, its kind and version held against
// the row. Small collections stay in memory after that; of large ones every document is read again when it is needed, so that memory
// does not grow with what somebody stored in ten years.
import {
  CountersignError,
  decodeInteger,
  decodeMember,
  decodeString,
  encodeHex,
  isCountersignError,
  jsonPath,
  parseRoleName,
  parseSignedJson,
  type RoleName,
  sha256,
} from "../bytes/index.ts";
import type { Sha256Hex } from "../storage/index.ts";
import type { NotaryServerSource, TufRow } from "./notary-source.ts";
import type { Finding } from "./report.ts";

/** A collection below this is held whole. */
export const heldBytes = 32 * 1024 * 1024;
/** Rows are read in lots of about this size. */
const lotBytes = 8 * 1024 * 1024;
const lotRows = 500;

export interface SourceDocument {
  readonly row: TufRow;
  readonly role: RoleName;
  readonly version: number;
  /** Of the bytes, whatever the row says. */
  readonly sha256: Sha256Hex;
  /** The row says another one: Notary never found it by its hash. */
  readonly hashIsWrong: boolean;
}

export interface SourceDocuments {
  readonly documents: readonly SourceDocument[];
  /** Per role the highest version of any row, also of those left out. */
  readonly floors: ReadonlyMap<RoleName, number>;
  readonly findings: readonly Finding[];
  /** Exact bytes. @throws migrate.source_invalid when the row has gone or changed, storage.unavailable */
  read(document: SourceDocument): Promise<Uint8Array>;
}

/** @throws storage.unavailable, migrate.source_invalid */
export async function readDocuments(
  source: NotaryServerSource,
  gun: string,
  rows: readonly TufRow[],
): Promise<SourceDocuments> {
  const held = new Map<number, Uint8Array>();
  const holdsAll = rows.reduce((sum, row) => sum + row.bytes, 0) <= heldBytes;
  const documents: SourceDocument[] = [];
  const findings: Finding[] = [];
  const floors = new Map<RoleName, number>();
  const isUsable = (row: TufRow): boolean => {
    const role = roleOf(row);
    if (role !== undefined) floors.set(role, Math.max(floors.get(role) ?? 0, row.version));
    const fault = role === undefined ? roleFault(gun, row) : row.isDeleted ? deletedFault(gun, row) : undefined;
    if (fault !== undefined) findings.push(fault);
    return fault === undefined;
  };
  for (const lot of lotsOf(rows.filter(isUsable))) {
    const data = await source.data(lot.map((row) => row.id));
    for (const row of lot) {
      const bytes = data.get(row.id);
      const role = roleOf(row);
      if (bytes === undefined || role === undefined) throw vanished(gun, row);
      const hash = encodeHex(sha256(bytes));
      const hashIsWrong = row.sha256 !== undefined && row.sha256 !== hash;
      const fault = contentFault(row, bytes, hashIsWrong);
      if (fault !== undefined) {
        findings.push({ ...placeOf(gun, row), severity: "left_out", ...fault });
        continue;
      }
      documents.push({ row, role, version: row.version, sha256: hash, hashIsWrong });
      if (holdsAll) held.set(row.id, bytes);
    }
  }
  return {
    documents,
    floors,
    findings,
    async read(document) {
      const known = held.get(document.row.id);
      if (known !== undefined) return known;
      const bytes = (await source.data([document.row.id])).get(document.row.id);
      if (bytes === undefined || encodeHex(sha256(bytes)) !== document.sha256) throw vanished(gun, document.row);
      return bytes;
    },
  };
}

function* lotsOf(rows: readonly TufRow[]): Generator<readonly TufRow[]> {
  let lot: TufRow[] = [];
  let size = 0;
  for (const row of rows) {
    if (lot.length > 0 && (size + row.bytes > lotBytes || lot.length >= lotRows)) {
      yield lot;
      lot = [];
      size = 0;
    }
    lot.push(row);
    size += row.bytes;
  }
  if (lot.length > 0) yield lot;
}

function roleOf(row: TufRow): RoleName | undefined {
  try {
    return parseRoleName(row.role);
  } catch (error) {
    if (isCountersignError(error, "role.invalid")) return undefined;
    throw error;
  }
}

function roleFault(gun: string, row: TufRow): Finding {
  return {
    ...placeOf(gun, row),
    severity: "left_out",
    code: "row.role",
    message: "no TUF role has such a name",
    consequence: "Notary's own routes cannot serve it either",
  };
}

function deletedFault(gun: string, row: TufRow): Finding {
  return {
    ...placeOf(gun, row),
    severity: "left_out",
    code: "row.deleted",
    message: "the row is marked as deleted",
    consequence: "Notary does not serve it either; its version is remembered, so that it is not given out again",
  };
}

const types: ReadonlyMap<string, string> = new Map([
  ["root", "root"],
  ["snapshot", "snapshot"],
  ["timestamp", "timestamp"],
]);

/** What makes the bytes no document of this row; undefined when they are one. Signatures are looked at later. */
function contentFault(
  row: TufRow,
  bytes: Uint8Array,
  hashIsWrong: boolean,
): Pick<Finding, "code" | "message" | "consequence"> | undefined {
  const damaged = hashIsWrong ? "; its sha256 does not match its data either" : "";
  try {
    const { signed } = parseSignedJson(bytes, { numbers: "integral" });
    const at = jsonPath("signed");
    const version = decodeMember(signed, "version", decodeInteger(1), at);
    const type = decodeMember(signed, "_type", decodeString, at);
    if (type.toLowerCase() !== (types.get(row.role) ?? "targets")) {
      return {
        code: "row.unreadable",
        message: `the row holds a document of type ${JSON.stringify(type.slice(0, 40))}`,
      };
    }
    if (version !== row.version) {
      return { code: "row.version", message: `the row holds version ${version} of the document${damaged}` };
    }
    return undefined;
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return { code: "row.unreadable", message: `the row holds no signed document: ${error.message}${damaged}` };
  }
}

function placeOf(gun: string, row: TufRow): Pick<Finding, "gun" | "role" | "version"> {
  return { gun, role: row.role, version: row.version };
}

function vanished(gun: string, row: TufRow): CountersignError {
  return new CountersignError(
    "migrate.source_invalid",
    `row ${row.id} of tuf_files (${gun} ${row.role} version ${row.version}) changed while it was read`,
    { hints: ["run it again; the old database must only be written to by Notary itself"] },
  );
}
