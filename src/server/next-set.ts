// What one dialect of a collection becomes by an upload. Order of the rules: notary-v1, section 7; TUF 1.0.34, sections 5.3 and 6.3.
// The whole result is then read by a fresh reader (TrustedSet, the verifier's own code): an upload that readers could not verify is
// never stored, whoever signed it. A document that is only carried over may have expired: renewing one role must be possible
// while another waits for its owner.
import { CountersignError, type Gun, parseRoleName, type RoleName } from "../bytes/index.ts";
import { isBin, nextSnapshot, nextTimestamp } from "../publish/index.ts";
import type { StoredDocument } from "../storage/index.ts";
import {
  type Dialect,
  type Document,
  type Root,
  requireFresh,
  type Snapshot,
  type Targets,
  type Timestamp,
  TrustedSet,
} from "../tuf/index.ts";
import { readAsFresh } from "./fresh-reading.ts";
import { lifetimesMs } from "./lifetimes.ts";
import { type OnlineKeys, onlineKeys, signOnline } from "./online-roles.ts";
import { placeOf, refuse, refusingAt } from "./refusal.ts";
import type { OnlineRole, RoleSigner } from "./role-signer.ts";
import { SignedFirst } from "./signed-first.ts";
import type { UploadedDocument } from "./upload.ts";

