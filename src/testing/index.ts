// What tests stand on: a repository in memory, a clock that tests move, directories that clean up after themselves, and contracts
// (one test body a port, run on every adapter). Only tests, interop and bench import this folder.
export { day, type FakeClock, fakeClock, hour, second, testStart } from "./fake-clock.ts";
export { InMemoryStore, MemoryCache } from "./memory-cache.ts";
export { type TemporaryDirectory, temporaryDirectory } from "./temp-dir.ts";
