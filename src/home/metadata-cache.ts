// Trusted documents on disk, a file a role, under an encoded collection name. Only trusted bytes are ever written here, and they are
// checked again like bytes from a mirror when read: the cache saves a download and is never a reason to trust.
import { join } from "node:path";
import { type Gun, isCountersignError, type RoleName } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { MetadataCache } from "../updater/index.ts";
import { encodeFileName } from "./file-names.ts";
import { readSmallFile, removeFile, replaceFile } from "./files.ts";

/** No document is longer than the updater's largest limit. */
const maxDocumentBytes = 128 * 1024 * 1024;

/** The cache of one collection in one dialect below `directory` (HomeLocations.cache). */
export function openMetadataCache(directory: string, gun: Gun, dialect: DialectName): MetadataCache {
  const fileOf = (role: RoleName): string =>
    join(directory, encodeFileName(gun), dialect, `${encodeFileName(role)}.json`);
  return {
    async read(role) {
      try {
        return await readSmallFile(fileOf(role), { maxBytes: maxDocumentBytes });
      } catch (error) {
        // A cache that cannot be read is a cache miss; what comes from the server instead is checked all the same.
        if (isCountersignError(error, "disk.unreadable")) return undefined;
        throw error;
      }
    },
    write: (role, bytes) => replaceFile(fileOf(role), bytes),
    remove: (role) => removeFile(fileOf(role)),
  };
}
