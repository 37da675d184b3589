// Saved bundles on disk.
import { CountersignError } from "../bytes/index.ts";
import { readSmallFile } from "../home/index.ts";

const maxBundleBytes = 512 * 1024 * 1024;

/** @throws disk.unreadable, also when there is no such file */
export async function readBundleFile(path: string): Promise<Uint8Array> {
  const bytes = await readSmallFile(path, { maxBytes: maxBundleBytes });
  if (bytes !== undefined) return bytes;
  throw new CountersignError("disk.unreadable", `there is no bundle at ${path}`, {
    hints: ["make one with: countersign bundle GUN --output FILE"],
  });
}
