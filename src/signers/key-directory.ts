// The file system under a key directory: bounded reads of regular files, and files that appear whole or not at all and never
// replace another. No policy about keys here.

import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { CountersignError, encodeHex } from "../bytes/index.ts";
import { readFailure, systemCode, writeFailure } from "./disk-errors.ts";
import { maxKeyFileBytes } from "./key-file.ts";

/** Made with mode 0700, parents included. An existing directory is left as it is. @throws disk.full, disk.read_only */
export async function ensureDirectory(directory: string): Promise<void> {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw writeFailure(directory, cause);
  }
}

/** Names of `<64 hex digits>.key` files, sorted; none when there is no such directory. @throws disk.unreadable */
export async function readNames(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => /^[0-9a-f]{64}\.key$/.test(name)).sort();
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return [];
    throw readFailure(directory, cause);
  }
}

/** The content of a key file; undefined when there is none. @throws disk.unreadable, limit.exceeded */
export async function readKeyFileBytes(path: string): Promise<Uint8Array | undefined> {
  let file: FileHandle | undefined;
  try {
    // Without O_NONBLOCK a pipe in the place of a key would hang the program.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const about = await file.stat();
    if (!about.isFile()) throw new CountersignError("disk.unreadable", `${path} is not a regular file`);
    if (about.size > maxKeyFileBytes) {
      throw new CountersignError("limit.exceeded", `${path} has ${about.size} bytes, limit ${maxKeyFileBytes}`);
    }
    return new Uint8Array(await file.readFile());
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return undefined;
    if (cause instanceof CountersignError) throw cause;
    throw readFailure(path, cause);
  } finally {
    await file?.close();
  }
}

/**
 * Writes a new file of mode 0600, durable when this returns. False when the name is taken, and then nothing has changed.
 * @throws disk.full, disk.read_only
 */
export async function writeNewFile(path: string, text: string): Promise<boolean> {
  const temporary = `${dirname(path)}/.${encodeHex(randomBytes(8))}.tmp`;
  try {
    await writeDurably(temporary, text);
    const isNew = await claimName(temporary, path);
    await syncDirectory(dirname(path));
    return isNew;
  } catch (cause) {
    throw writeFailure(path, cause);
  } finally {
    await removeIfThere(temporary);
  }
}

/** Replaces a key file of mode 0600 at once: a reader sees the old one or the new one. @throws disk.full, disk.read_only */
export async function replaceKeyFile(path: string, text: string): Promise<void> {
  const temporary = `${dirname(path)}/.${encodeHex(randomBytes(8))}.tmp`;
  try {
    await writeDurably(temporary, text);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (cause) {
    throw writeFailure(path, cause);
  } finally {
    await removeIfThere(temporary);
  }
}

/** Removes a key file for good. False: there is none. @throws disk.read_only */
export async function removeKeyFile(path: string): Promise<boolean> {
  try {
    await unlink(path);
    return true;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return false;
    throw writeFailure(path, cause);
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** link() refuses a name that is taken, which rename() does not. */
async function claimName(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "EEXIST") return false;
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "EOPNOTSUPP" && code !== "ENOSYS") throw cause;
  }
  // A file system without links: the name is looked at first. Two processes storing the same key at once both hold it.
  if (await exists(path)) return false;
  await rename(temporary, path);
  return true;
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return false;
    throw cause;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch {
    // Renamed away, never made, or unwritable: a leftover temporary file is never read.
  }
}