export interface NextSetInput {
  readonly gun: Gun;
  readonly dialect: Dialect;
  /** The current documents of this dialect. */
  readonly stored: ReadonlyMap<RoleName, StoredDocument>;
  /** Versions of current documents that were left unread: they stand as they are (unread-bins.ts), unless uploaded anew. */
  readonly unread: ReadonlyMap<RoleName, number>;
  /** Of this dialect. */
  readonly uploaded: readonly UploadedDocument[];
  /** Highest version ever stored, also before a deletion. */
  readonly floor: (role: OnlineRole) => Promise<number>;
  readonly signer: RoleSigner;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

export interface NextSet {
  /** What is new: roots ascending, targets roles, snapshot, timestamp. */
  readonly documents: readonly Document[];
  readonly snapshot: Document<Snapshot>;
  readonly timestamp: Document<Timestamp>;
  /** All targets roles that readers accept after this. */
  readonly trusted: ReadonlyMap<RoleName, Document<Targets>>;
  /** Stored roles that nothing delegates to any more. */
  readonly retired: readonly RoleName[];
  /** Canonical ids of the server keys that signed. */
  readonly usedKeys: readonly string[];
  readonly isSnapshotOurs: boolean;
  /** Only hashed bins were uploaded, which the other dialect cannot have: it does not lag behind for want of them. */
  readonly isApart: boolean;
}

const rootRole = parseRoleName("root");

/** @throws RefusedUpload; server.signing_unavailable */
export async function nextSet(input: NextSetInput): Promise<NextSet> {
  const { stored, now } = input;
  const gate = new SignedFirst(input.dialect, input.uploaded);
  const roots = decodeRoots(input, gate);
  for (const document of roots) refuseStale(document, stored.get(document.role)?.version);

  // What is carried over is judged at a time when it was in force; what was uploaded is held against the clock below.
  const carried = carriedTargets(input);
  const set = startSet(input, roots, judgedAt(input, roots, carried));
  // Keys that come along with a new collection are anybody's.
  if (stored.has(rootRole)) for (const document of [set.root, ...carried.values()]) gate.know(document);
  const changed = decodeTargets(input, gate);
  const snapshotPart = input.uploaded.find((part) => part.role === "snapshot");
  if (snapshotPart !== undefined) gate.require(snapshotPart);
  for (const document of changed.values()) {
    refuseStale(document, stored.get(document.role)?.version ?? input.unread.get(document.role));
  }
  for (const document of changed.values()) refusingAt("targets", () => requireFresh(document, now));

  const previous = stored.get(parseRoleName("snapshot"));
  const online = await onlineSnapshotOrUploaded(input, set.root, changed, previous, snapshotPart);
  const timestampKeys = await onlineKeys(input.signer, input.gun, set.root.signed, "timestamp");
  if (timestampKeys === undefined) return refuse("root", keysMissing("timestamp", input.gun));
  const timestamp = await nextOnlineTimestamp(input, online.snapshot, timestampKeys);

  const trusted = readAsFresh({ set, timestamp, snapshot: online.snapshot, changed, carried });
  const snapshotKeyIds = online.keys?.ids ?? [];
  return {
    documents: [...roots, ...changed.values(), online.snapshot, timestamp],
    snapshot: online.snapshot,
    timestamp,
    trusted: trusted.accepted,
    retired: [...carried.keys()].filter((role) => !trusted.reachable.has(role)),
    usedKeys: [...new Set([...snapshotKeyIds, ...timestampKeys.ids])],
    isSnapshotOurs: online.keys !== undefined,
    isApart: roots.length === 0 && [...changed.keys()].every((role) => isBinOf(trusted.accepted, role)),
  };
}

function isBinOf(accepted: ReadonlyMap<RoleName, Document<Targets>>, role: RoleName): boolean {
  if (role === "targets") return false;
  const delegator = accepted.get(parseRoleName(role.slice(0, role.lastIndexOf("/"))));
  return isBin(delegator?.signed.delegations, role);
}

function decodeRoots({ dialect, stored, uploaded }: NextSetInput, gate: SignedFirst): readonly Document<Root>[] {
  const before = stored.get(rootRole);
  if (before !== undefined) gate.know(dialect.decodeRoot(before.bytes));
  const parts = uploaded.filter((part) => part.role === "root");
  return parts.map((part) => {
    gate.require(part);
    return refusingAt("root", () => dialect.decodeRoot(part.bytes));
  });
}

/** In an order in which each comes after one that lists the keys of its signers, if it is large. */
function decodeTargets(
  { dialect, uploaded }: NextSetInput,
  gate: SignedFirst,
): ReadonlyMap<RoleName, Document<Targets>> {
  const decoded = new Map<RoleName, Document<Targets>>();
  const waiting = uploaded.filter((part) => placeOf(part.role) === "targets");
  while (waiting.length > 0) {
    const next = Math.max(
      0,
      waiting.findIndex((part) => gate.isAdmissible(part)),
    );
    for (const part of waiting.splice(next, 1)) {
      gate.require(part);
      const document = refusingAt("targets", () => dialect.decodeTargets(part.role, part.bytes));
      gate.knowIfSigned(document);
      decoded.set(part.role, document);
    }
  }
  return decoded;
}

/** Somebody published first, or the same upload came twice. */
function refuseStale(document: Document, stored: number | undefined): void {
  if (stored === undefined || document.signed.version > stored) return;
  refuse(
    placeOf(document.role),
    new CountersignError(
      "conflict.lost_race",
      `${document.role} version ${document.signed.version} is not above the stored version ${stored}`,
      { hints: ["read the collection again and publish the change on top of it"] },
    ),
  );
}

function carriedTargets({ dialect, stored, uploaded }: NextSetInput): ReadonlyMap<RoleName, Document<Targets>> {
  const changed = new Set(uploaded.map(({ role }) => role));
  const carried = new Map<RoleName, Document<Targets>>();
  for (const [role, document] of stored) {
    if (placeOf(role) !== "targets" || changed.has(role)) continue;
    carried.set(role, dialect.decodeTargets(role, document.bytes));
  }
  return carried;
}

/** The present, or the last moment at which all that is carried over was in force. */
function judgedAt(
  { dialect, stored, now }: NextSetInput,
  roots: readonly Document<Root>[],
  carried: ReadonlyMap<RoleName, Document<Targets>>,
): number {
  const expiries = [...carried.values()].map((document) => document.signed.expires.at);
  const root = stored.get(rootRole);
  if (roots.length === 0 && root !== undefined) expiries.push(dialect.decodeRoot(root.bytes).signed.expires.at);
  // A document is in force until just before its date.
  return Math.min(now, ...expiries.map((at) => at - 1));
}

/** The root chain: from the stored root, or from the first one, through every uploaded one; the last must be in force now. */
function startSet(input: NextSetInput, roots: readonly Document<Root>[], at: number): TrustedSet {
  const { gun, dialect, stored, now } = input;
  const options = { gun, dialect, now: at };
  const storedRoot = stored.get(rootRole);
  const [first, ...others] = roots;
  const start = storedRoot?.bytes ?? first?.bytes;
  if (start === undefined) {
    const message = "no pre-existing root and no root provided in update.";
    return refuse("validation", new CountersignError("collection.missing", message));
  }
  return refusingAt("root", () => {
    const set = TrustedSet.fromRoot(start, options);
    if (storedRoot === undefined) requireFirstVersion(set.root);
    for (const next of storedRoot === undefined ? others : roots) set.updateRoot(next.bytes);
    const last = roots.at(-1);
    if (last !== undefined) {
      requireFresh(last, now);
      // Certificates too must be in force today, or every reader behind this root would be stuck (notary-v1, 14.1).
      const today = TrustedSet.fromRoot(last.bytes, { ...options, now });
      today.finishRoots();
    }
    set.finishRoots();
    return set;
  });
}

/** A reader of tuf1 walks the chain from version 1, so it has to begin there. */
function requireFirstVersion(root: Document<Root>): void {
  if (root.dialect === "notary1" || root.signed.version === 1) return;
  throw new CountersignError("metadata.version_mismatch", `the first root has version ${root.signed.version}`, {
    hints: ["upload every root from version 1 on, in ascending order"],
  });
}

interface SnapshotChoice {
  readonly snapshot: Document<Snapshot>;
  /** undefined: the publisher signed it. */
  readonly keys: OnlineKeys | undefined;
}

async function onlineSnapshotOrUploaded(
  input: NextSetInput,
  root: Document<Root>,
  changed: ReadonlyMap<RoleName, Document<Targets>>,
  previous: StoredDocument | undefined,
  uploaded: UploadedDocument | undefined,
): Promise<SnapshotChoice> {
  const { dialect, gun, now } = input;
  if (uploaded !== undefined) {
    const snapshot = refusingAt("snapshot", () => dialect.decodeSnapshot(uploaded.bytes));
    refuseStale(snapshot, previous?.version);
    refusingAt("snapshot", () => requireFresh(snapshot, now));
    return { snapshot, keys: undefined };
  }
  const keys = await onlineKeys(input.signer, gun, root.signed, "snapshot");
  if (keys === undefined) return refuse("hierarchy", keysMissing("snapshot", gun));
  const signed = refusingAt("hierarchy", () =>
    nextSnapshot(dialect, {
      previous: previous === undefined ? undefined : dialect.decodeSnapshot(previous.bytes).signed,
      root,
      changed: changed.values(),
      expiresAt: now + lifetimesMs[dialect.name].snapshot,
    }),
  );
  const version = Math.max(signed.version, (await input.floor("snapshot")) + 1);
  return { snapshot: await signOnline(dialect, { ...signed, version }, keys), keys };
}

async function nextOnlineTimestamp(
  { dialect, stored, floor, now }: NextSetInput,
  snapshot: Document<Snapshot>,
  keys: OnlineKeys,
): Promise<Document<Timestamp>> {
  const signed = nextTimestamp(dialect, {
    previous: stored.get(parseRoleName("timestamp")),
    snapshot,
    expiresAt: now + lifetimesMs[dialect.name].timestamp,
  });
  const version = Math.max(signed.version, (await floor("timestamp")) + 1);
  return signOnline(dialect, { ...signed, version }, keys);
}

function keysMissing(role: OnlineRole, gun: Gun): CountersignError {
  const message =
    role === "timestamp"
      ? "no timestamp keys exist on the server"
      : "no snapshot was included in update and server does not hold current snapshot key for repository";
  return new CountersignError("server.key_missing", message, {
    hints: [`publish a root that names the ${role} key this server offers for ${gun}`],
  });
}
