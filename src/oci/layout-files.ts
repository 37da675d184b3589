// Reading files inside an OCI layout directory. Rule: only regular files inside the directory itself; a symbolic link, a pipe
// or a device in it is refused, because the layout may come from an archive that somebody else packed.
import { constants, promises } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { join, sep } from "node:path";
import { CountersignError } from "../bytes/index.ts";

/** Opens `directory/parts...`; undefined: there is no such file. Parts come from our own code, not from outside. @throws disk.unreadable */
export async function openInside(directory: string, ...parts: readonly string[]): Promise<FileHandle | undefined> {
  const path = join(directory, ...parts);
  try {
    const [root, parent] = await Promise.all([promises.realpath(directory), promises.realpath(join(path, ".."))]);
    if (parent !== root && !parent.startsWith(root.endsWith(sep) ? root : root + sep)) {
      throw new CountersignError("disk.unreadable", `${path} leads out of the layout directory`);
    }
    // Without O_NONBLOCK, opening a pipe would wait for a writer for ever.
    const file = await promises.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new CountersignError("disk.unreadable", `${path} is no regular file`);
  } catch (cause) {
    if (cause instanceof CountersignError) throw cause;
    const code = errorCode(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const why = code === "ELOOP" ? "is a symbolic link, which a layout must not hold" : `cannot be read (${code})`;
    throw new CountersignError("disk.unreadable", `${path} ${why}`, { cause });
  }
}

/** The whole file, at most `maxBytes`; undefined: there is no such file. @throws disk.unreadable limit.exceeded */
export async function readInside(
  directory: string,
  maxBytes: number,
  ...parts: readonly string[]
): Promise<Uint8Array | undefined> {
  const file = await openInside(directory, ...parts);
  if (file === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(file, maxBytes + 1)) pieces.push(piece);
  const bytes = new Uint8Array(Buffer.concat(pieces));
  if (bytes.length <= maxBytes) return bytes;
  throw new CountersignError("limit.exceeded", `${join(directory, ...parts)} is longer than ${maxBytes} bytes`);
}

/** The file's bytes up to `limit`; closes the file. */
export async function* piecesOf(file: FileHandle, limit: number): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let left = limit; left > 0; ) {
      const buffer = new Uint8Array(Math.min(65_536, left));
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
