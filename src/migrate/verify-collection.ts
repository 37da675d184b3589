// A collection of the old server, read with the verifier's own code (tuf/): the root chain in order of versions, then what the old
// server serves, as a reader without a cache reads it. Dates that have passed are findings and stop nothing, since the owner or the new
// server can renew; anything else that a reader would refuse makes the collection broken. It decides nothing about the copy.
import { CountersignError, type Gun, isCountersignError, parseRoleName, type RoleName } from "../bytes/index.ts";
import { notary1, rememberingDialect } from "../dialects/index.ts";
import {
  type Dialect,
  type Document,
  isExpired,
  listTargets,
  type Root,
  type Targets,
  type Timestamp,
  TrustedSet,
  walkRoles,
} from "../tuf/index.ts";
import type { Finding } from "./report.ts";
import { findServedSet } from "./served-set.ts";
import type { SourceDocument, SourceDocuments } from "./stored-documents.ts";

export interface VerifiedCollection {
  /** A fresh reader would get through, dates of documents aside. */
  readonly isVerified: boolean;
  /** What readers get, by role. */
  readonly current: ReadonlyMap<RoleName, SourceDocument>;
  /** In the chain, or served: no old client can do without them. */
  readonly needed: ReadonlySet<SourceDocument>;
  /** Tags that a reader finds. */
  readonly targets: number;
  readonly roots: readonly Document<Root>[];
  /** The root in force; undefined when there is none that could be one. */
  readonly root: Document<Root> | undefined;
  readonly timestamp: { readonly document: Document<Timestamp>; readonly stored: SourceDocument } | undefined;
  readonly findings: readonly Finding[];
}

const rootRole = parseRoleName("root");

/** @throws migrate.source_invalid, storage.unavailable when the source cannot be read any more */
export async function verifyCollection(gun: Gun, source: SourceDocuments, now: number): Promise<VerifiedCollection> {
  const dialect = rememberingDialect(notary1);
  const served = await findServedSet(gun, source, dialect);
  const findings: Finding[] = [...served.findings];
  const note = (finding: Omit<Finding, "gun">) => findings.push({ ...finding, gun });

  const roots = await decodedRoots(source, dialect, note);
  const servedRoot = served.current.get(rootRole);
  const root = roots.find((document) => document.signed.version === servedRoot?.version);
  const common = {
    current: served.current,
    needed: new Set([...served.current.values(), ...source.documents.filter(({ role }) => role === rootRole)]),
    roots,
    root,
    timestamp: served.timestamp,
  };
  if (root === undefined) {
    note({
      severity: "left_out",
      code: "collection.no_root",
      message: servedRoot === undefined ? "no root is stored" : `root version ${servedRoot.version} does not decode`,
      consequence:
        "without a root nobody could read it, publish to it or repair it; its name is free on the new server",
    });
    return { ...common, isVerified: false, targets: 0, findings };
  }

  const expiries = [root, served.timestamp?.document, served.snapshot?.document].flatMap((document) =>
    document === undefined ? [] : [document.signed.expires.at],
  );
  const top = served.current.get(parseRoleName("targets"));
  const topExpiry = top === undefined ? undefined : await expiryOf(source, dialect, top);
  // The last moment at which all of it was in force, or the present. Certificates are held against the present all the same.
  const ends = topExpiry === undefined ? expiries : [...expiries, topExpiry];
  const at = Math.min(now, ...ends.map((end) => end - 1));
  const strict = { ...dialect, acceptsRootKey: acceptingAt(now) };
  const options = { gun, now: at };

  let isVerified = served.isLinked;
  let set = followRoots(roots, root, { ...options, dialect: strict }, note);
  try {
    set?.finishRoots();
  } catch (error) {
    if (!isCountersignError(error, "certificate.invalid")) throw error;
    isVerified = false;
    note({
      severity: "broken",
      code: "certificate.expired",
      role: "root",
      version: root.signed.version,
      message: error.message,
      consequence:
        "every Notary client refuses it and nobody can repair it: the owner has to start the collection anew",
    });
    set = followRoots(
      roots,
      root,
      { ...options, dialect: { ...dialect, acceptsRootKey: acceptingAt(undefined) } },
      () => 0,
    );
    set?.finishRoots();
  }
  if (set === undefined) return { ...common, isVerified: false, targets: 0, findings };

  const reading = served.isLinked ? await readBelow(set, source, served.current, note) : undefined;
  noteExpiries([root, served.snapshot?.document, served.timestamp?.document, ...set.targets.values()], now, note);
  return { ...common, isVerified: isVerified && reading !== undefined, targets: reading ?? 0, findings };
}

/** Canonical ids of the keys that any root names for timestamp or snapshot. */
export function onlineKeysNamed(roots: readonly Document<Root>[], role: "timestamp" | "snapshot"): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { signed } of roots) {
    for (const keyId of signed.roles[role].keyIds) {
      const id = signed.keys.get(keyId)?.publicKey?.id;
      if (id !== undefined) ids.add(id);
    }
  }
  return ids;
}

type Note = (finding: Omit<Finding, "gun">) => unknown;

/** Dates of certificates are judged at `now`, at whatever time documents are; undefined = not at all. */
function acceptingAt(now: number | undefined): Dialect["acceptsRootKey"] {
  return (key, use) => notary1.acceptsRootKey(key, { ...use, now: use.now === undefined ? undefined : now });
}

