// One collection from the old server to the new one: read, verified, its keys taken over, written in one transaction with its keys. A run
// that is killed leaves it whole or absent; what is larger than memory comes in parts, and becomes current with the last one only.
import { type Gun, isCountersignError } from "../bytes/index.ts";
import type { PassphraseOf } from "../notary-signer/index.ts";
import { renewalTime, withJitter } from "../server/index.ts";
import type { Added, DocumentVersion, ImportedCollection, Storage } from "../storage/index.ts";
import type { KeyRow, NotaryServerSource, NotarySignerSource, TufRow } from "./notary-source.ts";
import type { Finding, Tally } from "./report.ts";
import { type KeyDestination, knownKeys, type ServerKeys, takeServerKeys } from "./server-keys.ts";
import { standingOf } from "./standing.ts";
import { heldBytes, readDocuments, type SourceDocument, type SourceDocuments } from "./stored-documents.ts";
import type { UnnamedKeys } from "./unnamed-keys.ts";
import { type VerifiedCollection, verifyCollection } from "./verify-collection.ts";

export interface CollectionContext {
  readonly server: NotaryServerSource;
  readonly signer: NotarySignerSource | undefined;
  /** undefined: a dry run. */
  readonly storage: Storage | undefined;
  readonly keys: KeyDestination;
  readonly passphraseOf: PassphraseOf;
  readonly unnamed: UnnamedKeys;
  /** Reads and verifies also what an earlier run has brought. */
  readonly readsAgain: boolean;
  readonly tally: Tally;
  readonly now: number;
}

/** @throws storage.*, migrate.source_invalid, disk.*: what stops the whole migration */
export async function migrateCollection(
  context: CollectionContext,
  gun: Gun,
  keyRows: readonly KeyRow[],
): Promise<void> {
  const { server, storage, tally, now } = context;
  const rows = await server.rows(gun);
  const standing = storage === undefined ? undefined : await standingOf(storage, gun, rows);
  if (standing?.kind === "parted") {
    if (context.unnamed.size > 0) await verifiedAndClaimed(context, gun, rows);
    return conflict(tally, gun, standing.why);
  }
  if (standing?.kind === "ahead") {
    tally.add({
      severity: "note",
      code: "collection.moved_on",
      gun,
      message: "everything of the old server's is here, and newer documents: the new server has taken over",
    });
  }
  const isHere = standing?.kind === "same" || standing?.kind === "ahead";
  if (isHere && !context.readsAgain) {
    tally.collections.already += 1;
    await addKeysOnly(context, gun, keyRows);
    return;
  }

  const { source, verified } = await verifiedAndClaimed(context, gun, rows);
  const { copied, findings } = choose(gun, source, verified);
  tally.add(...source.findings, ...verified.findings, ...findings);
  tally.documents.found += rows.length;
  tally.documents.leftOut += rows.length - copied.length;
  if (verified.root === undefined) {
    tally.collections.leftOut += 1;
    tally.documents.leftOut += copied.length;
    tally.keys.leftOut += keyRows.length;
    return;
  }
  const keys = await takeKeys(context, gun, keyRows, verified);
  // A dry run knows nothing of what may be here.
  let added: Added = isHere ? nothing : { documents: copied.length, bytes: sizeOf(copied) };
  try {
    if (storage !== undefined && !isHere)
      added = await bring(storage, importOf(gun, verified, copied, source, keys, now), source, copied);
  } catch (error) {
    if (!isCountersignError(error, "storage.conflict")) throw error;
    return conflict(tally, gun, error.message);
  }
  tally.collections[isHere ? "already" : "copied"] += 1;
  tally.collections[verified.isVerified ? "verified" : "broken"] += 1;
  tally.targets += verified.targets;
  tally.documents.copied += added.documents;
  tally.documents.bytes += added.bytes;
}

const nothing: Added = { documents: 0, bytes: 0 };

function sizeOf(documents: readonly SourceDocument[]): number {
  return documents.reduce((sum, { row }) => sum + row.bytes, 0);
}

async function verifiedAndClaimed({ server, unnamed, now }: CollectionContext, gun: Gun, rows: readonly TufRow[]) {
  const source = await readDocuments(server, gun, rows);
  const verified = await verifyCollection(gun, source, now);
  unnamed.claim(gun, source, verified);
  return { source, verified };
}

/** Keys that the old server made for a name since, or before anything was published under it. */
export async function addKeysOnly(context: CollectionContext, gun: Gun, keyRows: readonly KeyRow[]): Promise<void> {
  if (keyRows.length === 0) return;
  const { keys } = await takeKeys(context, gun, keyRows, undefined);
  for (const key of keys) await context.storage?.addServerKey(key);
}

