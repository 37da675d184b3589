// Work that must survive an interruption, one small file a collection: what `init` has signed, which keys `rotate`
// has made, and the server has not yet confirmed. Without
// it a second run would need every passphrase again and would make other keys.
import { join } from "node:path";
import type { Gun } from "../bytes/index.ts";
import { encodeFileName } from "./file-names.ts";
import { readSmallFile, removeFile, replaceFile } from "./files.ts";

export interface UnfinishedWork {
  /** @throws disk.unreadable */
  read(): Promise<Uint8Array | undefined>;
  /** @throws disk.full, disk.read_only */
  write(bytes: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

const maxBytes = 4 * 1024 * 1024;

/** The unfinished work on one collection below `directory` (HomeLocations.state). */
export function openUnfinishedWork(directory: string, gun: Gun, work: "init" | "rotate" = "init"): UnfinishedWork {
  const folder = work === "init" ? "unfinished" : "unfinished-rotations";
  const path = join(directory, folder, `${encodeFileName(gun)}.json`);
  return {
    read: () => readSmallFile(path, { maxBytes }),
    write: (bytes) => replaceFile(path, bytes),
    remove: () => removeFile(path),
  };
}
