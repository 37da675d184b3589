// Publishing: a change to a collection becomes the next documents of both dialects, and preflight proves with the readers' own
// code that nobody is locked out. Pure but for the signers and the time it is given: no files, no network.
// TUF specification 1.0.34 section 6.3; Notary v1 sections 7, 9.5 and 14.
export {
  type BinLayout,
  binFor,
  binNames,
  hasSameBins,
  isBin,
  layoutOf,
  maxBitLength,
  requireLayout,
  type SetBins,
} from "./bins.ts";
export type {
  AddTarget,
  Change,
  PurgeKeys,
  RemoveDelegation,
  RemoveTarget,
  RenewRole,
  SetDelegation,
  SetTopKeys,
  TopKey,
} from "./change.ts";
export type { Levelled, Touch } from "./collection-draft.ts";
export type { CollectionState, DialectState, LapsedRole } from "./collection-state.ts";
export { type Provenance, provenanceOf, withProvenance } from "./custom.ts";
export { type Finding, type FindingCode, isBricking, refuseLockOut, type Severity } from "./findings.ts";
export { type InitialCollection, rootCertificate } from "./initial.ts";
export { type KeyRing, keyRingOf } from "./key-ring.ts";
export { isLaidOut } from "./lay-out-files.ts";
export { defaultLifetimes, type Lifetimes, lifetimeDays, maxLifetimeDays } from "./lifetimes.ts";
export { mustServe, type Reader, readers } from "./must-serve.ts";
export type { Plan, PlannedDocument } from "./plan.ts";
export { assertPublishable, preflightPublication } from "./preflight-readers.ts";
export {
  type ChangeOptions,
  type CheckedChange,
  checkChange,
  type Prepared,
  prepareChange,
  prepareInitial,
} from "./prepare.ts";
export {
  documentsOf,
  maxBlobBytes,
  type Publication,
  type PublicationPart,
  publicationParts,
} from "./publication.ts";
export { type NextSnapshot, type NextTimestamp, nextSnapshot, nextTimestamp } from "./server-roles.ts";
