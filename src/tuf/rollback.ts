// Versions never go down for a reader that remembers (TUF 1.0.34, 5.4.3, 5.5.5; Notary v1 9.2). `stored` is always a document
// that was trusted before, verified under the keys of today; whether it has expired does not matter.
import { CountersignError } from "../bytes/index.ts";
import type { DialectName, Document, Snapshot, Timestamp } from "./model.ts";

/** @throws metadata.rollback */
export function requireNotOlder(next: Document, version: number, than: string): void {
  if (next.signed.version >= version) return;
  throw rollback(`${next.role} version ${next.signed.version} is older than version ${version}, ${than}`);
}

/** @throws metadata.rollback */
export function requireTimestampKeeps(next: Document<Timestamp>, stored: Document<Timestamp>): void {
  requireNotOlder(next, stored.signed.version, "the one trusted before");
  if (next.signed.version === stored.signed.version) return; // the stored one is kept, whatever this one says (5.4.3.1)
  const before = stored.signed.snapshot.version;
  const now = next.signed.snapshot.version;
  if (before === undefined || now === undefined || now >= before) return;
  throw rollback(`timestamp version ${next.signed.version} lists snapshot version ${now}, before it was ${before}`);
}

/**
 * tuf1: every role of the stored snapshot is still listed, none with a lower version (5.5.5). notary1 lists no versions; there
 * the targets documents themselves are compared. @throws metadata.rollback
 */
export function requireSnapshotKeeps(next: Document<Snapshot>, stored: Document<Snapshot>, dialect: DialectName): void {
  requireNotOlder(next, stored.signed.version, "the one trusted before");
  if (dialect === "notary1") return;
  for (const [role, before] of stored.signed.meta) {
    const now = next.signed.meta.get(role);
    if (now === undefined) throw rollback(`snapshot version ${next.signed.version} no longer lists ${role}`);
    if ((now.version ?? 0) < (before.version ?? 0)) {
      throw rollback(
        `snapshot version ${next.signed.version} lists ${role} version ${now.version}, before it was ${before.version}`,
      );
    }
  }
}

function rollback(message: string): CountersignError {
  return new CountersignError("metadata.rollback", message, {
    hints: ["the server answers with old data: a mirror that lags, a restored backup, or an attack"],
  });
}
