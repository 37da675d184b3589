// The roles a trust server signs: the next snapshot and the next timestamp of one dialect, as models. The server signs them
// (signDocument) with the keys the root names. Hashes are always those of the exact stored bytes: a server that hashes what it
// would have written itself bricks the collection (notary-v1, 9.5, the hash trap).
import { CountersignError, parseRoleName, type RoleName, sha256, sha512 } from "../bytes/index.ts";
import type { Dialect } from "../dialects/index.ts";
import type { Document, MetaEntry, Root, Snapshot, Targets, Timestamp } from "../tuf/index.ts";

export interface NextSnapshot {
  /** The newest stored snapshot of this dialect, if any; its entries carry over. */
  readonly previous: Snapshot | undefined;
  /** The root that will be current; notary1 lists it. */
  readonly root: Document<Root>;
  /** Targets roles that are new or changed; giving all of them is fine too. */
  readonly changed: Iterable<Document<Targets>>;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface NextTimestamp {
  /** The newest stored timestamp of this dialect, or what is known of it: only its version counts. */
  readonly previous: Pick<Timestamp, "version"> | undefined;
  readonly snapshot: Document<Snapshot>;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const rootRole = parseRoleName("root");
const targetsRole = parseRoleName("targets");

/**
 * The snapshot that follows `previous`: version + 1, every entry of `previous` kept (readers refuse a snapshot that drops one,
 * TUF 1.0.34 section 5.5.5), entries of `root` and `changed` renewed.
 * @throws metadata.rollback when a changed role is older than the one listed; metadata.missing when nothing lists `targets`
 */
export function nextSnapshot(dialect: Dialect, input: NextSnapshot): Snapshot {
  const meta = new Map<RoleName, MetaEntry>(input.previous?.meta);
  for (const document of input.changed) {
    const listed = meta.get(document.role)?.version;
    if (listed !== undefined && document.signed.version < listed) {
      throw new CountersignError(
        "metadata.rollback",
        `${document.role} version ${document.signed.version} is older than version ${listed} in the snapshot`,
      );
    }
    meta.set(document.role, dialect.name === "notary1" ? byContent(document) : byVersion(document));
  }
  if (dialect.name === "notary1") meta.set(rootRole, byContent(input.root));
  if (!meta.has(targetsRole)) {
    throw new CountersignError("metadata.missing", "a snapshot needs the targets role, and none is stored or uploaded");
  }
  return {
    type: "snapshot",
    version: (input.previous?.version ?? 0) + 1,
    expires: dialect.formatExpiry(input.expiresAt),
    meta,
    extra: {},
  };
}

/** The timestamp that follows `previous`: version + 1, pointing at the exact bytes of `snapshot`. */
export function nextTimestamp(dialect: Dialect, input: NextTimestamp): Timestamp {
  const content = byContent(input.snapshot);
  const version = dialect.name === "notary1" ? undefined : input.snapshot.signed.version;
  return {
    type: "timestamp",
    version: (input.previous?.version ?? 0) + 1,
    expires: dialect.formatExpiry(input.expiresAt),
    snapshot: { ...content, version },
    extra: {},
  };
}

/** notary1 links by length and hashes; sha512 is what Notary's own server writes beside sha256. */
function byContent(document: Document): MetaEntry {
  const hashes = new Map([
    ["sha256", sha256(document.bytes)],
    ["sha512", sha512(document.bytes)],
  ]);
  return { version: undefined, length: document.bytes.length, hashes };
}

/** tuf1 snapshots link by version alone: hashes would cost about 90 bytes a role (tuf-1.0, section 6). */
function byVersion(document: Document): MetaEntry {
  return { version: document.signed.version, length: undefined, hashes: new Map() };
}
