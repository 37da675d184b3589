// Who may sign what in a collection, since when and until when, which of that is in these hands, and what waits to be published. Rests on
// verified documents only; offline it says so and goes by the cached chain while nothing in it has expired.
import { type Gun, isCountersignError, parseRoleName, type RoleName, type TopRole, topRoles } from "../bytes/index.ts";
import type { StagedFile } from "../home/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import type { DelegatedPaths, DialectName, Document, Key, Root } from "../tuf/index.ts";
import { findDelegation } from "../tuf/index.ts";
import {
  type Anchor,
  type Collection,
  type DocumentFacts,
  type FetchOptions,
  noCache,
  openCollection,
  type RoleReport,
  type TrustedDocuments,
} from "../updater/index.ts";
import { type DelegatedSince, delegatedSince, lastSigned } from "./delegated-since.ts";
import type { FoundKey } from "./key-ring.ts";
import type { ReadPorts } from "./ports.ts";
import { openTrustedCollection, pinsFor, type ReadRequest } from "./trusted-collection.ts";
import { type Reason, reasonOf } from "./verdict.ts";

export interface KeyStatus {
  readonly id: CanonicalKeyId;
  /** Where its secret is on this machine, and under which name. */
  readonly atHand: { readonly path: string; readonly name: string | undefined } | undefined;
  readonly hasSigned: boolean;
  /** The root version since which it may sign without a break; top roles only. */
  readonly sinceRoot: number | undefined;
  /** Delegations only. */
  readonly since: DelegatedSince | undefined;
  /** Root keys of notary1: the certificate's dates, milliseconds since the epoch. */
  readonly certificate: { readonly from: number; readonly until: number } | undefined;
}

export interface RoleStatus {
  readonly role: RoleName;
  readonly keys: readonly KeyStatus[];
  readonly threshold: number;
  /** Can the keys on this machine sign it alone? */
  readonly canSign: boolean;
  /** A delegation's; undefined for the roles of the root. */
  readonly paths: DelegatedPaths | undefined;
  readonly version: number | undefined;
  /** Milliseconds since the epoch; undefined when it was never published or cannot be used. */
  readonly expiresAt: number | undefined;
  /** Targets roles. */
  readonly targets: number | undefined;
  /** The newest "signed at" among its targets, as their signers say, milliseconds since the epoch. */
  readonly lastSigned: number | undefined;
  /** Why readers pass it over. */
  readonly unusable: Reason | undefined;
}

export interface CollectionStatus {
  readonly gun: Gun;
  readonly dialect: DialectName;
  readonly anchor: Anchor;
  /** undefined when online; otherwise why the cache answers. */
  readonly offline: Reason | undefined;
  /** The first day on which something ends that the server does not renew by itself. */
  readonly expiresAt: number;
  /** Root, targets, snapshot, timestamp, then delegations in walk order. */
  readonly roles: readonly RoleStatus[];
  readonly warnings: readonly Reason[];
}

export interface StatusOptions {
  /** Read older documents too, to say since when keys may sign. */
  readonly tellsSince?: boolean;
}

/** @throws what openTrustedCollection throws */
export async function collectionStatus(
  ports: ReadPorts,
  request: ReadRequest,
  held: readonly FoundKey[],
  { tellsSince = false }: StatusOptions = {},
): Promise<CollectionStatus> {
  const collection = await openTrustedCollection(ports, request);
  const reports = await collection.roles();
  const documents = collection.documents();
  const isAsking = tellsSince && collection.freshness.kind === "online";
  const verifiedRoots = isAsking ? await rootHistory(ports, request, collection.dialect) : documents.roots;
  const since = tellsSince ? await delegatedSince(ports, collection, reports, verifiedRoots) : () => undefined;
  const look = { held: new Map(held.map((key) => [key.id, key])), roots: verifiedRoots, since };
  const roles = [
    ...topRoles.map((role) => topStatus(collection, documents, role, look)),
    ...reports.filter(({ role }) => role !== "targets").map((report) => delegationStatus(documents, report, look)),
  ];
  const ends = roles.filter(needsItsOwner).flatMap(({ expiresAt }) => expiresAt ?? []);
  return {
    gun: request.gun,
    dialect: collection.dialect,
    anchor: collection.anchor,
    offline: collection.freshness.kind === "online" ? undefined : reasonOf(collection.freshness.reason),
    expiresAt: Math.min(...ends),
    roles,
    warnings: collection.warnings.map(reasonOf),
  };
}

/** What waits, in words: one line a change. */
export function describeStaged({ entry }: StagedFile): {
  readonly action: string;
  readonly role: string;
  readonly what: string;
} {
  return {
    action: entry.action,
    role: entry.scope,
    what: entry.path === "" ? entry.kind : `${entry.kind} ${entry.path}`,
  };
}

