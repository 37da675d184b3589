// The storage port: what the server needs kept. Adapters: sqlite/ (embedded) and postgres/, held to one contract
// (storage-contract.ts). Rules every adapter keeps: a document is immutable by (gun, dialect, role, version); a commit is
// seen whole or not at all, and when its promise resolves it survives kill -9 and power loss; a commit whose writer had
// not seen the newest state fails with storage.conflict and leaves no trace. Storage verifies nothing: the server does.
import type { Gun, RoleName } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";

/** Lower-case hex SHA-256, the name of bytes in this port. */
export type Sha256Hex = string;

export interface DocumentName {
  readonly dialect: DialectName;
  readonly role: RoleName;
}

export interface NewDocument extends DocumentName {
  readonly version: number;
  /** Final bytes: kept, hashed and served exactly as they are. */
  readonly bytes: Uint8Array;
  /** Of the bytes, when the caller has hashed them already; storage hashes them itself otherwise. */
  readonly sha256?: Sha256Hex;
}

export interface StoredDocument extends NewDocument {
  readonly sha256: Sha256Hex;
  /** Milliseconds since the Unix epoch. */
  readonly storedAt: number;
}

/** What is known of a document without its bytes. */
export type ListedDocument = Omit<StoredDocument, "bytes">;

/** Delegations of a collection with more documents than this may be left unread: hashed bins, of which one question needs one. */
export const manyDocuments = 64;

/** A collection as one commit left it: everything here was read in one transaction. */
export interface CollectionState {
  readonly gun: Gun;
  /** Grows by one with each commit and deletion, and never restarts; the optimistic lock. */
  readonly generation: number;
  /** Dialects whose documents lag behind the other's, sorted. */
  readonly behind: readonly DialectName[];
  /** The current document of each role of each dialect, in no order. */
  readonly current: readonly StoredDocument[];
  /** Those of them that were left unread, and are not in `current`: none unless asked for. */
  readonly unread: readonly ListedDocument[];
}

export interface CollectionQuery {
  /** Of a collection of many documents (`manyDocuments`) delegations are listed only. */
  readonly sparesDelegations?: boolean;
}

export interface NewChange {
  /** Version and hash of the new timestamp; for a deletion 0 and "". */
  readonly version: number;
  readonly sha256: Sha256Hex;
  readonly category: "update" | "deletion";
}

/** A row of Notary's changefeed (notary-v1, section 6.4). */
export interface Change extends NewChange {
  readonly id: number;
  readonly gun: Gun;
  readonly createdAt: number;
}

export interface Commit {
  readonly gun: Gun;
  /** `generation(gun)` as the writer read it; 0 for a name never seen. */
  readonly expectedGeneration: number;
  /** They become current, each in its role. Several versions of one role may come: ascending; the last becomes current. */
  readonly documents: readonly NewDocument[];
  /** Roles that stop being current; their documents stay readable by version and hash. */
  readonly retired: readonly DocumentName[];
  /** Versions to drop: timestamps that a renewal has replaced, or they would outgrow everything else. */
  readonly forgotten: readonly DocumentVersion[];
  /** Contents of targets, kept once per collection by SHA-256. */
  readonly blobs: readonly Uint8Array[];
  readonly behind: readonly DialectName[];
  readonly changes: readonly NewChange[];
  /** Ids of server keys that signed one of the documents. */
  readonly usedKeys: readonly string[];
  /** When the sweep should look at this collection again; milliseconds since the Unix epoch. */
  readonly renewAt: number | undefined;
  /** Time of the commit. */
  readonly at: number;
}

/** A key the server signs snapshots or timestamps with. The secret is sealed by the caller. */
export interface ServerKey {
  readonly gun: Gun;
  readonly role: "snapshot" | "timestamp";
  /** Canonical key id. */
  readonly keyId: string;
  readonly sealed: Uint8Array;
  readonly createdAt: number;
  /** undefined: has never signed a stored document. */
  readonly usedAt: number | undefined;
}

/** A token that our own server issued. What it may do is for src/access to read; storage keeps the text. */
export interface ApiToken {
  readonly id: string;
  /** SHA-256 of the secret: the secret itself is never stored. */
  readonly hash: Uint8Array;
  /** For people. */
  readonly name: string;
  /** JSON text. */
  readonly grants: string;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
}

export interface DocumentVersion extends DocumentName {
  readonly version: number;
}

