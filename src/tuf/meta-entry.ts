// What a parent says of a child (length, hashes, version), checked against the child's bytes before they are decoded
// (TUF 1.0.34, 5.5.2, 5.6.2; Notary v1 snapshot and timestamp). Every hash of a known algorithm must match; hashes of
// unknown algorithms alone prove nothing and are refused.
import { CountersignError, encodeHex, equalBytes, type HashAlgorithm, type Hashes, hash } from "../bytes/index.ts";
import type { MetaEntry } from "./model.ts";

const knownAlgorithms: readonly HashAlgorithm[] = ["sha256", "sha512"];

/** True when at least one known hash is listed and every known one matches. */
export function matchesHashes(bytes: Uint8Array, hashes: Hashes): boolean {
  let known = 0;
  for (const algorithm of knownAlgorithms) {
    const listed = hashes.get(algorithm);
    if (listed === undefined) continue;
    known += 1;
    if (!equalBytes(hash(algorithm, bytes), listed)) return false;
  }
  return known > 0;
}

/**
 * Checks length and hashes of received bytes; the version is checked after decoding. `role` and `parent` are for the message.
 * @throws metadata.length_mismatch, metadata.hash_mismatch
 */
export function requireEntry(role: string, bytes: Uint8Array, entry: MetaEntry, parent: string): void {
  if (entry.length !== undefined && bytes.length > entry.length) {
    throw new CountersignError(
      "metadata.length_mismatch",
      `${role} has ${bytes.length} bytes, ${parent} allows ${entry.length}`,
    );
  }
  if (entry.hashes.size === 0 || matchesHashes(bytes, entry.hashes)) return;
  const listed = entry.hashes.get("sha256") ?? entry.hashes.get("sha512");
  throw new CountersignError(
    "metadata.hash_mismatch",
    `${role} has sha256 ${encodeHex(hash("sha256", bytes))}, ${parent} lists ${listed === undefined ? "no known hash" : encodeHex(listed)}`,
  );
}
