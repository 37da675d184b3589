// The reader's door: brings a collection's trusted set up to date and answers what is in it. Pure: where documents come from, where
// they are kept and what time it is are passed in. It refuses an unpinned collection unless told otherwise, and never caches or
// returns anything unverified. TUF specification 1.0.34 section 5; notary-v1, section 9.
export { type Bundle, type BundleDocument, bundleMediaType, decodeBundle, encodeBundle } from "./bundle.ts";
export { bundleSource } from "./bundle-source.ts";
export type {
  Collection,
  DocumentFacts,
  FoundTarget,
  Freshness,
  RoleReport,
  TrustedDocuments,
} from "./collection.ts";
export { type KeySince, readDelegationHistory, type SinceLookup } from "./delegation-history.ts";
export { defaultLimits, type Limits, notary1Limits, tuf1Limits } from "./limits.ts";
export type { MemoryStore } from "./memory.ts";
export { openCollection } from "./open-collection.ts";
export type { OpenOptions } from "./open-options.ts";
export { type Anchor, type AuthorityPin, formatPin, type KeyPin, type Pin, parsePin } from "./pins.ts";
export type { FetchOptions, MetadataCache, MetadataSource, Wanted } from "./ports.ts";
export { noCache, type VerifyBundleOptions, verifyBundle } from "./verify-bundle.ts";
export { wholeBundle } from "./whole-bundle.ts";