/** A collection as another server kept it, for the importer. Its documents are taken as they are. */
export interface ImportedCollection {
  readonly gun: Gun;
  /** Every version. */
  readonly documents: readonly (NewDocument & { readonly storedAt: number })[];
  /** Which of them are current; a role not named here is retired. */
  readonly current: readonly DocumentVersion[];
  /** The highest versions that readers saw of roles whose newest documents are gone. */
  readonly floors?: readonly DocumentVersion[];
  readonly blobs?: readonly Uint8Array[];
  readonly behind: readonly DialectName[];
  readonly serverKeys: readonly ServerKey[];
  readonly renewAt: number | undefined;
}

/** What an import has added. */
export interface Added {
  readonly documents: number;
  readonly bytes: number;
}

export interface ChangeQuery {
  readonly gun?: Gun;
  /** Exclusive. Ascending: rows above it. Newest first: rows below it. undefined: from the first / from the last. */
  readonly after?: number;
  readonly limit: number;
  readonly newestFirst: boolean;
}

export interface Storage extends AsyncDisposable {
  /** The collection, or undefined when there is none (never published, or deleted). */
  collection(gun: Gun, query?: CollectionQuery): Promise<CollectionState | undefined>;
  /** The optimistic lock, also of a collection that was deleted; 0 for a name never seen. */
  generation(gun: Gun): Promise<number>;
  /**
   * The highest version of a role ever stored, 0 if none. Remembered over a deletion, so that the server can number the timestamps
   * of a collection made again above those that readers saw. Commits are held only against what is stored now.
   */
  highestVersion(gun: Gun, name: DocumentName): Promise<number>;
  current(gun: Gun, name: DocumentName): Promise<StoredDocument | undefined>;
  byVersion(gun: Gun, name: DocumentName, version: number): Promise<StoredDocument | undefined>;
  byHash(gun: Gun, name: DocumentName, sha256: Sha256Hex): Promise<StoredDocument | undefined>;
  /** Documents of one role with versions above `after`, ascending. */
  versionsAbove(gun: Gun, name: DocumentName, after: number): Promise<readonly StoredDocument[]>;
  blob(gun: Gun, sha256: Sha256Hex): Promise<Uint8Array | undefined>;
  /** The new generation. @throws storage.conflict, disk.full, disk.read_only, storage.corrupt, storage.unavailable */
  commit(commit: Commit): Promise<number>;
  /** Removes documents and blobs, keeps version floors and server keys, adds a deletion row. False when there was none. */
  deleteCollection(gun: Gun, at: number): Promise<boolean>;
  /** GUNs in order of their bytes, those after `after`. */
  listCollections(query: { readonly after?: string; readonly limit: number }): Promise<readonly Gun[]>;
  /** Collections whose `renewAt` is at or before `at`, most urgent first. */
  dueForRenewal(at: number, limit: number): Promise<readonly Gun[]>;
  changes(query: ChangeQuery): Promise<readonly Change[]>;
  /** Of one role, or of both, in order of creation. */
  serverKeys(gun: Gun, role?: ServerKey["role"]): Promise<readonly ServerKey[]>;
  addServerKey(key: ServerKey): Promise<void>;
  /** Replaces the sealed form of a key that is here; nothing else of it changes. False when there is none of that role and id. */
  resealServerKey(key: Pick<ServerKey, "gun" | "role" | "keyId" | "sealed">): Promise<boolean>;
  /** All of them, in order of creation; expired ones too. */
  apiTokens(): Promise<readonly ApiToken[]>;
  /** @throws storage.conflict when the id is taken */
  addApiToken(token: ApiToken): Promise<void>;
  /** False when there was none of that id. */
  removeApiToken(id: string): Promise<boolean>;
  /**
   * Takes a collection over in one transaction, with its keys. Nothing happens when all its documents are here already, so that an
   * interrupted import can run again; when only some are here the others are added, so that a first copy can be made early. Gives what
   * was added. @throws storage.conflict when the name holds a document that the import does not, or was deleted here
   */
  importCollection(imported: ImportedCollection): Promise<Added>;
  /**
   * Rows of another server's changefeed with their ids and times; later changes get higher ids. A row that is here already is
   * skipped. A row may name a collection that is gone. @throws storage.conflict when an id stands for another change here
   */
  importChanges(changes: readonly Change[]): Promise<void>;
  /**
   * Only where several processes share a database: calls back after each commit or deletion of another one, and with undefined
   * when some may have been missed (the connection broke or came back), so that cached answers are dropped.
   */
  watch?(onChange: (gun: Gun | undefined) => void): Promise<void>;
  /** Resolves when a trivial read works. @throws storage.unavailable, storage.corrupt */
  ping(): Promise<void>;
  /** Finishes queued commits, brings the write-ahead log home, releases the data directory. */
  close(): Promise<void>;
}
