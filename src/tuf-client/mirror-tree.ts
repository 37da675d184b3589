// The directory that a mirror fills: files under names that a repository chose, so every component is checked before it is used and no
// directory on the way may be a link. Absolute paths, `..`, backslashes, drive letters, devices and control characters are refused.
import { randomBytes } from "node:crypto";
import { constants, promises } from "node:fs";
import { dirname, join } from "node:path";
import { CountersignError } from "../bytes/index.ts";
import { diskError, systemCode } from "../home/index.ts";
import { fileNameOf } from "./file-names.ts";

/** The parts of a path that can be files and directories everywhere. @throws target.unsafe */
export function safeParts(path: string): readonly string[] {
  const parts = path.split("/");
  for (const part of parts) {
    const isPlain = part !== "" && part !== "." && part !== ".." && !/[\u0000-\u001f\u007f\\:*?"<>|]|[. ]$/.test(part);
    // fileNameOf encodes the names of devices and shortens long ones: what comes out changed there is no name to keep.
    const isWhole = !fileNameOf(part).includes("%-") && !/^%[0-9A-F]{2}(?:on|rn|ux|ul|om|pt)/i.test(fileNameOf(part));
    if (!isPlain || !isWhole || !part.isWellFormed()) {
      throw new CountersignError(
        "target.unsafe",
        `the path ${JSON.stringify(path.slice(0, 200))} cannot be a file below a directory`,
      );
    }
  }
  return parts;
}

/** `root/a/b/c`, with `root/a/b` made one by one; none of them may be a link. @throws target.unsafe, disk.* */
export async function placeBelow(root: string, parts: readonly string[]): Promise<string> {
  const file = join(root, ...parts);
  let directory = root;
  try {
    await promises.mkdir(root, { recursive: true });
    for (const part of parts.slice(0, -1)) {
      directory = join(directory, part);
      await makeDirectory(directory);
    }
  } catch (error) {
    throw diskError(error, "write", file);
  }
  return file;
}

async function makeDirectory(directory: string): Promise<void> {
  try {
    await promises.mkdir(directory);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
    if ((await promises.lstat(directory)).isDirectory()) return;
    throw new CountersignError("target.unsafe", `${directory} is no directory of the mirror's own`, {
      hints: ["a link or a file stands where a directory has to be: remove it"],
      cause: error,
    });
  }
}

/** Another name for the same bytes in the same directory, whole or not at all. */
export async function alsoAs(file: string, name: string): Promise<void> {
  const other = join(dirname(file), name);
  const temporary = `${other}.new-${randomBytes(8).toString("hex")}`;
  try {
    await promises.copyFile(file, temporary, constants.COPYFILE_EXCL);
    await promises.rename(temporary, other);
  } catch (error) {
    await promises.rm(temporary, { force: true }).catch(() => undefined);
    throw diskError(error, "write", other);
  }
}