interface Look {
  readonly held: ReadonlyMap<CanonicalKeyId, FoundKey>;
  readonly roots: readonly Document<Root>[];
  readonly since: (report: RoleReport, key: CanonicalKeyId) => DelegatedSince | undefined;
}

/** The server renews the timestamp by itself, and the snapshot unless its key is a publisher's. */
function needsItsOwner({ role, canSign }: RoleStatus): boolean {
  return role !== "timestamp" && (role !== "snapshot" || canSign);
}

/** Roots from the first one that the pins vouch for, each verified by the one before it; none when they vouch for none. */
async function rootHistory(
  ports: ReadPorts,
  request: ReadRequest,
  dialect: DialectName,
): Promise<readonly Document<Root>[]> {
  const own = ports.server[`${dialect}Source`]();
  const source = {
    ...own,
    fetchRoot: (version: number | undefined, o: FetchOptions) => own.fetchRoot(version ?? 1, o),
  };
  try {
    const pins = await pinsFor(ports, request);
    const { gun } = request;
    const opened = await openCollection({ gun, dialect, source, cache: noCache, pins, now: ports.clock() });
    return opened.documents().roots.toSorted((a, b) => a.signed.version - b.signed.version);
  } catch (error) {
    // History is told where it can be verified; the present state has been verified already.
    if (isCountersignError(error)) return [];
    throw error;
  }
}

function topStatus(collection: Collection, documents: TrustedDocuments, name: TopRole, look: Look): RoleStatus {
  const root = documents.root.signed;
  const { keyIds, threshold } = root.roles[name];
  const facts = collection[name];
  const listed = keyIds.flatMap((id) => root.keys.get(id) ?? []);
  const keys = distinct(listed).map((key) => ({
    ...keyStatus(key, facts, look),
    sinceRoot: sinceRoot(look, name, key),
  }));
  const targets = name === "targets" ? documents.targets.get(facts.role)?.signed : undefined;
  return {
    role: parseRoleName(name),
    keys,
    threshold,
    canSign: keys.filter(({ atHand }) => atHand !== undefined).length >= threshold,
    paths: undefined,
    version: facts.version,
    expiresAt: facts.expires.at,
    targets: targets?.targets.size,
    lastSigned: lastSigned(targets),
    unusable: undefined,
  };
}

function delegationStatus(documents: TrustedDocuments, report: RoleReport, look: Look): RoleStatus {
  const { role, state, delegatedBy, threshold } = report;
  const delegator = delegatedBy === undefined ? undefined : documents.targets.get(delegatedBy)?.signed.delegations;
  const delegated = findDelegation(delegator, role);
  const listed = (delegated?.keyIds ?? []).flatMap((id) => delegator?.keys.get(id) ?? []);
  const facts = state.kind === "trusted" ? state.facts : undefined;
  const keys = distinct(listed).map((key) => {
    const status = keyStatus(key, facts, look);
    return { ...status, since: look.since(report, status.id) };
  });
  const content = state.kind === "trusted" ? documents.targets.get(role)?.signed : undefined;
  return {
    role,
    keys,
    threshold,
    canSign: keys.filter(({ atHand }) => atHand !== undefined).length >= threshold,
    paths: delegated?.paths,
    version: facts?.version,
    expiresAt: facts?.expires.at,
    targets: content?.targets.size,
    lastSigned: lastSigned(content),
    unusable: state.kind === "unusable" ? reasonOf(state.reason) : undefined,
  };
}

/** One entry a public key. A key that cannot be used has no identity and is left out. */
function distinct(keys: readonly Key[]): readonly Key[] {
  const seen = new Map<CanonicalKeyId, Key>();
  for (const key of keys) if (key.publicKey !== undefined) seen.set(key.publicKey.id, key);
  return [...seen.values()];
}

function keyStatus(key: Key, facts: DocumentFacts | undefined, look: Look): KeyStatus {
  const id = key.publicKey?.id;
  if (id === undefined) throw new TypeError("a key without identity has no status");
  const found = look.held.get(id);
  const [leaf] = key.certificates;
  return {
    id,
    atHand: found === undefined ? undefined : { path: found.path, name: found.role },
    hasSigned: facts?.signedBy.includes(id) === true,
    sinceRoot: undefined,
    since: undefined,
    certificate: leaf === undefined ? undefined : { from: leaf.notBefore, until: leaf.notAfter },
  };
}

/** Counted back from the newest root; undefined where this run has not seen far enough back to say. */
function sinceRoot({ roots }: Look, name: TopRole, { publicKey }: Key): number | undefined {
  let since: number | undefined;
  for (const { signed } of roots.toReversed()) {
    if (!signed.roles[name].keyIds.some((id) => signed.keys.get(id)?.publicKey?.id === publicKey?.id)) return since;
    since = signed.version;
  }
  return since === 1 ? since : undefined;
}
