// Files of an exported tree. The rule: a file is whole under its name or not there (temporary file, fsync, rename), readable by a web
// server, and never written through a link that leads out of the tree.
import { createHash, randomBytes } from "node:crypto";
import { promises } from "node:fs";
import { dirname, join, sep } from "node:path";
import { CountersignError, encodeHex, equalBytes } from "../bytes/index.ts";
import { diskError, systemCode } from "../home/index.ts";
import { temporaryName } from "./tree-paths.ts";

export interface ExpectedContent {
  readonly length: number;
  /** Hash algorithm -> bytes; sha256 and sha512 are checked. */
  readonly hashes: ReadonlyMap<string, Uint8Array>;
}

/** The file's bytes; undefined: not there. @throws disk.unreadable, limit.exceeded */
export async function readTreeFile(tree: string, path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  const full = join(tree, path);
  try {
    await using file = await promises.open(full, "r");
    const { size } = await file.stat();
    if (size > maxBytes) throw new CountersignError("limit.exceeded", `${full} is longer than ${maxBytes} bytes`);
    return new Uint8Array(await file.readFile());
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw diskError(error, "read", full);
  }
}

/** Writes the file unless it has these bytes. True when it was written. @throws disk.*, file.unsafe */
export async function writeTreeFile(tree: string, path: string, bytes: Uint8Array): Promise<boolean> {
  const present = await readTreeFile(tree, path, Math.max(bytes.length, 1024 * 1024));
  if (present !== undefined && equalBytes(present, bytes)) return false;
  await placeFile(tree, path, async (temporary) => {
    await using file = await promises.open(temporary, "wx", 0o644);
    await file.writeFile(bytes);
    await file.sync();
  });
  return true;
}

/** Copies a content under its name in the tree, checked while it is copied. False: `from` is not that content. @throws disk.*, file.unsafe */
export async function copyContent(
  tree: string,
  path: string,
  from: AsyncIterable<Uint8Array>,
  expected: ExpectedContent,
): Promise<boolean> {
  let isRight = false;
  await placeFile(tree, path, async (temporary) => {
    await using file = await promises.open(temporary, "wx", 0o644);
    isRight = await matches(from, expected, (piece) => file.writeFile(piece));
    if (isRight) await file.sync();
    return isRight;
  });
  return isRight;
}

/** The length of a file of the tree; undefined: not there. @throws disk.unreadable */
export async function treeFileLength(tree: string, path: string): Promise<number | undefined> {
  try {
    const stat = await promises.lstat(join(tree, path));
    return stat.isFile() ? stat.size : undefined;
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw diskError(error, "read", join(tree, path));
  }
}

/** Whether a file of the tree is that content. @throws disk.unreadable */
export async function holdsContent(tree: string, path: string, expected: ExpectedContent): Promise<boolean> {
  const full = join(tree, path);
  try {
    await using file = await promises.open(full, "r");
    return await matches(file.createReadStream({ autoClose: false }), expected);
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return false;
    throw diskError(error, "read", full);
  }
}

/** Every file below, as paths with `/`. Links are not followed. @throws disk.unreadable */
export async function treeFiles(tree: string, below: string): Promise<readonly string[]> {
  try {
    const entries = await promises.readdir(join(tree, below), { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return files.map((file) =>
      file
        .slice(tree.length + 1)
        .split(sep)
        .join("/"),
    );
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw diskError(error, "read", join(tree, below));
  }
}

async function matches(
  from: AsyncIterable<Uint8Array>,
  { length, hashes }: ExpectedContent,
  take: (piece: Uint8Array) => Promise<void> = async () => undefined,
): Promise<boolean> {
  const known = [...hashes].filter(([name]) => name === "sha256" || name === "sha512");
  const taken = known.map(([name, hash]) => ({ hash, own: createHash(name) }));
  let read = 0;
  for await (const piece of from) {
    read += piece.length;
    if (read > length) return false;
    for (const { own } of taken) own.update(piece);
    await take(piece);
  }
  const isRight = taken.every(({ hash, own }) => own.digest("hex") === encodeHex(hash));
  return taken.length > 0 && read === length && isRight;
}

/** `write` answering false leaves nothing behind. */
async function placeFile(tree: string, path: string, write: (temporary: string) => Promise<unknown>): Promise<void> {
  const full = join(tree, path);
  const directory = dirname(full);
  const temporary = join(directory, temporaryName(randomBytes(8).toString("hex")));
  try {
    await refuseLinks(tree, path);
    await promises.mkdir(directory, { recursive: true, mode: 0o755 });
    const isWanted = (await write(temporary)) !== false;
    if (isWanted) await promises.rename(temporary, full);
    await using handle = await promises.open(directory, "r");
    await handle.sync();
  } catch (error) {
    throw diskError(error, "write", full);
  } finally {
    await promises.rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** A directory of the tree that is a link would have us write elsewhere. Looked at before anything is made below it. */
async function refuseLinks(tree: string, path: string): Promise<void> {
  let at = tree;
  for (const part of path.split("/").slice(0, -1)) {
    at = join(at, part);
    const stat = await promises.lstat(at).catch((error: unknown) => {
      if (systemCode(error) === "ENOENT") return undefined;
      throw error;
    });
    if (stat === undefined) return;
    if (stat.isDirectory()) continue;
    throw new CountersignError("file.unsafe", `${at} is no directory of the tree itself`, {
      hints: ["make it a directory of its own: nothing is written through links"],
    });
  }
}
