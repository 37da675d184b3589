// Contents of targets are stored only when a target names them: otherwise a collection would be free storage for anything.
import { CountersignError, encodeHex, sha256 } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import type { CollectionState } from "../storage/index.ts";
import type { Document, Targets } from "../tuf/index.ts";

/** `resulting` are the targets roles as the upload leaves them, undefined when tuf1 is not in it. @throws request.invalid */
export function checkBlobs(
  blobs: readonly Uint8Array[],
  resulting: Iterable<Document<Targets>> | undefined,
  state: CollectionState | undefined,
): void {
  if (blobs.length === 0) return;
  const missing = new Set(blobs.map((blob) => encodeHex(sha256(blob))));
  for (const document of resulting ?? storedTargets(state)) {
    for (const target of document.signed.targets.values()) {
      const hash = target.hashes.get("sha256");
      if (hash !== undefined) missing.delete(encodeHex(hash));
      if (missing.size === 0) return;
    }
  }
  const [first] = missing;
  throw new CountersignError("request.invalid", `no tuf1 target has the content ${first}`, {
    hints: ["upload the document that lists the target together with its content"],
  });
}

function* storedTargets(state: CollectionState | undefined): Iterable<Document<Targets>> {
  for (const { dialect, role, bytes } of state?.current ?? []) {
    const isTargets = role !== "root" && role !== "snapshot" && role !== "timestamp";
    if (dialect === "tuf1" && isTargets) yield dialectNamed(dialect).decodeTargets(role, bytes);
  }
}
