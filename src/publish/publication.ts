// The set of documents one publish uploads, in the order of docs/api.md: one transaction for both dialects. Its bytes are final;
// nothing after this re-serialises them.
import type { Gun } from "../bytes/index.ts";
import type { DialectName, Document } from "../tuf/index.ts";

/** A blob is an image manifest or a small file; the server takes no larger one (docs/api.md). */
export const maxBlobBytes = 4 * 1024 * 1024;

export interface Publication {
  readonly gun: Gun;
  /** New documents only: per dialect root (versions ascending), targets, then delegations, parents first. */
  readonly documents: readonly Document[];
  /** Contents of targets, by lower-case hex SHA-256; served to generic TUF clients. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
}

/** One part of the upload: `notary1/root`, `tuf1/targets/releases`, `blob/<sha256 hex>`. */
export interface PublicationPart {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The parts in upload order: tuf1 and notary1 documents, parents before children, then blobs. */
export function publicationParts(publication: Publication): readonly PublicationPart[] {
  const documents = publication.documents.map((document) => ({
    name: `${document.dialect}/${document.role}`,
    bytes: document.bytes,
  }));
  const blobs = [...publication.blobs].map(([digest, bytes]) => ({ name: `blob/${digest}`, bytes }));
  return [...documents, ...blobs];
}

/** The new documents of one dialect, in order. */
export function documentsOf(publication: Publication, dialect: DialectName): readonly Document[] {
  return publication.documents.filter((document) => document.dialect === dialect);
}
