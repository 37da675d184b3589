// What the updater remembers of a collection (highest versions, whichever dialect showed them): one small file a collection, kept apart
// from the cache because deleting the cache is harmless and deleting this reopens the door to rollbacks.
import { join } from "node:path";
import type { Gun } from "../bytes/index.ts";
import type { MemoryStore } from "../updater/index.ts";
import { encodeFileName } from "./file-names.ts";
import { readSmallFile, replaceFile } from "./files.ts";

const maxMemoryBytes = 1024 * 1024;

/** The memory of one collection below `directory` (HomeLocations.state). @throws disk.* */
export function openReaderMemory(directory: string, gun: Gun): MemoryStore {
  const path = join(directory, "memory", `${encodeFileName(gun)}.json`);
  return {
    read: () => readSmallFile(path, { maxBytes: maxMemoryBytes }),
    write: (bytes) => replaceFile(path, bytes),
  };
}
