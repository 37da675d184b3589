// The Update Framework without JSON and without I/O: roles, thresholds, expiry, delegations, and the trusted set that takes
// a reader from a trusted root to trusted targets. It fetches nothing, reads no clock and knows no wire format: bytes, the
// time and the dialect are passed in. TUF specification 1.0.34 sections 4 and 5; Notary v1 as in TUF 0.9.
export { countRootSigners, type RootJudgement, requireRootSigners } from "./authority.ts";
export {
  allDelegations,
  allowsTarget,
  countDelegations,
  delegationsFor,
  findDelegation,
  restrictPrefixes,
} from "./delegations.ts";
export type { Dialect, RootKeyUse } from "./dialect.ts";
export { isExpired, requireFresh } from "./expiry.ts";
export { matchesHashes, requireEntry } from "./meta-entry.ts";
export type {
  DelegatedPaths,
  DelegatedRole,
  Delegations,
  DialectName,
  Document,
  Expiry,
  Key,
  MetaEntry,
  RoleKeys,
  Root,
  Signature,
  Signed,
  Snapshot,
  SuccinctRoles,
  Target,
  Targets,
  Timestamp,
} from "./model.ts";
export { matchesPattern } from "./path-pattern.ts";
export { type SigningKey, signDocument } from "./sign-document.ts";
export {
  type ListedTarget,
  listTargets,
  type RoleVisit,
  type SearchOptions,
  type SearchResult,
  searchTarget,
  type VisitAnswer,
  type WalkedRole,
  walkRoles,
} from "./target-search.ts";
export { type CountOptions, countSigners, maxSignatures, requireThreshold, type SignerCount } from "./threshold.ts";
export { TrustedSet, type TrustedSetOptions } from "./trusted-set.ts";
