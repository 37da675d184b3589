// What tests stand on: a repository in memory, a clock that tests move, directories that clean up after themselves, and contracts
// (one test body a port, run on every adapter). Only tests, interop and bench import this folder.
export { makeCertificate, type TestCertificate, type TestCertificateOptions } from "./certificate-maker.ts";
export { type CacheUnderTest, metadataCacheContract } from "./contracts/metadata-cache.ts";
export { metadataSourceContract, type ServedDocuments, type SourceUnderTest } from "./contracts/metadata-source.ts";
export { day, type FakeClock, fakeClock, hour, second, testStart } from "./fake-clock.ts";
export { type LoopbackHandler, type LoopbackServer, loopbackServer } from "./loopback-server.ts";
export { InMemoryStore, MemoryCache } from "./memory-cache.ts";
export { bothDialects, inBothDialects, rejectsWith, SimulatedReader } from "./simulated-reader.ts";
export {
  type Lie,
  type Request,
  SimulatedSource,
  type StoredDocument,
  type StoredDocuments,
} from "./simulated-source.ts";
export {
  type MutableJson,
  type SimulatedDelegation,
  type SimulatedRole,
  Simulator,
  type SimulatorOptions,
  sampleTarget,
} from "./simulator.ts";
export { type TemporaryDirectory, temporaryDirectory } from "./temp-dir.ts";
export { makeToken, newEcKey, publicJwk, type TokenParts } from "./token-maker.ts";
export { jsonBytes, repositoryOf, TufReader } from "./tuf-reader.ts";
export { dateAfter, type LooseJson, type TreeLie, TufTree } from "./tuf-tree.ts";
