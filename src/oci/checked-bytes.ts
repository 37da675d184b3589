// Bytes held against what was promised of them. Rule: nothing that leaves this folder is taken at its word, neither a
// header's digest nor a directory's file name; the last piece of a stream is given out only after the whole has matched.
import { createHash } from "node:crypto";
import { CountersignError, type Digest, digestOf, digestParts, encodeHex } from "../bytes/index.ts";
import type { Descriptor, ManifestBytes } from "./image.ts";

/** The manifest with its digest, in the algorithm asked for. @throws image.mismatch when it is not the one asked for */
export function checkedManifest(
  bytes: Uint8Array,
  wanted: Digest | undefined,
  announcedType: string | undefined,
  where: string,
): ManifestBytes {
  const digest = digestOf(bytes, wanted === undefined ? "sha256" : digestParts(wanted).algorithm);
  if (wanted !== undefined && digest !== wanted) {
    throw new CountersignError(
      "image.mismatch",
      `${where}: asked for ${wanted}, got a manifest whose digest is ${digest}`,
    );
  }
  return { bytes, digest, announcedType };
}

/** @throws image.mismatch for another size or digest */
export async function* checkedStream(
  source: AsyncIterable<Uint8Array>,
  { digest, size }: Descriptor,
  where: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { algorithm, hash: wanted } = digestParts(digest);
  const hash = createHash(algorithm);
  let received = 0;
  let held: Uint8Array | undefined;
  for await (const piece of source) {
    received += piece.length;
    if (received > size) throw mismatch(where, `longer than the ${size} bytes its descriptor says`);
    hash.update(piece);
    if (held !== undefined) yield held;
    held = piece;
  }
  if (received < size) throw mismatch(where, `${received} bytes instead of the ${size} its descriptor says`);
  const actual = hash.digest("hex");
  if (actual !== encodeHex(wanted)) throw mismatch(where, `its digest is ${algorithm}:${actual}, not ${digest}`);
  if (held !== undefined) yield held;
}

function mismatch(where: string, why: string): CountersignError {
  return new CountersignError("image.mismatch", `${where}: ${why}`);
}
