// Preflight, second half: the signed documents are read by the readers' own code before anybody else sees them, in each dialect, by one
// who comes for the first time and by one who holds the present state. The roots are read as they are; below them a stand-in
// server makes snapshot and timestamp, because the real ones do not exist yet.
import { encodeHex, type Gun, isCountersignError, parseRoleName, type RoleName, sha256 } from "../bytes/index.ts";
import { type Dialect, dialectNamed, rememberingDialect } from "../dialects/index.ts";
import { generateSigner, type Signer } from "../keys/index.ts";
import { type DialectName, type Document, type Root, type Targets, TrustedSet } from "../tuf/index.ts";
import { isBin } from "./bins.ts";
import { judgeSnapshot } from "./client-snapshot.ts";
import { rootRole, targetsRole } from "./collection-draft.ts";
import type { CollectionState, DialectState } from "./collection-state.ts";
import { delegatorOf } from "./delegated-paths.ts";
import { type Finding, finding, refuseLockOut } from "./findings.ts";
import { documentsOf, maxBlobBytes, type Publication } from "./publication.ts";
import { isSnapshotDocument, isTargetsDocument, standInServer, type TargetsByRole } from "./stand-in-server.ts";

const snapshotRole = parseRoleName("snapshot");

/** One dialect of a publication, before and after. */
interface Reading {
  readonly gun: Gun;
  readonly dialect: Dialect;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly before: DialectState | undefined;
  readonly newRoots: readonly Document[];
  readonly changed: readonly Document<Targets>[];
  /** The throw-away key of the stand-in server, the same in both dialects. */
  readonly standIn: Signer;
}

/**
 * Reads a publication as every reader will; what a reader refuses is a finding. `state` undefined: the first publish of a
 * collection. `now` in milliseconds since the epoch.
 */
export async function preflightPublication(
  publication: Publication,
  state: CollectionState | undefined,
  now: number,
): Promise<readonly Finding[]> {
  const findings = [...blobFindings(publication), ...levelFindings(publication)];
  const standIn = await generateSigner();
  for (const name of new Set(publication.documents.map((document) => document.dialect))) {
    const documents = documentsOf(publication, name);
    const before = state?.dialects.get(name);
    // Every reader below is shown the same bytes: what one of them decoded the others do not decode again, and what the
    // publisher's own reading has decoded and verified just now (the present state) is not decoded at all.
    const dialect = rememberingDialect(dialectNamed(name));
    if (before !== undefined) dialect.rememberRoot(before.root);
    for (const document of before?.targets.values() ?? []) dialect.rememberTargets(document);
    const reading: Reading = {
      gun: publication.gun,
      dialect,
      now,
      before,
      newRoots: documents.filter((document) => document.role === rootRole),
      changed: documents.filter(isTargetsDocument),
      standIn,
    };
    const { root, refusal } = readRoots(reading);
    if (refusal !== undefined) findings.push(refusal);
    if (root === undefined) continue;
    findings.push(...(await readBelow(reading, root)));
    const snapshot = documents.find(isSnapshotDocument);
    if (snapshot !== undefined) {
      const after = new Map([...(before?.targets ?? []), ...reading.changed.map((one) => [one.role, one] as const)]);
      findings.push(...judgeSnapshot(reading, snapshot, root, after, now));
    }
  }
  return findings;
}

/** Nothing is uploaded before this has passed. Answers the warnings. @throws preflight.would_lock_out */
export async function assertPublishable(
  publication: Publication,
  state: CollectionState | undefined,
  now: number,
): Promise<readonly Finding[]> {
  const findings = await preflightPublication(publication, state, now);
  refuseLockOut(findings);
  return findings;
}

/** From the root that readers hold to the newest one. */
function readRoots(reading: Reading): { readonly root?: Document<Root>; readonly refusal?: Finding } {
  const { dialect, gun, now, before, newRoots } = reading;
  const [first, ...rest] = before === undefined ? newRoots : [before.root, ...newRoots];
  if (first === undefined) {
    return { refusal: refused(reading, rootRole, "a collection begins with a root, and there is none") };
  }
  let root: Document<Root> | undefined;
  try {
    const set = TrustedSet.fromRoot(first.bytes, { dialect, gun, now });
    for (const next of rest) set.updateRoot(next.bytes);
    root = set.root;
    set.finishRoots();
    return { root };
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    const refusal = refused(reading, rootRole, `readers refuse it: ${cause.message}`, cause);
    return root === undefined ? { refusal } : { root, refusal };
  }
}

