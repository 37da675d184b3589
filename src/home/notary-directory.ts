// A trust directory of Notary's clients (`~/.notary`, `~/.docker/trust`), used in place and in their format (notary-v1, section 5): the
// metadata they cached, the changes they staged, the folder of their keys. Nothing of ours is ever written into it but files they read.
import { promises } from "node:fs";
import { join } from "node:path";
import { type Clock, type Gun, isCountersignError, parseGun, type RoleName } from "../bytes/index.ts";
import type { MetadataCache } from "../updater/index.ts";
import { type ChangeList, openChangeList } from "./change-list.ts";
import { diskError, readSmallFile, removeFile, replaceFile, systemCode } from "./files.ts";

export interface NotaryDirectory {
  readonly path: string;
  /** Their `private` folder. */
  readonly keys: string;
  /** notary1 documents as Notary's client keeps them: trusted once, checked again by whoever reads them. */
  cache(gun: Gun): MetadataCache;
  changes(gun: Gun): ChangeList;
  /** Names of which something is kept here, sorted. @throws disk.unreadable */
  collections(): Promise<readonly Gun[]>;
  /** Forgets the cached documents and staged changes of a collection; never a key. @throws disk.read_only */
  forget(gun: Gun): Promise<void>;
}

const maxDocumentBytes = 100 * 1024 * 1024;
/** Deeper than any collection's name, which has 255 characters. */
const maxDepth = 128;

/** The directory at `path`; nothing is created before something is written. */
export function openNotaryTrustDirectory(path: string, clock: Clock): NotaryDirectory {
  // A Gun is a relative path of plain lower-case components: it cannot leave the directory.
  const folder = (gun: Gun): string => join(path, "tuf", gun);
  return {
    path,
    keys: join(path, "private"),
    cache: (gun) => openCache(join(folder(gun), "metadata")),
    changes: (gun) => openChangeList(join(folder(gun), "changelist"), clock),
    collections: async () => (await findCollections(join(path, "tuf"), "", 0)).sort(),
    async forget(gun) {
      // The parts by name: another collection may lie below this one's folder.
      for (const part of ["metadata", "changelist"]) await removeTree(join(folder(gun), part));
      await removeEmpty(folder(gun));
    },
  };
}

function openCache(directory: string): MetadataCache {
  const fileOf = (role: RoleName): string => join(directory, `${role}.json`);
  return {
    read: async (role) => {
      try {
        return await readSmallFile(fileOf(role), { maxBytes: maxDocumentBytes });
      } catch (error) {
        // A document that cannot be read is fetched again.
        if (isCountersignError(error, "disk.unreadable")) return undefined;
        throw error;
      }
    },
    write: (role, bytes) => replaceFile(fileOf(role), bytes),
    remove: (role) => removeFile(fileOf(role)),
  };
}

async function findCollections(base: string, name: string, depth: number): Promise<Gun[]> {
  if (depth > maxDepth) return [];
  const found: Gun[] = [];
  for (const entry of await directoriesIn(join(base, name))) {
    if (name !== "" && (entry === "metadata" || entry === "changelist")) {
      const gun = gunOf(name);
      if (gun !== undefined && !found.includes(gun)) found.push(gun);
    } else found.push(...(await findCollections(base, name === "" ? entry : `${name}/${entry}`, depth + 1)));
  }
  return found;
}

async function directoriesIn(path: string): Promise<readonly string[]> {
  try {
    const entries = await promises.readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw diskError(error, "read", path);
  }
}

function gunOf(name: string): Gun | undefined {
  try {
    return parseGun(name);
  } catch (error) {
    if (isCountersignError(error, "gun.invalid")) return undefined;
    throw error;
  }
}

async function removeTree(path: string): Promise<void> {
  try {
    await promises.rm(path, { recursive: true, force: true });
  } catch (error) {
    throw diskError(error, "write", path);
  }
}

async function removeEmpty(path: string): Promise<void> {
  try {
    await promises.rmdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code !== "ENOENT" && code !== "ENOTEMPTY" && code !== "EEXIST") throw diskError(error, "write", path);
  }
}
