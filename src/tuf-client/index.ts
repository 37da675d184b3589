// A client for any TUF 1.0 repository, whoever wrote it: the whole workflow of specification 1.0.34, section 5. It trusts a root that it
// is given, never one that it finds; what does not verify is neither used nor stored. Not for collections that people name (pins, tags,
// notary1): those are read by updater/.
//
//   using transport = openWebTransport({ bases: [metadataUrl, targetsUrl] });
//   const repository = openTufRepository({ metadataUrl, targetsUrl, store: openDirectoryStore(dir), transport, clock: Date.now });
//   const { file } = await repository.download("dist/app.tar", "downloads");
export { openDirectoryStore } from "./directory-store.ts";
export type { DownloadedTarget } from "./download.ts";
export { fileNameOf } from "./file-names.ts";
export { defaultTufLimits, type TufLimits } from "./limits.ts";
export { maxTufMapBytes, parseTufMap, type TufMap, type TufMapping } from "./map-file.ts";
export { lookupInMap, type MappedTarget } from "./mapped-lookup.ts";
export { openMemoryStore } from "./memory-store.ts";
export { type MirrorOptions, type MirrorReport, mirrorRepository } from "./mirror.ts";
export type { TufAnswer, TufRequest, TufStore, TufTransport } from "./ports.ts";
export { openTufRepository, type TufRepository, type TufVersions } from "./repository.ts";
export { trustRoot } from "./root-chain.ts";
export type { TufRepositoryOptions } from "./session.ts";
export type { TufTarget } from "./target.ts";
export { openWebTransport, type WebTransport, type WebTransportOptions } from "./web-transport.ts";