async function readBelow(reading: Reading, root: Document<Root>): Promise<readonly Finding[]> {
  const { dialect, gun, now, before, changed } = reading;
  const server = await standInServer(dialect, gun, root.signed, { now, signer: reading.standIn });
  const held: TargetsByRole = before?.targets ?? new Map();
  const after = new Map([...held, ...changed.map((document) => [document.role, document] as const)]);
  const options = { dialect, gun, now };
  if (!after.has(targetsRole)) {
    return [refused(reading, targetsRole, "a collection needs its targets role, and there is none")];
  }
  const previous = { snapshot: dialect.name === "tuf1" ? before?.snapshot?.signed : undefined, timestampVersion: 0 };
  try {
    const kept = held.has(targetsRole) ? await server.serve(held.values(), previous) : undefined;
    const snapshot = kept?.snapshot.signed ?? previous.snapshot;
    const next = await server.serve(changed, { snapshot, timestampVersion: 1 });
    const fresh = TrustedSet.fromRoot(server.root.bytes, options);
    fresh.finishRoots();
    const findings = readAll(reading, fresh, next, after, "a new reader");
    if (kept === undefined || findings.length > 0) return findings;
    const holder = TrustedSet.fromRoot(server.root.bytes, options);
    holder.finishRoots();
    holder.loadCachedTimestamp(kept.timestamp.bytes);
    holder.loadCachedSnapshot(kept.snapshot.bytes);
    for (const document of held.values()) holder.loadCachedTargets(document.role, document.bytes);
    return readAll(reading, holder, next, after, "a reader of the present state");
  } catch (cause) {
    // Only the server's side can throw here: it refuses a role older than the one its snapshot lists.
    if (!isCountersignError(cause, "metadata.rollback")) throw cause;
    return [refused(reading, targetsRole, `the server refuses it: ${cause.message}`, cause)];
  }
}

/** Timestamp, snapshot and every targets role that can be reached; one that is signed and cannot be reached is for nobody. */
function readAll(
  reading: Reading,
  set: TrustedSet,
  served: { readonly snapshot: Document; readonly timestamp: Document },
  after: TargetsByRole,
  reader: string,
): readonly Finding[] {
  const findings: Finding[] = [];
  const attempt = (role: RoleName, step: () => unknown): boolean => {
    try {
      step();
      return true;
    } catch (cause) {
      if (!isCountersignError(cause)) throw cause;
      findings.push(refused(reading, role, `${reader} refuses it: ${cause.message}`, cause));
      return false;
    }
  };
  const isServed = attempt(snapshotRole, () => {
    set.updateTimestamp(served.timestamp.bytes);
    set.updateSnapshot(served.snapshot.bytes);
  });
  if (!isServed) return findings;
  const reached = new Set<string>();
  const pending = [targetsRole];
  for (let role = pending.shift(); role !== undefined; role = pending.shift()) {
    const document = after.get(role);
    if (document === undefined || reached.has(role)) continue;
    const delegator = role === targetsRole ? rootRole : delegatorOf(role);
    reached.add(role);
    if (!attempt(role, () => set.updateTargets(document.role, document.bytes, delegator))) continue;
    pending.push(...(document.signed.delegations?.roles ?? []).map(({ name }) => name));
    // Of succinct bins those that are at hand.
    if (document.signed.delegations?.succinct === undefined) continue;
    for (const name of after.keys()) if (isBin(document.signed.delegations, name)) pending.push(name);
  }
  for (const { role } of reading.changed) {
    if (reached.has(role) || findings.length > 0) continue;
    findings.push(refused(reading, role, `${reader} never comes to it: nothing delegates to the role`));
  }
  return findings;
}

/** The server stores a blob under its digest and serves it as a target; a wrong one would be a target nobody can download. */
function blobFindings(publication: Publication): Finding[] {
  const findings: Finding[] = [];
  for (const [name, bytes] of publication.blobs) {
    if (encodeHex(sha256(bytes)) !== name) {
      findings.push(
        finding("bricking", "reader.refuses", `blob ${name.slice(0, 80)} is not the content of that digest`),
      );
    } else if (bytes.length > maxBlobBytes) {
      const message = `blob ${name} has ${bytes.length} bytes; the server takes ${maxBlobBytes}`;
      findings.push(finding("bricking", "document.too_large", message));
    }
  }
  return findings;
}

/** Readers remember one version of a role for both dialects: a document that lags is a rollback to them when they switch. */
function levelFindings(publication: Publication): readonly Finding[] {
  const versions = new Map<string, Map<DialectName, number>>();
  for (const { dialect, role, signed } of publication.documents) {
    // Its versions are of no concern across dialects: readers remember roots and targets roles.
    if (role === snapshotRole) continue;
    const known = versions.get(role) ?? new Map<DialectName, number>();
    versions.set(role, known.set(dialect, Math.max(known.get(dialect) ?? 0, signed.version)));
  }
  return [...versions]
    .filter(([, byDialect]) => new Set(byDialect.values()).size > 1)
    .map(([role, byDialect]) => {
      const list = [...byDialect].map(([dialect, version]) => `${dialect} ${version}`).join(", ");
      const message = `${role} would have different versions (${list}): readers that switch dialect would see a rollback`;
      return finding("warning", "version.not_level", message);
    });
}

function refused(reading: Reading, role: RoleName, message: string, cause?: unknown): Finding {
  const hints = isCountersignError(cause) ? cause.hints : [];
  return finding("bricking", "reader.refuses", message, { dialect: reading.dialect.name, role, hints, cause });
}
