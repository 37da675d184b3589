// Where the server keeps documents, target contents, its sealed keys and the changefeed. The port and its adapters; it
// verifies no signature and decides nothing about trust. Notary's tables it stands for: notary-v1, section 10.

export { type NotaryNeighbours, notaryNeighbours } from "./postgres/notary-neighbours.ts";
export { openPostgresStorage, type PostgresStorageOptions } from "./postgres/postgres-storage.ts";
export { parsePostgresUrl } from "./postgres/postgres-url.ts";
export { openPostgresSignerKeys, type PostgresSignerKeysOptions } from "./signer-keys/postgres-signer-keys.ts";
export type {
  PassphraseRecord,
  ResealedKey,
  SignerKeyAlgorithm,
  SignerKeyStore,
  StoredSignerKey,
} from "./signer-keys/signer-key-store.ts";
export { openSqliteSignerKeys, signerDatabaseFileName } from "./signer-keys/sqlite-signer-keys.ts";
export { databaseFileName, makeDataDirectory } from "./sqlite/open-database.ts";
export { openSqliteStorage, type SqliteOptions } from "./sqlite/sqlite-storage.ts";
export type {
  Added,
  ApiToken,
  Change,
  ChangeQuery,
  CollectionQuery,
  CollectionState,
  Commit,
  DocumentName,
  DocumentVersion,
  ImportedCollection,
  ListedDocument,
  NewChange,
  NewDocument,
  ServerKey,
  Sha256Hex,
  Storage,
  StoredDocument,
} from "./storage.ts";
