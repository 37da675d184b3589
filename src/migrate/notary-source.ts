// A Notary deployment as the migration reads it: what notary-server and notary-signer keep (notary-v1, section 10). Rows come as they
// are, wrong ones too: judging them is not for the source. Documents come by number, so that nobody has to hold all of them.
// Adapters: notary-tables.ts over SQL; a list in memory in the tests.

export interface SourceCollection {
  /** As stored; not necessarily a name we would allow. */
  readonly gun: string;
  readonly rows: number;
  /** Of all its rows' data. */
  readonly bytes: number;
}

/** A row of tuf_files without its data. */
export interface TufRow {
  readonly id: number;
  readonly role: string;
  readonly version: number;
  /** As the column says, in lower case; undefined for NULL (rows from before Notary had the column). */
  readonly sha256: string | undefined;
  readonly bytes: number;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number | undefined;
  /** `deleted_at` is set: Notary no longer serves it. */
  readonly isDeleted: boolean;
}

/** A row of changefeed. */
export interface FeedRow {
  readonly id: number;
  readonly gun: string;
  readonly version: number;
  /** "" where Notary has none. */
  readonly sha256: string;
  readonly category: string;
  readonly createdAt: number | undefined;
}

/** A row of private_keys without the key. */
export interface KeyRow {
  readonly id: number;
  readonly keyId: string;
  readonly gun: string;
  readonly role: string;
  readonly algorithm: string;
  readonly passphraseAlias: string;
  readonly createdAt: number | undefined;
  /** undefined: never signed. */
  readonly lastUsed: number | undefined;
  readonly isDeleted: boolean;
}

export interface KeyMaterial {
  readonly public: Uint8Array;
  /** A compact JWE. */
  readonly private: string;
}

export interface NotaryServerSource extends AsyncDisposable {
  readonly description: string;
  /** In no order. */
  collections(): Promise<readonly SourceCollection[]>;
  rows(gun: string): Promise<readonly TufRow[]>;
  data(ids: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>>;
  countChanges(): Promise<number>;
  /** Ascending ids above `after`. */
  changes(after: number, limit: number): Promise<readonly FeedRow[]>;
}

export interface NotarySignerSource extends AsyncDisposable {
  readonly description: string;
  keys(): Promise<readonly KeyRow[]>;
  material(ids: readonly number[]): Promise<ReadonlyMap<number, KeyMaterial>>;
}
