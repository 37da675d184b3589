// The way home for collections of any Notary v1 server, also one that is about to be switched off: read, verified with the verifier's own
// code, kept as evidence that verifies offline (docs/import.md), and carried on here with the keys or started anew without them. It
// believes nothing that no pin vouches for unless told, and writes nothing to the source. notary-v1, sections 5, 6, 8, 9 and 14.
export { type Archive, openArchive } from "./archive.ts";
export { cachedCollection, cachedNames } from "./cached-source.ts";
export { type CheckedCollection, checkArchive } from "./check-archive.ts";
export type { CollectionDestination, CollectionImport, CollectionSource } from "./import-collection.ts";
export { importMany, type ManyImports } from "./import-many.ts";
export { type NamedCollection, parseNameList, parseServerAndName, registryCatalogue } from "./name-list.ts";
export { type Patience, withPatience } from "./patience.ts";
export type { AnchorKind, Destination, EvidenceRecord } from "./record.ts";
export {
  type CollectionOutcome,
  countOutcomes,
  type EvidenceFacts,
  type ImportReport,
  type OutcomeKind,
  type Progress,
  worstOutcome,
} from "./report.ts";
