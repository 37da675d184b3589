// What is to be signed or verified, measured by us: its length and every digest we can take of it. A registry's or a caller's word for
// a digest enters only as that one digest, to be compared.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import {
  CountersignError,
  type Digest,
  digestOf,
  digestParts,
  type HashAlgorithm,
  type Hashes,
  parseDigest,
} from "../bytes/index.ts";
import { diskError } from "../home/index.ts";

export interface Content {
  /** Where it came from, for people: `registry.example.com/team/app:1.4.2`, a path, `--digest`. */
  readonly origin: string;
  readonly digests: ReadonlyMap<HashAlgorithm, Digest>;
  /** undefined when only a digest was given. */
  readonly length: number | undefined;
  /** The bytes themselves where they are small (a manifest): served to generic TUF clients. */
  readonly bytes: Uint8Array | undefined;
}

export function contentOfBytes(origin: string, bytes: Uint8Array): Content {
  const digests = new Map<HashAlgorithm, Digest>([
    ["sha256", digestOf(bytes)],
    ["sha512", digestOf(bytes, "sha512")],
  ]);
  return { origin, digests, length: bytes.length, bytes };
}

export function contentOfDigest(origin: string, digest: Digest, length: number | undefined): Content {
  return { origin, digests: new Map([[digestParts(digest).algorithm, digest]]), length, bytes: undefined };
}

/** Reads a file once, whatever its size. @throws disk.unreadable */
export async function contentOfFile(path: string): Promise<Content> {
  const sha256 = createHash("sha256");
  const sha512 = createHash("sha512");
  let length = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      sha256.update(chunk);
      sha512.update(chunk);
      length += chunk.length;
    }
  } catch (error) {
    throw diskError(error, "read", path);
  }
  const digests = new Map<HashAlgorithm, Digest>([
    ["sha256", parseDigest(`sha256:${sha256.digest("hex")}`)],
    ["sha512", parseDigest(`sha512:${sha512.digest("hex")}`)],
  ]);
  return { origin: path, digests, length, bytes: undefined };
}

/** Hashes as a target lists them: every digest we took. @throws target.invalid when the length is not known */
export function targetOf(content: Content): { readonly length: number; readonly hashes: Hashes } {
  if (content.length === undefined) {
    throw new CountersignError("target.invalid", `${content.origin}: a target needs its length beside its digest`, {
      hints: ["give --length with the manifest's size in bytes"],
    });
  }
  const hashes = [...content.digests].map(([name, digest]): [string, Uint8Array] => [name, digestParts(digest).hash]);
  return { length: content.length, hashes: new Map(hashes) };
}
