// Hashing files: in a stream, a few at a time, whatever their size. The rule: what is signed is one state of the file. A file that grows,
// shrinks, is written to, is replaced or vanishes while it is read is an error and nothing is published; half of the old content
// and half of the new one would be a digest that no file has.
import { createHash } from "node:crypto";
import { constants, promises } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { CountersignError, type Hashes, severalAtOnce } from "../bytes/index.ts";
import { diskError, systemCode } from "../home/index.ts";
import type { TreeFile } from "./file-tree.ts";

export interface HashedFile extends TreeFile {
  readonly length: number;
  /** SHA-256 alone: TUF clients name artifacts by a hash, and every further one would be a further copy of the file. */
  readonly hashes: Hashes;
}

export interface HashOptions {
  /** Files read at once; 4 unless told. */
  readonly parallel?: number;
  readonly onProgress?: (done: { readonly files: number; readonly bytes: number }) => void;
  readonly signal?: AbortSignal;
  /** Called when a file has been read, before it is looked at again. */
  readonly testOnlyAfterReading?: (path: string) => Promise<void>;
}

const pieceBytes = 1024 * 1024;

/** In the order given. @throws file.changed, file.unsafe, disk.unreadable */
export async function hashFiles(files: readonly TreeFile[], options: HashOptions = {}): Promise<readonly HashedFile[]> {
  const hashed: HashedFile[] = [];
  const done = { files: 0, bytes: 0 };
  const count = (bytes: number): void => {
    done.bytes += bytes;
    options.onProgress?.(done);
  };
  /** One for each file that is being read. */
  const buffers: Uint8Array[] = [];
  await severalAtOnce(files.entries(), options.parallel ?? 4, async ([index, file]) => {
    options.signal?.throwIfAborted();
    const buffer = buffers.pop() ?? new Uint8Array(pieceBytes);
    hashed[index] = await hashFile(file, buffer, count, options);
    buffers.push(buffer);
    done.files += 1;
    options.onProgress?.(done);
  });
  return hashed;
}

async function hashFile(
  file: TreeFile,
  buffer: Uint8Array,
  count: (bytes: number) => void,
  options: HashOptions,
): Promise<HashedFile> {
  const { path } = file;
  await using handle = await openRegular(path);
  const before = await handle.stat({ bigint: true });
  const sha256 = createHash("sha256");
  let length = 0;
  for (;;) {
    const { bytesRead } = await reading(path, () => handle.read(buffer, 0, buffer.length));
    if (bytesRead === 0) break;
    sha256.update(buffer.subarray(0, bytesRead));
    length += bytesRead;
    count(bytesRead);
    // A file that somebody keeps appending to would be read for ever.
    if (length > before.size) throw changed(path, "grows");
  }
  await options.testOnlyAfterReading?.(path);
  const after = await handle.stat({ bigint: true });
  const named = await reading(path, () => promises.lstat(path, { bigint: true }));
  if (BigInt(length) !== before.size || after.size !== before.size) throw changed(path, "has another length now");
  if (after.mtimeNs !== before.mtimeNs || after.ctimeNs !== before.ctimeNs) throw changed(path, "was written to");
  if (named.ino !== before.ino || named.dev !== before.dev) throw changed(path, "was replaced");
  return { ...file, length, hashes: new Map([["sha256", new Uint8Array(sha256.digest())]]) };
}

/** No link is followed (the path is resolved already), and a pipe is not waited for. */
async function openRegular(path: string): Promise<FileHandle> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await reading(path, () => promises.open(path, flags));
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new CountersignError("file.unsafe", `${path} is no regular file`);
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "ENOENT") throw changed(path, "vanished", cause);
    if (code === "ELOOP") throw new CountersignError("file.unsafe", `${path} became a link`, { cause });
    throw diskError(cause, "read", path);
  }
}

function changed(path: string, how: string, cause?: unknown): CountersignError {
  return new CountersignError("file.changed", `${path} ${how} while it was read`, {
    ...(cause === undefined ? {} : { cause }),
    hints: ["nothing was published", "wait until whoever writes it is done, then run the same command again"],
  });
}
