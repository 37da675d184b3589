// Reading and replacing small files: reads are bounded, writes are whole or not at all (temp file, fsync, rename), 0600 in 0700
// directories, and every failure of the machine becomes a coded error that names the path.
import { randomBytes } from "node:crypto";
import { closeSync, fstatSync, openSync, promises, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CountersignError } from "../bytes/index.ts";

export interface ReadOptions {
  readonly maxBytes: number;
}

/**
 * The file's bytes, or undefined when it is not there. Read without the thread pool on purpose: a verification reads a handful of small
 * local files, and starting threads for them costs more than the reading. @throws disk.unreadable, also for a file past maxBytes
 */
export async function readSmallFile(path: string, options: ReadOptions): Promise<Uint8Array | undefined> {
  try {
    const descriptor = openSync(path, "r");
    try {
      const { size } = fstatSync(descriptor);
      if (size > options.maxBytes) throw tooLarge(path, size, options.maxBytes);
      return readFileSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw diskError(error, "read", path);
  }
}

function tooLarge(path: string, size: number, maxBytes: number): CountersignError {
  return new CountersignError("disk.unreadable", `${path} is ${size} bytes long, over the limit of ${maxBytes}`, {
    hints: ["this file is not one that countersign wrote: look at it, then move it away"],
  });
}

/** Replaces the file at once; a reader sees the old bytes or the new ones. @throws disk.read_only, disk.full, disk.unreadable */
export async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  await putFile(path, bytes);
  await syncDirectory(dirname(path));
}

/** replaceFile, for one of several: a power cut may bring the old bytes back until syncDirectory is done. @throws as replaceFile */
export async function putFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.new-${randomBytes(8).toString("hex")}`);
  try {
    await promises.mkdir(directory, { recursive: true, mode: 0o700 });
    try {
      await using file = await promises.open(temporary, "wx", 0o600);
      await file.writeFile(bytes);
      await file.sync();
    } catch (error) {
      await promises.rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    await promises.rename(temporary, path);
  } catch (error) {
    await promises.rm(temporary, { force: true }).catch(() => undefined);
    throw diskError(error, "write", path);
  }
}

/** Makes a file that must not be there yet, whole or not at all. False: there is one already. @throws disk.read_only, disk.full */
export async function createFile(path: string, bytes: Uint8Array | string): Promise<boolean> {
  const temporary = join(dirname(path), `.new-${randomBytes(8).toString("hex")}`);
  try {
    await replaceFile(temporary, bytes);
    await promises.link(temporary, path);
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw diskError(error, "write", path);
  } finally {
    await promises.rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Removes the file if it is there. @throws disk.read_only */
export async function removeFile(path: string): Promise<void> {
  try {
    await promises.rm(path, { force: true });
  } catch (error) {
    throw diskError(error, "write", path);
  }
}

/** Without this a power cut may keep the old directory entry although rename answered. @throws disk.read_only, disk.full */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  try {
    await using handle = await promises.open(directory, "r");
    await handle.sync();
  } catch (error) {
    throw diskError(error, "write", directory);
  }
}

/** A failed system call as a coded error; anything that is coded already passes through. */
export function diskError(error: unknown, action: "read" | "write", path: string): unknown {
  if (error instanceof CountersignError) return error;
  const code = systemCode(error);
  if (code === undefined) return error;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new CountersignError("disk.full", `no space left to write ${path}`, {
      cause: error,
      hints: ["free some space, then run the same command again: nothing was half written"],
    });
  }
  if (action === "write") {
    return new CountersignError("disk.read_only", `cannot write ${path} (${code})`, {
      cause: error,
      hints: ["make the directory writable, or set COUNTERSIGN_HOME to one that is"],
    });
  }
  return new CountersignError("disk.unreadable", `cannot read ${path} (${code})`, {
    cause: error,
    hints: ["check the owner and the permissions of the file and of the directories above it"],
  });
}

export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