/** Keys sealed anew are written at once: they do not wait for documents that the collection may lack. */
async function takeKeys(
  { signer, storage, keys, passphraseOf, unnamed, tally, now }: CollectionContext,
  gun: Gun,
  rows: readonly KeyRow[],
  verified: VerifiedCollection | undefined,
): Promise<ServerKeys> {
  const known = await knownKeys(storage, gun);
  const isDryRun = storage === undefined;
  const taken = await takeServerKeys({
    ...{ gun, rows, unnamed, signer, passphraseOf, destination: keys, isDryRun, verified, known, now },
  });
  for (const key of taken.resealed) await storage?.resealServerKey(key);
  tally.keys.copied += taken.keys.length + taken.resealed.length;
  tally.keys.already += taken.already;
  tally.keys.leftOut += taken.leftOut;
  tally.add(...taken.findings);
  return taken;
}

/** A document whose row states a wrong hash goes along where readers need it: it verifies by its bytes, not by what the row says. */
function choose(
  gun: Gun,
  source: SourceDocuments,
  verified: VerifiedCollection,
): { readonly copied: readonly SourceDocument[]; readonly findings: readonly Finding[] } {
  const copied: SourceDocument[] = [];
  const findings: Finding[] = [];
  for (const document of source.documents) {
    const isNeeded = !document.hashIsWrong || verified.needed.has(document);
    if (isNeeded) copied.push(document);
    if (!document.hashIsWrong) continue;
    const { role, version, row } = document;
    findings.push({
      severity: isNeeded ? "warning" : "left_out",
      code: "row.hash",
      gun,
      role,
      version,
      message: `its data has the sha256 ${document.sha256}, its row says ${row.sha256}`,
      consequence: isNeeded
        ? "migrated under the hash of its data, under which readers ask for it"
        : "nothing that readers get refers to it",
    });
  }
  return { copied, findings };
}

type Import = Omit<ImportedCollection, "documents">;

function importOf(
  gun: Gun,
  verified: VerifiedCollection,
  copied: readonly SourceDocument[],
  source: SourceDocuments,
  keys: ServerKeys,
  now: number,
): Import {
  const { timestamp } = verified;
  const newest = (role: string) =>
    Math.max(0, ...copied.filter((each) => each.role === role).map((each) => each.version));
  const floors = [...source.floors].flatMap(([role, version]): readonly DocumentVersion[] =>
    version > newest(role) ? [{ dialect: "notary1", role, version }] : [],
  );
  const renewAt =
    timestamp === undefined ? undefined : renewalTime(timestamp.document, timestamp.stored.row.createdAt ?? now);
  return {
    gun,
    current: [...verified.current.values()].map(versionOf),
    ...(floors.length === 0 ? {} : { floors }),
    behind: [],
    serverKeys: [...keys.keys, ...keys.usedSince],
    renewAt: renewAt === undefined ? undefined : withJitter(renewAt, now),
  };
}

const empty = new Uint8Array();

/** Storage looks only at the hash of what it has; so each part after the first names the documents before it without their bytes. */
async function bring(
  storage: Storage,
  imported: Import,
  source: SourceDocuments,
  copied: readonly SourceDocument[],
): Promise<Added> {
  let added = nothing;
  const sent: SourceDocument[] = [];
  for (const part of partsOf(copied)) {
    const isLast = sent.length + part.length === copied.length;
    const documents = [
      ...sent.map((document) => ({ ...storedForm(document), bytes: empty })),
      ...(await Promise.all(part.map(async (each) => ({ ...storedForm(each), bytes: await source.read(each) })))),
    ];
    const more = await storage.importCollection({ ...imported, documents, current: isLast ? imported.current : [] });
    added = { documents: added.documents + more.documents, bytes: added.bytes + more.bytes };
    sent.push(...part);
  }
  return added;
}

function* partsOf(documents: readonly SourceDocument[]): Generator<readonly SourceDocument[]> {
  let part: SourceDocument[] = [];
  let size = 0;
  for (const document of documents) {
    if (part.length > 0 && size + document.row.bytes > heldBytes) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(document);
    size += document.row.bytes;
  }
  if (part.length > 0) yield part;
}

function storedForm(document: SourceDocument) {
  return { ...versionOf(document), sha256: document.sha256, storedAt: document.row.createdAt ?? 0 };
}

function versionOf({ role, version }: SourceDocument): DocumentVersion {
  return { dialect: "notary1", role, version };
}

function conflict(tally: Tally, gun: Gun, why: string): void {
  tally.collections.conflicts += 1;
  tally.add({
    severity: "conflict",
    code: "collection.conflict",
    gun,
    message: why,
    consequence:
      "left as it is on the new server: two servers were published to; decide which one is right, and migrate into an empty destination if it is the old one",
  });
}
