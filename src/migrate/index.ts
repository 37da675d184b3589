// The way in for operators of Notary: an existing notary-server and notary-signer database, read in one moment, verified with the
// verifier's own code and brought over byte for byte, with keys and change feed. It writes to no Notary database, and leaves nothing out
// without saying so. notary-v1, sections 7.1 and 10; the states it may meet: section 14.
export { type DatabaseAddress, describeAddress, parseDatabaseAddress } from "./database-url.ts";
export { intoSignerKeys, keptBySigner, nowhere, sealedUnder } from "./key-destinations.ts";
export { type MigrationOptions, migrateNotary } from "./migrate-notary.ts";
export type { KeyRow, NotaryServerSource, NotarySignerSource } from "./notary-source.ts";
export { openServerTables, openSignerTables } from "./notary-tables.ts";
export { openPrivateKey } from "./private-keys.ts";
export { type Finding, type MigrationReport, outcomeOf, type Progress, type Severity } from "./report.ts";
export type { KeyDestination } from "./server-keys.ts";
