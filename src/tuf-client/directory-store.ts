// The client's state as files: root.json, timestamp.json, snapshot.json, targets.json and one file a delegated role, byte for byte as
// received (TUF 1.0.34, 5: "persist"). A file is written whole or not at all, and only documents that were accepted come here.
import { join } from "node:path";
import { isCountersignError } from "../bytes/index.ts";
import { putFile, readSmallFile, removeFile, syncDirectory } from "../home/index.ts";
import { roleFileName } from "./file-names.ts";
import { defaultTufLimits } from "./limits.ts";
import type { TufStore } from "./ports.ts";

/** A store in `directory`, which is made when something is first written. The chain of roots goes to `root_history/` in it. */
export function openDirectoryStore(directory: string): TufStore {
  const history = join(directory, "root_history");
  const fileOf = (role: string): string => join(directory, roleFileName(role));
  const rootFile = (version: number): string => join(history, `${version}.root.json`);
  /** Directories with new entries. */
  const unsynced = new Set<string>();
  let syncing: Promise<unknown> = Promise.resolve();
  return {
    read: (role) => readOrMiss(fileOf(role)),
    async write(role, bytes) {
      await putFile(fileOf(role), bytes);
      unsynced.add(directory);
    },
    remove: (role) => removeFile(fileOf(role)),
    readRoot: (version) => readOrMiss(rootFile(version)),
    async writeRoot(version, bytes) {
      await putFile(rootFile(version), bytes);
      unsynced.add(history).add(directory); // which may be where it was made
    },
    async sync() {
      // In turn: who asks meanwhile waits for those that are under way.
      const turn = syncing.catch(() => undefined).then(syncAll);
      syncing = turn;
      await turn;
    },
  };

  async function syncAll(): Promise<void> {
    const directories = [...unsynced];
    unsynced.clear();
    await Promise.all(directories.map(syncDirectory));
  }
}

/** A file that cannot be read is one that is not there: what the repository serves instead is verified all the same. */
async function readOrMiss(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readSmallFile(path, { maxBytes: defaultTufLimits.listedBytes });
  } catch (error) {
    if (isCountersignError(error, "disk.unreadable")) return undefined;
    throw error;
  }
}
