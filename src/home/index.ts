// The user's directory: pins, settings, the cache of trusted documents, what a reader remembers, unfinished publishes.
// It is the only folder that knows file names below ~/.config/countersign and its siblings; COUNTERSIGN_HOME moves all of it to
// one place. It makes no trust decision: what it hands out from the cache is checked again by the updater.
export {
  type ChangeList,
  openChangeList,
  type StagedAction,
  type StagedEntry,
  type StagedFile,
  type StagedKind,
} from "./change-list.ts";
export { encodeFileName } from "./file-names.ts";
export {
  createFile,
  diskError,
  putFile,
  readSmallFile,
  removeFile,
  replaceFile,
  syncDirectory,
  systemCode,
} from "./files.ts";
export { type Home, openHome } from "./home.ts";
export { type Environment, type HomeLocations, locateHome } from "./location.ts";
export { type LockOptions, withLock } from "./lock.ts";
export { type DiskCache, openMetadataCache } from "./metadata-cache.ts";
export { parseNamePattern } from "./name-patterns.ts";
export { type NotaryDirectory, openNotaryTrustDirectory } from "./notary-directory.ts";
export { type NotaryPinning, notaryPinning } from "./notary-pinning.ts";
export { openPinStore, type PinEntry, type PinStore, parsePinText, readAuthorities } from "./pins.ts";
export { openReaderMemory } from "./reader-memory.ts";
export { readSettings, type ServerSetting, type Settings, serverFor } from "./settings.ts";
export { openUnfinishedWork, type UnfinishedWork } from "./unfinished.ts";