async function decodedRoots(source: SourceDocuments, dialect: Dialect, note: Note): Promise<readonly Document<Root>[]> {
  const roots: Document<Root>[] = [];
  const stored = source.documents.filter(({ role }) => role === rootRole).toSorted((a, b) => a.version - b.version);
  for (const document of stored) {
    try {
      roots.push(dialect.decodeRoot(await source.read(document)));
    } catch (error) {
      if (!isCountersignError(error) || error.kind !== "untrusted") throw error;
      note({
        severity: "warning",
        code: "root.chain",
        role: "root",
        version: document.version,
        message: `it does not decode: ${error.message}`,
        consequence: "readers whose cached root is older cannot follow; fresh ones can",
      });
    }
  }
  return roots;
}

async function expiryOf(
  source: SourceDocuments,
  dialect: Dialect,
  stored: SourceDocument,
): Promise<number | undefined> {
  try {
    return dialect.decodeTargets(stored.role, await source.read(stored)).signed.expires.at;
  } catch (error) {
    if (isCountersignError(error) && error.kind === "untrusted") return undefined;
    throw error;
  }
}

/** From the oldest stored root to the one in force. A step that old readers could not take is a finding; the walk goes on behind it. */
function followRoots(
  roots: readonly Document<Root>[],
  last: Document<Root>,
  options: { readonly gun: Gun; readonly now: number; readonly dialect: Dialect },
  note: Note,
): TrustedSet | undefined {
  let set: TrustedSet | undefined;
  for (const root of roots) {
    const { version } = root.signed;
    if (version > last.signed.version) break;
    const before = set;
    try {
      if (set === undefined) set = TrustedSet.fromRoot(root.bytes, options);
      else set.updateRoot(root.bytes);
    } catch (error) {
      if (!isCountersignError(error) || error.kind !== "untrusted") throw error;
      set = startAgain(root, options);
      const isLast = version === last.signed.version;
      if (set === undefined && !isLast) {
        noteChain(note, version, `it verifies neither by itself nor after the root before it: ${error.message}`);
      } else if (set === undefined) {
        note({
          severity: "broken",
          code: "collection.unreadable",
          role: "root",
          version,
          message: `the root in force does not verify: ${error.message}`,
          consequence: "readers refuse it; kept as it is, so that its owner can publish a repair",
        });
      } else {
        noteChain(note, version, `it does not follow version ${before?.root.signed.version}: ${error.message}`);
      }
    }
  }
  return set;
}

function noteChain(note: Note, version: number, message: string): void {
  const consequence = "readers whose cached root is older cannot follow, as before; fresh ones can";
  note({ severity: "warning", code: "root.chain", role: "root", version, message, consequence });
}

function startAgain(root: Document<Root>, options: Parameters<typeof TrustedSet.fromRoot>[1]): TrustedSet | undefined {
  try {
    return TrustedSet.fromRoot(root.bytes, options);
  } catch (error) {
    if (isCountersignError(error) && error.kind === "untrusted") return undefined;
    throw error;
  }
}

/** Timestamp, snapshot, targets, delegations. The number of targets that a reader finds; undefined when it does not get that far. */
async function readBelow(
  set: TrustedSet,
  source: SourceDocuments,
  current: ReadonlyMap<RoleName, SourceDocument>,
  note: Note,
): Promise<number | undefined> {
  const bytesOf = async (role: string): Promise<Uint8Array> => {
    const stored = current.get(parseRoleName(role));
    if (stored === undefined) throw new CountersignError("metadata.unlisted", `${role} is not stored`);
    return source.read(stored);
  };
  let role = "timestamp";
  try {
    set.updateTimestamp(await bytesOf(role));
    role = "snapshot";
    set.updateSnapshot(await bytesOf(role));
    role = "targets";
    const walk = walkRoles("notary1");
    let step = walk.next();
    while (step.done !== true) {
      const visit = step.value;
      role = visit.role;
      step = walk.next(await visited(set, visit.role, visit.delegator, bytesOf, note));
    }
    return listTargets("notary1", step.value).length;
  } catch (error) {
    if (!isCountersignError(error) || !["untrusted", "missing"].includes(error.kind)) throw error;
    note({
      severity: "broken",
      code: "collection.unreadable",
      role,
      message: error.message,
      consequence: "readers refuse it, as before; kept as it is, so that its owner can publish a repair",
    });
    return undefined;
  }
}

/** A delegated role that cannot be used is passed over, as Notary's readers do (notary-v1, 9.2). */
async function visited(
  set: TrustedSet,
  role: RoleName,
  delegator: RoleName,
  bytesOf: (role: string) => Promise<Uint8Array>,
  note: Note,
): Promise<Targets | undefined> {
  try {
    const known = set.trustedTargets(role, delegator);
    return (known ?? set.updateTargets(role, await bytesOf(role), delegator)).signed;
  } catch (error) {
    if (role === "targets" || !isCountersignError(error) || error.kind !== "untrusted") throw error;
    // Never published: a delegation is often made before its first signature.
    if (error.code === "metadata.unlisted") return undefined;
    note({
      severity: "warning",
      code: "delegation.unusable",
      role,
      message: error.message,
      consequence: "readers pass over it, as before; a holder of its keys can sign it again",
    });
    return undefined;
  }
}

function noteExpiries(documents: readonly (Document | undefined)[], now: number, note: Note): void {
  for (const document of documents) {
    if (document === undefined || !isExpired(document.signed.expires, now)) continue;
    const isOnline = document.role === "timestamp";
    note({
      severity: isOnline ? "note" : "warning",
      code: "document.expired",
      role: document.role,
      version: document.signed.version,
      message: `expired on ${document.signed.expires.text}`,
      consequence: expiredConsequence(document.role),
    });
  }
}

function expiredConsequence(role: string): string {
  if (role === "timestamp") return "the new server renews it when it starts, if it has the key";
  if (role === "snapshot")
    return "the new server renews it when it starts, if the server holds its key; else its owner must publish";
  return "readers refuse it, as before, until its owner publishes it with a new date";
}
