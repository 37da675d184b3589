// Timestamp, snapshot and targets roles, each checked against its parent and stored once it is trusted, in that order (TUF 1.0.34, 5.4 to
// 5.6). A stored document stands in for a download when it passes the very checks that the download would have to pass.
import { CountersignError, equalBytes, isCountersignError, parseRoleName, type RoleName } from "../bytes/index.ts";
import { roleInTuf1 } from "../dialects/index.ts";
import type { Document, MetaEntry, Targets, TrustedSet } from "../tuf/index.ts";
import { metadataFile } from "./repository-urls.ts";
import { openTrustedSet } from "./root-chain.ts";
import type { Session } from "./session.ts";

const rootRole = parseRoleName("root");
const targetsRole = parseRoleName("targets");
const snapshotRole = parseRoleName("snapshot");

/** All top-level roles, up to date. @throws root.missing, metadata.*, threshold.*, signature.none, json.*, download.*, disk.* */
export async function refreshRepository(session: Session): Promise<TrustedSet> {
  const set = await openTrustedSet(session);
  await refreshTimestamp(session, set);
  await refreshSnapshot(session, set);
  await refreshTargets(session, set, targetsRole, rootRole);
  return set;
}

async function refreshTimestamp({ store, limits, fetchMetadata }: Session, set: TrustedSet): Promise<void> {
  const stored = await store.read("timestamp");
  const isTrusted = stored !== undefined && set.loadCachedTimestamp(stored);
  if (stored !== undefined && !isTrusted) await store.remove("timestamp");
  const bytes = await fetchMetadata(metadataFile("timestamp", undefined), limits.timestampBytes);
  if (bytes === undefined) throw missing("timestamp");
  const timestamp = set.updateTimestamp(bytes);
  // An equal version keeps the stored one (5.4.3.1), and then there is nothing to write.
  if (!isTrusted || !equalBytes(timestamp.bytes, stored)) await store.write("timestamp", timestamp.bytes);
}

async function refreshSnapshot(session: Session, set: TrustedSet): Promise<void> {
  const stored = await session.store.read("snapshot");
  if (stored !== undefined && !set.loadCachedSnapshot(stored)) await session.store.remove("snapshot");
  await storedOrFetched(session, set, snapshotRole, stored, session.limits.snapshotBytes, (bytes) =>
    set.updateSnapshot(bytes),
  );
}

/**
 * A targets role, reached through `delegator`, whose keys decide. The stored file of a role is no second opinion on its version: what
 * the snapshot lists is (5.6.4), or a repository could never recover from a fast-forward attack on its targets.
 * @throws metadata.unlisted when the snapshot does not list it
 */
export async function refreshTargets(
  session: Session,
  set: TrustedSet,
  role: RoleName,
  delegator: RoleName,
): Promise<Document<Targets>> {
  requireListed(set, role);
  const stored = await session.store.read(roleInTuf1(role));
  return storedOrFetched(session, set, role, stored, session.limits.targetsBytes, (bytes) =>
    set.updateTargets(role, bytes, delegator),
  );
}

async function storedOrFetched<T extends Document>(
  session: Session,
  set: TrustedSet,
  role: RoleName,
  stored: Uint8Array | undefined,
  limit: number,
  accept: (bytes: Uint8Array) => T,
): Promise<T> {
  const entry = requireListed(set, role);
  if (stored !== undefined) {
    try {
      return accept(stored);
    } catch (error) {
      if (!isCountersignError(error) || error.kind !== "untrusted") throw error;
    }
  }
  const document = accept(await fetchListed(session, set, role, entry, limit));
  await session.store.write(roleInTuf1(role), document.bytes);
  return document;
}

async function fetchListed(
  session: Session,
  set: TrustedSet,
  role: RoleName,
  entry: MetaEntry,
  limit: number,
): Promise<Uint8Array> {
  const name = roleInTuf1(role);
  const file = metadataFile(name, set.root.signed.consistentSnapshot ? entry.version : undefined);
  const maxBytes = entry.length === undefined ? limit : Math.min(entry.length, session.limits.listedBytes);
  try {
    const bytes = await session.fetchMetadata(file, maxBytes);
    if (bytes === undefined) throw missing(name);
    return bytes;
  } catch (error) {
    // Longer than its parent says is a lie about the document, not a weakness of the network.
    if (!isCountersignError(error, "download.too_large") || maxBytes !== entry.length) throw error;
    throw new CountersignError("metadata.length_mismatch", `${name} is longer than the ${entry.length} bytes listed`, {
      cause: error,
    });
  }
}

function requireListed(set: TrustedSet, role: RoleName): MetaEntry {
  const entry = set.expected(role);
  if (entry !== undefined) return entry;
  const version = set.snapshot?.signed.version ?? "unknown";
  throw new CountersignError("metadata.unlisted", `${roleInTuf1(role)} is not in snapshot version ${version}`);
}

function missing(role: string): CountersignError {
  return new CountersignError("metadata.missing", `the repository has no ${role}`, {
    hints: ["it may just be publishing: try again; if it persists, the repository is incomplete"],
  });
}
