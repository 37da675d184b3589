// Trusted documents on disk, a file a role, under an encoded collection name. Only trusted bytes are ever written here, and they are
// checked again like bytes from a mirror when read: the cache saves a download and is never a reason to trust.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Digest, digestOf, type Gun, isCountersignError, type RoleName } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { MetadataCache } from "../updater/index.ts";
import { encodeFileName } from "./file-names.ts";
import { diskError, readSmallFile, removeFile, replaceFile, systemCode } from "./files.ts";

export interface DiskCache extends MetadataCache {
  /** Digests of every document held, so that a server need not send them again. `timestamp` is left out: it has to come fresh. */
  held(): Promise<readonly Digest[]>;
}

/** No document is longer than the updater's largest limit. */
const maxDocumentBytes = 128 * 1024 * 1024;
const timestampFile = "timestamp.json";

/** The cache of one collection in one dialect below `directory` (HomeLocations.cache). A file is read once in its life. */
export function openMetadataCache(directory: string, gun: Gun, dialect: DialectName): DiskCache {
  const folder = join(directory, encodeFileName(gun), dialect);
  const known = new Map<string, Promise<Uint8Array | undefined>>();
  const fileOf = (role: RoleName): string => `${encodeFileName(role)}.json`;
  const read = (file: string): Promise<Uint8Array | undefined> => {
    const reading = known.get(file) ?? readOrMiss(join(folder, file));
    known.set(file, reading);
    return reading;
  };
  return {
    read: (role) => read(fileOf(role)),
    async write(role, bytes) {
      await replaceFile(join(folder, fileOf(role)), bytes);
      known.set(fileOf(role), Promise.resolve(bytes));
    },
    async remove(role) {
      await removeFile(join(folder, fileOf(role)));
      known.set(fileOf(role), Promise.resolve(undefined));
    },
    async held() {
      const files = filesOf(folder).filter((file) => file.endsWith(".json") && file !== timestampFile);
      const contents = await Promise.all(files.map(read));
      return contents.flatMap((bytes) => (bytes === undefined ? [] : [digestOf(bytes)]));
    },
  };
}

/** A cache that cannot be read is a cache miss; what comes from the server instead is checked all the same. */
async function readOrMiss(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readSmallFile(path, { maxBytes: maxDocumentBytes });
  } catch (error) {
    if (isCountersignError(error, "disk.unreadable")) return undefined;
    throw error;
  }
}

function filesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw diskError(error, "read", folder);
  }
}
