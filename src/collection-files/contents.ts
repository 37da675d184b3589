// Contents of small files on their way to the server, which keeps up to 4 MiB each so that any TUF client can download them there. What
// is larger, or too much for one publish, is only signed: its bytes come from an exported tree or wherever they lie. The bytes are
// read again here, so they are held against the digest that is signed.
import { promises } from "node:fs";
import { CountersignError, encodeHex, equalBytes, sha256 } from "../bytes/index.ts";
import { diskError } from "../home/index.ts";
import { maxBlobBytes } from "../publish/index.ts";
import type { HashedFile } from "./hash-files.ts";

export interface Contents {
  /** By hex SHA-256. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** Files whose content stays behind. */
  readonly left: number;
}

/** Beside the documents of one publish; an upload has 4,096 parts at most. */
const maxTotalBytes = 48 * 1024 * 1024;
const maxContents = 1_500;

/** @throws file.changed, disk.unreadable */
export async function contentsFor(files: readonly HashedFile[]): Promise<Contents> {
  const blobs = new Map<string, Uint8Array>();
  let total = 0;
  let left = 0;
  for (const { path, length, hashes } of files) {
    const hash = hashes.get("sha256");
    const isRoomy = length <= maxBlobBytes && total + length <= maxTotalBytes && blobs.size < maxContents;
    if (hash === undefined || !isRoomy) {
      left += 1;
      continue;
    }
    const bytes = await read(path);
    if (bytes.length !== length || !equalBytes(sha256(bytes), hash)) {
      throw new CountersignError("file.changed", `${path} changed after it was hashed`, {
        hints: ["nothing was published"],
      });
    }
    if (!blobs.has(encodeHex(hash))) total += length;
    blobs.set(encodeHex(hash), bytes);
  }
  return { blobs, left };
}

/** Those of some of the files. */
export function contentsAmong(files: readonly HashedFile[], blobs: Contents["blobs"]): Contents["blobs"] {
  const hashes = files.flatMap(({ hashes: own }) => own.get("sha256") ?? []).map(encodeHex);
  return new Map(
    hashes.flatMap((hash) => {
      const bytes = blobs.get(hash);
      return bytes === undefined ? [] : [[hash, bytes]];
    }),
  );
}

async function read(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await promises.readFile(path));
  } catch (error) {
    throw diskError(error, "read", path);
  }
}
