// Contents of targets are stored only when a target names them: otherwise a collection would be free storage for anything.
import { CountersignError, encodeHex, type RoleName, sha256 } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import type { CollectionState, Storage } from "../storage/index.ts";
import type { Document, Targets } from "../tuf/index.ts";

/**
 * `resulting` are the targets roles as the upload leaves them, undefined when tuf1 is not in it. What was left unread of the collection is
 * read for want of anything better, one document at a time. @throws request.invalid
 */
export async function checkBlobs(
  blobs: readonly Uint8Array[],
  resulting: ReadonlyMap<RoleName, Document<Targets>> | undefined,
  state: CollectionState | undefined,
  storage: Pick<Storage, "current">,
): Promise<void> {
  if (blobs.length === 0) return;
  const missing = new Set(blobs.map((blob) => encodeHex(sha256(blob))));
  for (const document of resulting?.values() ?? storedTargets(state)) strike(missing, document);
  for (const { dialect, role } of state?.unread ?? []) {
    if (missing.size === 0) return;
    if (state === undefined || dialect !== "tuf1" || resulting?.has(role) === true) continue;
    const stored = await storage.current(state.gun, { dialect, role });
    if (stored !== undefined) strike(missing, dialectNamed(dialect).decodeTargets(role, stored.bytes));
  }
  if (missing.size === 0) return;
  const [first] = missing;
  throw new CountersignError("request.invalid", `no tuf1 target has the content ${first}`, {
    hints: ["upload the document that lists the target together with its content"],
  });
}

/** Takes out the contents that a document lists. */
function strike(missing: Set<string>, { signed }: Document<Targets>): void {
  if (missing.size === 0) return;
  for (const { hashes } of signed.targets.values()) {
    const hash = hashes.get("sha256");
    if (hash !== undefined) missing.delete(encodeHex(hash));
    if (missing.size === 0) return;
  }
}

function* storedTargets(state: CollectionState | undefined): Iterable<Document<Targets>> {
  for (const { dialect, role, bytes } of state?.current ?? []) {
    const isTargets = role !== "root" && role !== "snapshot" && role !== "timestamp";
    if (dialect === "tuf1" && isTargets) yield dialectNamed(dialect).decodeTargets(role, bytes);
  }
}
