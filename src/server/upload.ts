// What a publisher sends, taken apart by name and nothing more: documents by dialect and role, and target contents by hash.
// Names are docs/api.md's (`notary1/root`, `tuf1/targets/releases`, `blob/<hex>`, `history/root`) or, on Notary's route, bare roles (6.2).
import {
  CountersignError,
  encodeHex,
  isCountersignError,
  isTopRole,
  parseRoleName,
  parseTuf1RoleName,
  type RoleName,
  sha256,
} from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { freeBytes, requireBounded, requireSparse } from "./document-bounds.ts";
import type { UploadPart } from "./multipart.ts";

export interface UploadedDocument {
  readonly dialect: DialectName;
  readonly role: RoleName;
  readonly bytes: Uint8Array;
}

export interface Upload {
  readonly documents: readonly UploadedDocument[];
  readonly blobs: readonly Uint8Array[];
  /** notary1, for a collection that comes from another server: all of its roots, and what was current there. */
  readonly history: readonly UploadedDocument[];
}

export const maxBlobBytes = 4 * 1024 * 1024;

/** The parts of `POST T/publish`. @throws request.invalid, request.too_large, role.invalid */
export function parseUpload(parts: readonly UploadPart[]): Upload {
  const documents: UploadedDocument[] = [];
  const blobs: Uint8Array[] = [];
  const history: UploadedDocument[] = [];
  for (const { filename, bytes } of parts) {
    const slash = filename.indexOf("/");
    const kind = filename.slice(0, Math.max(0, slash));
    const rest = filename.slice(slash + 1);
    if (kind === "blob") blobs.push(checkedBlob(rest, bytes));
    else if (kind === "history") history.push(sparse({ dialect: "notary1", role: parseRoleName(rest), bytes }));
    else if (kind === "notary1") documents.push(bounded({ dialect: kind, role: parseRoleName(rest), bytes }));
    else if (kind === "tuf1") documents.push(bounded({ dialect: kind, role: tuf1Role(rest), bytes }));
    else throw new CountersignError("request.invalid", `unknown part ${JSON.stringify(filename.slice(0, 80))}`);
  }
  if (documents.length === 0) throw new CountersignError("request.invalid", "no document in the upload");
  refuseDoubles(documents);
  refuseDoubles(history);
  if (history.length > 0 && !documents.some(({ dialect }) => dialect === "notary1")) {
    // Without a root that names this server's keys nobody could keep it fresh.
    throw new CountersignError("request.invalid", "a history comes with the notary1 root that carries it on");
  }
  return { documents, blobs, history };
}

export type NotaryUpload =
  | { readonly kind: "upload"; readonly upload: Upload }
  | { readonly kind: "noFilename" | "malformedJson" }
  | { readonly kind: "invalidRole"; readonly name: string };

/**
 * The parts of Notary's `POST T/tuf/`: the file name, less `.json`, is the role. A timestamp is looked at and dropped (section 7).
 * @throws request.too_large
 */
export function parseNotaryUpload(parts: readonly UploadPart[]): NotaryUpload {
  const documents = new Map<RoleName, UploadedDocument>();
  for (const [index, { filename, bytes }] of parts.entries()) {
    const name = filename.replace(/\.json$/, "");
    if (name === "") return { kind: "noFilename" };
    const role = roleOrUndefined(name);
    // notary-server reads part after part, so a text that is no JSON is told before what comes behind it.
    if (role === undefined) {
      const before = parts.slice(0, index).map((part) => part.bytes);
      return areJsonDocuments(before) ? { kind: "invalidRole", name } : { kind: "malformedJson" };
    }
    const document = bounded({ dialect: "notary1", role, bytes });
    if (role !== "timestamp") documents.set(role, document);
    else if (!areJsonDocuments([bytes])) return { kind: "malformedJson" };
  }
  return { kind: "upload", upload: { documents: [...documents.values()], blobs: [], history: [] } };
}

/** Objects, or the null that Go takes for an empty one. Only the words of a refusal hang on it, so long texts are not read for it. */
export function areJsonDocuments(texts: readonly Uint8Array[]): boolean {
  const bytes = texts.reduce((sum, { length }) => sum + length, 0);
  return bytes > freeBytes || texts.every(isJsonDocument);
}

function isJsonDocument(bytes: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString());
    return typeof value === "object" && !Array.isArray(value);
  } catch {
    return false;
  }
}

function roleOrUndefined(name: string): RoleName | undefined {
  try {
    return parseRoleName(name);
  } catch (error) {
    if (isCountersignError(error, "role.invalid")) return undefined;
    throw error;
  }
}

function bounded(document: UploadedDocument): UploadedDocument {
  requireBounded(document.role, document.bytes);
  return document;
}

/** A history's keys come along with it, so whoever may begin a collection could have anything read. @throws request.too_large */
function sparse(document: UploadedDocument): UploadedDocument {
  const { role, bytes } = bounded(document);
  requireSparse(role, bytes);
  return document;
}

function tuf1Role(text: string): RoleName {
  return isTopRole(text) ? parseRoleName(text) : parseTuf1RoleName(text);
}

function checkedBlob(name: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length > maxBlobBytes) {
    throw new CountersignError("request.too_large", `blob ${name.slice(0, 64)} is over ${maxBlobBytes} bytes`);
  }
  if (encodeHex(sha256(bytes)) !== name) {
    throw new CountersignError(
      "request.invalid",
      `blob ${JSON.stringify(name.slice(0, 64))} is not named by its SHA-256`,
    );
  }
  return bytes;
}

/** Only roots may come in several versions: twice any other role, one of the two would silently win. */
function refuseDoubles(documents: readonly UploadedDocument[]): void {
  const seen = new Set<string>();
  for (const { dialect, role } of documents) {
    const name = `${dialect}/${role}`;
    if (seen.has(name) && role !== "root") throw new CountersignError("request.invalid", `${name} comes twice`);
    seen.add(name);
  }
}
