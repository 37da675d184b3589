// Which documents of a collection its old server serves as current: the newest timestamp, the snapshot that it names by hash, and what
// that snapshot names (notary-v1, 7.1). Where a link is missing the newest of the role stands in, so that the owner finds the collection
// as it was and can mend it, and so that its name does not fall free for somebody else.
import { encodeHex, type Hashes, isCountersignError, parseRoleName, type RoleName } from "../bytes/index.ts";
import type { Dialect, Document, Snapshot, Timestamp } from "../tuf/index.ts";
import type { Finding } from "./report.ts";
import type { SourceDocument, SourceDocuments } from "./stored-documents.ts";

export interface ServedSet {
  readonly timestamp: Served<Timestamp> | undefined;
  readonly snapshot: Served<Snapshot> | undefined;
  /** Every role, also timestamp and snapshot. */
  readonly current: ReadonlyMap<RoleName, SourceDocument>;
  readonly findings: readonly Finding[];
  /** Every link from the timestamp to root and targets is there. */
  readonly isLinked: boolean;
}

export interface Served<T extends Timestamp | Snapshot> {
  readonly stored: SourceDocument;
  readonly document: Document<T>;
}

const rootRole = parseRoleName("root");
const targetsRole = parseRoleName("targets");
const snapshotRole = parseRoleName("snapshot");
const timestampRole = parseRoleName("timestamp");

export async function findServedSet(gun: string, source: SourceDocuments, dialect: Dialect): Promise<ServedSet> {
  const current = new Map<RoleName, SourceDocument>();
  const findings: Finding[] = [];
  let isLinked = true;
  const unlinked = (role: RoleName, message: string, isFatal: boolean) => {
    if (isFatal) isLinked = false;
    findings.push({
      severity: isFatal ? "broken" : "warning",
      code: "document.unreachable",
      gun,
      role,
      message,
      consequence: isFatal
        ? "the old server answers 404 for the collection; what is stored is kept, and whoever holds its keys can publish a repair"
        : "readers cannot have this role, as before",
    });
  };

  const decoded = async <T extends Timestamp | Snapshot>(
    stored: SourceDocument | undefined,
    decode: (bytes: Uint8Array) => Document<T>,
  ): Promise<Served<T> | undefined> => {
    if (stored === undefined) return undefined;
    current.set(stored.role, stored);
    try {
      return { stored, document: decode(await source.read(stored)) };
    } catch (error) {
      if (!isCountersignError(error) || error.kind !== "untrusted") throw error;
      unlinked(stored.role, `version ${stored.version} does not decode: ${error.message}`, true);
      return undefined;
    }
  };

  const timestamp = await decoded<Timestamp>(newest(source, timestampRole), dialect.decodeTimestamp);
  if (!current.has(timestampRole)) unlinked(timestampRole, "there is no timestamp", true);
  const namedSnapshot = byHash(source, snapshotRole, timestamp?.document.signed.snapshot.hashes);
  if (timestamp !== undefined && namedSnapshot === undefined) {
    unlinked(snapshotRole, `timestamp version ${timestamp.stored.version} names a snapshot that is not stored`, true);
  }
  const snapshot = await decoded<Snapshot>(namedSnapshot ?? newest(source, snapshotRole), dialect.decodeSnapshot);

  for (const [role, entry] of snapshot?.document.signed.meta ?? []) {
    const stored = byHash(source, role, entry.hashes);
    const standIn = stored ?? newest(source, role);
    if (standIn !== undefined) current.set(role, standIn);
    if (stored === undefined) {
      const why = standIn === undefined ? "no version of it is" : `version ${standIn.version} is, with other bytes`;
      const message = `snapshot version ${snapshot?.stored.version} names a ${role} that is not stored; ${why}`;
      unlinked(role, message, role === rootRole || role === targetsRole);
    }
  }
  for (const role of [rootRole, targetsRole, snapshotRole]) {
    if (current.has(role)) continue;
    const standIn = newest(source, role);
    if (standIn !== undefined) current.set(role, standIn);
    if (snapshot !== undefined) unlinked(role, `snapshot version ${snapshot.stored.version} does not name it`, true);
    else if (standIn === undefined) unlinked(role, "no version of it is stored", true);
  }
  return { timestamp, snapshot, current, findings: [...findings, ...hidden(gun, source, current)], isLinked };
}

/** Versions above the one served: they were stored, and no snapshot names them. */
function hidden(
  gun: string,
  source: SourceDocuments,
  current: ReadonlyMap<RoleName, SourceDocument>,
): readonly Finding[] {
  return source.documents.flatMap((document): readonly Finding[] => {
    const served = current.get(document.role);
    if (served === undefined || document.version <= served.version) return [];
    const { role, version } = document;
    return [
      {
        severity: "warning",
        code: "document.unreachable",
        gun,
        role,
        version,
        message: `it is newer than version ${served.version}, which is the one that readers get`,
        consequence: "kept, as on the old server: the next publish of this role gets a higher version",
      },
    ];
  });
}

function newest(source: SourceDocuments, role: RoleName): SourceDocument | undefined {
  const versions = source.documents.filter((document) => document.role === role);
  return versions.reduce<SourceDocument | undefined>(
    (best, next) => (best === undefined || next.version > best.version ? next : best),
    undefined,
  );
}

function byHash(source: SourceDocuments, role: RoleName, hashes: Hashes | undefined): SourceDocument | undefined {
  const hash = hashes?.get("sha256");
  if (hash === undefined) return undefined;
  const hex = encodeHex(hash);
  return source.documents.find((document) => document.role === role && document.sha256 === hex);
}
