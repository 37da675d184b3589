// The bundle: the whole chain of one collection in one dialect as one file (docs/api.md): a line of JSON that names the documents
// and their lengths, a newline, then the documents' exact bytes one after the other. It carries bytes, not trust: a bundle is
// verified by the same code as documents fetched one by one (bundle-source.ts). Decoding is strict, so that one chain has one
// spelling and nothing can hide between or behind the documents.
import {
  CountersignError,
  decodeArray,
  decodeHex,
  decodeInteger,
  decodeMember,
  decodeObject,
  decodeString,
  encodeHex,
  encodeUtf8,
  equalBytes,
  type Gun,
  isTopRole,
  type JsonPath,
  type JsonValue,
  jsonPath,
  parseGun,
  parseJson,
  parseRoleName,
  parseTuf1RoleName,
  type RoleName,
  sha256,
} from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";

export interface BundleDocument {
  readonly role: RoleName;
  readonly bytes: Uint8Array;
}

export interface Bundle {
  readonly gun: Gun;
  readonly dialect: DialectName;
  /** Roots ascending, timestamp, snapshot, targets, delegations parents first. Any may be left out that the reader holds. */
  readonly documents: readonly BundleDocument[];
}

export const bundleMediaType = "application/vnd.countersign.bundle";
export const maxBundleHeaderBytes = 1024 * 1024;
export const maxBundleDocuments = 4096;

interface Entry {
  readonly role: RoleName;
  readonly length: number;
  readonly sha256: Uint8Array;
}

/** The bytes of a bundle. @throws limit.exceeded */
export function encodeBundle(bundle: Bundle): Uint8Array {
  const entries = bundle.documents.map(({ role, bytes }) => ({
    role,
    length: bytes.length,
    sha256: encodeHex(sha256(bytes)),
  }));
  const line = { bundle: 1, gun: bundle.gun, dialect: bundle.dialect, documents: entries };
  const header = encodeUtf8(`${JSON.stringify(line)}\n`);
  if (header.length > maxBundleHeaderBytes || entries.length > maxBundleDocuments) {
    throw new CountersignError("limit.exceeded", `a bundle of ${entries.length} documents is over the limits`);
  }
  checkOrder(entries.map((entry) => entry.role));
  const total = bundle.documents.reduce((sum, document) => sum + document.bytes.length, header.length);
  const bytes = new Uint8Array(total);
  bytes.set(header);
  let offset = header.length;
  for (const document of bundle.documents) {
    bytes.set(document.bytes, offset);
    offset += document.bytes.length;
  }
  return bytes;
}

/**
 * Takes a bundle apart; the documents are views into `bytes`. Form only: nothing in it is trusted yet.
 * @throws bundle.invalid, limit.exceeded, json.*, metadata.invalid, metadata.hash_mismatch, gun.invalid, role.invalid
 */
export function decodeBundle(bytes: Uint8Array): Bundle {
  const newline = bytes.subarray(0, maxBundleHeaderBytes).indexOf(0x0a);
  if (newline < 0) throw invalid("its first line is missing or too long");
  const header = decodeHeader(parseJson(bytes.subarray(0, newline), { maxBytes: maxBundleHeaderBytes, maxDepth: 4 }));
  checkOrder(header.entries.map((entry) => entry.role));
  const documents: BundleDocument[] = [];
  let offset = newline + 1;
  for (const entry of header.entries) {
    const body = bytes.subarray(offset, offset + entry.length);
    if (body.length !== entry.length) {
      throw invalid(`${entry.role} should have ${entry.length} bytes and has ${body.length}: the file is cut short`);
    }
    if (!equalBytes(sha256(body), entry.sha256)) {
      throw new CountersignError(
        "metadata.hash_mismatch",
        `bundle: ${entry.role} does not match the hash in the header`,
      );
    }
    documents.push({ role: entry.role, bytes: body });
    offset += entry.length;
  }
  if (offset !== bytes.length) throw invalid(`${bytes.length - offset} bytes follow the last document`);
  return { gun: header.gun, dialect: header.dialect, documents };
}

function decodeHeader(value: JsonValue): { gun: Gun; dialect: DialectName; entries: readonly Entry[] } {
  const path = jsonPath("bundle");
  const object = decodeObject(value, path);
  onlyMembers(object, ["bundle", "gun", "dialect", "documents"]);
  const format = decodeMember(object, "bundle", decodeInteger(), path);
  if (format !== 1) throw invalid(`its format is ${format}; this version reads 1`);
  const dialect = decodeMember(object, "dialect", decodeString, path);
  if (dialect !== "notary1" && dialect !== "tuf1")
    throw invalid(`unknown dialect ${JSON.stringify(dialect.slice(0, 40))}`);
  return {
    gun: parseGun(decodeMember(object, "gun", decodeString, path)),
    dialect,
    entries: decodeMember(object, "documents", decodeArray(decodeEntry, maxBundleDocuments), path),
  };
}

function decodeEntry(value: JsonValue, path: JsonPath): Entry {
  const object = decodeObject(value, path);
  onlyMembers(object, ["role", "length", "sha256"]);
  const hex = decodeMember(object, "sha256", decodeString, path);
  if (!/^[0-9a-f]{64}$/.test(hex)) throw invalid("a sha256 is not 64 lower-case hex digits");
  return {
    role: parseBundleRole(decodeMember(object, "role", decodeString, path)),
    length: decodeMember(object, "length", decodeInteger(0), path),
    sha256: decodeHex(hex),
  };
}

// The model's spelling in both dialects; a foreign TUF 1.0 repository may name delegations as it likes.
function parseBundleRole(text: string): RoleName {
  return isTopRole(text) ? parseRoleName(text) : parseTuf1RoleName(text);
}

function onlyMembers(object: object, known: readonly string[]): void {
  const unknown = Object.keys(object).find((name) => !known.includes(name));
  if (unknown !== undefined) throw invalid(`unknown member ${JSON.stringify(unknown.slice(0, 40))} in the header`);
}

const rank: ReadonlyMap<string, number> = new Map([
  ["root", 0],
  ["timestamp", 1],
  ["snapshot", 2],
  ["targets", 3],
]);

// Order is part of the format: a reader takes the documents as they come, and a role can be there once only (but for root).
function checkOrder(roles: readonly RoleName[]): void {
  const seen = new Set<RoleName>();
  let last = 0;
  for (const role of roles) {
    const at = rank.get(role) ?? 4;
    if (at < last) throw invalid(`${role} is out of order`);
    if (role !== "root" && seen.has(role)) throw invalid(`${role} is there twice`);
    seen.add(role);
    last = at;
  }
}

function invalid(reason: string): CountersignError {
  return new CountersignError("bundle.invalid", `not a bundle we can read: ${reason}`, {
    hints: ["save it again with: countersign bundle"],
  });
}
