// A collection as its next publisher needs it: read afresh by the code a verifier runs, and still readable when part of it has expired,
// because the holder of the right key is the one who can heal that (notary-v1, 14-B, C, P). What has expired is judged at the last moment
// it was in force; signatures, hashes and what was seen before bind as ever. Delegations that readers pass over come along apart.
import { type CountersignError, isCountersignError, parseRoleName, type RoleName } from "../bytes/index.ts";
import { type Dialect, dialectNamed } from "../dialects/index.ts";
import { binFor, type DialectState, type LapsedRole } from "../publish/index.ts";
import { countSigners, type DialectName, findDelegation, requireEntry } from "../tuf/index.ts";
import {
  bundleSource,
  type Collection,
  decodeBundle,
  type MetadataSource,
  noCache,
  type OpenOptions,
  openCollection,
  type Pin,
  type RoleReport,
} from "../updater/index.ts";
import type { ReadPorts } from "./ports.ts";
import { maxBundleBytes } from "./read-ahead.ts";
import { pinsFor, type ReadRequest } from "./trusted-collection.ts";

type Subject = Pick<ReadRequest, "gun" | "pins">;

/** Root, snapshot, targets and a chain of expired roots: each costs one more reading. */
const maxReadings = 12;
const rootRole = parseRoleName("root");
const targetsRole = parseRoleName("targets");

/** Which hashed bins are read beside everything else: those of these files, those of these names, every one. */
export type BinsWanted = readonly string[] | { readonly roles: readonly RoleName[] } | "all";

/** How much of a collection is read. */
export interface Extent {
  readonly remembers: boolean;
  /** None unless told. */
  readonly bins?: BinsWanted;
  /** Document by document instead of all at once: of a collection with many bins little is needed. */
  readonly isPiecemeal?: boolean;
}

/** Reads what a change needs. */
export async function readRoles(
  collection: Collection,
  { bins = [] }: Pick<Extent, "bins">,
): Promise<readonly RoleReport[]> {
  if (bins === "all") return collection.roles();
  const roles = await collection.roles({ skipsBins: true });
  if (collection.dialect !== "tuf1") return roles;
  if ("roles" in bins) await collection.readRoles(bins.roles);
  else await collection.readFor(onePerBin(collection, bins));
  return roles;
}

/** Names that lead to every bin of all of them: a lookup each would be a search for every file that is added. */
function onePerBin(collection: Collection, names: readonly string[]): Iterable<string> {
  const delegations = collection.documents().targets.get(targetsRole)?.signed.delegations;
  const leading = new Map(names.map((name) => [binFor(delegations, name) ?? `name ${name}`, name]));
  return leading.values();
}

/** One dialect's trusted documents. @throws what openCollection throws, but for expiry */
export async function readForChange(
  ports: ReadPorts,
  request: Subject,
  dialect: DialectName,
  options: Extent,
): Promise<DialectState> {
  const source = await sourceFor(ports, dialect, options);
  const pins = await pinsFor(ports, request);
  const onExpired = () =>
    ports.progress(`${request.gun} has expired in part, going by the last moment it was in force`);
  const open = openOptions(ports, request, dialect, { ...options, source, pins, now: ports.clock() });
  return (await readLastInForce(open, { ...options, onExpired })).state;
}

export interface LastReading {
  readonly collection: Collection;
  readonly state: DialectState;
  /** When it was judged: `now`, or the last instant at which all of it was in force. */
  readonly at: number;
}

/** A collection as it stands, or as it stood when the first part of it expired. @throws what openCollection throws, but for expiry */
export async function readLastInForce(
  options: OpenOptions,
  extent: Pick<Extent, "bins"> & { readonly onExpired?: () => void } = {},
): Promise<LastReading> {
  const seen = recording(options.source);
  const dialect = dialectNamed(options.dialect);
  let { now } = options;
  for (let reading = 1; ; reading++) {
    try {
      const collection = await openCollection({ ...options, source: seen.source, now });
      const roles = await readRoles(collection, extent);
      const { root, timestamp, snapshot, targets } = collection.documents();
      const state = { dialect, root, timestamp, snapshot, targets };
      return { collection, at: now, state: { ...state, lapsed: lapsedRoles(state, roles, seen.documents) } };
    } catch (error) {
      const earlier = isCountersignError(error, "metadata.expired") ? seen.lastInForce(dialect, now) : undefined;
      if (earlier === undefined || reading === maxReadings) throw error;
      extent.onExpired?.();
      now = earlier;
    }
  }
}

/** A reader that has nothing cached: what it sees is what anybody would see. @throws what openCollection throws */
export async function readAfresh(
  ports: ReadPorts,
  request: Subject,
  dialect: DialectName,
  options: Extent,
): Promise<Collection> {
  const [source, pins] = [await sourceFor(ports, dialect, options), await pinsFor(ports, request)];
  return openCollection(openOptions(ports, request, dialect, { ...options, source, pins, now: ports.clock() }));
}

function openOptions(
  ports: ReadPorts,
  { gun }: Subject,
  dialect: DialectName,
  how: {
    readonly remembers: boolean;
    readonly source: MetadataSource;
    readonly pins: readonly Pin[];
    readonly now: number;
  },
): OpenOptions {
  return {
    gun,
    dialect,
    source: how.source,
    cache: noCache,
    pins: how.pins,
    now: how.now,
    ...(how.remembers ? { memory: ports.home.memory(gun) } : {}),
    ...(ports.signal === undefined ? {} : { signal: ports.signal }),
  };
}

async function sourceFor(ports: ReadPorts, dialect: DialectName, extent: Extent): Promise<MetadataSource> {
  const signal = ports.signal === undefined ? {} : { signal: ports.signal };
  const own = dialect === "notary1" ? ports.server.notary1Source() : ports.server.tuf1Source();
  if (extent.isPiecemeal === true) return own;
  const bytes = await ports.server.fetchBundle({ dialect, maxBytes: maxBundleBytes, ...signal });
  return bytes === undefined ? own : bundleSource(decodeBundle(bytes), own);
}

interface Recording {
  readonly source: MetadataSource;
  /** The newest bytes fetched of each role, trusted or not. */
  readonly documents: ReadonlyMap<RoleName, Uint8Array>;
  /** The last instant before `now` at which everything fetched so far was in force; undefined: nothing fetched has expired. */
  lastInForce(dialect: Dialect, now: number): number | undefined;
}

function recording(source: MetadataSource): Recording {
  const documents = new Map<RoleName, Uint8Array>();
  const keep = (role: RoleName, bytes: Uint8Array | undefined): Uint8Array | undefined => {
    if (bytes !== undefined) documents.set(role, bytes);
    return bytes;
  };
  return {
    documents,
    source: {
      fetchRoot: async (version, options) => keep(rootRole, await source.fetchRoot(version, options)),
      fetchTimestamp: async (options) => keep(parseRoleName("timestamp"), await source.fetchTimestamp(options)),
      fetchSnapshot: async (wanted, options) =>
        keep(parseRoleName("snapshot"), await source.fetchSnapshot(wanted, options)),
      fetchTargets: async (role, wanted, options) => keep(role, await source.fetchTargets(role, wanted, options)),
    },
    lastInForce(dialect, now) {
      const ends = ["root", "timestamp", "snapshot", "targets"].flatMap((name) => {
        const role = parseRoleName(name);
        const bytes = documents.get(role);
        const end = bytes === undefined ? undefined : claimedEnd(dialect, role, bytes);
        return end === undefined || end > now ? [] : [end];
      });
      return ends.length === 0 ? undefined : Math.min(...ends) - 1;
    },
  };
}

/** Its expiry as it says itself: it only ever chooses the instant at which everything is then verified. */
function claimedEnd(dialect: Dialect, role: RoleName, bytes: Uint8Array): number | undefined {
  try {
    if (role === "root") return dialect.decodeRoot(bytes).signed.expires.at;
    if (role === "timestamp") return dialect.decodeTimestamp(bytes).signed.expires.at;
    if (role === "snapshot") return dialect.decodeSnapshot(bytes).signed.expires.at;
    return dialect.decodeTargets(role, bytes).signed.expires.at;
  } catch (error) {
    if (isCountersignError(error)) return undefined;
    throw error;
  }
}

/** Delegations whose very bytes the snapshot lists, and that readers pass over all the same. */
function lapsedRoles(
  { dialect, snapshot, targets }: Pick<DialectState, "dialect" | "snapshot" | "targets">,
  roles: readonly RoleReport[],
  fetched: ReadonlyMap<RoleName, Uint8Array>,
): ReadonlyMap<RoleName, LapsedRole> {
  const lapsed = new Map<RoleName, LapsedRole>();
  for (const { role, state, delegatedBy } of roles) {
    const bytes = fetched.get(role);
    if (state.kind !== "unusable" || bytes === undefined || delegatedBy === undefined || !isOwners(state.reason))
      continue;
    const delegations = targets.get(delegatedBy)?.signed.delegations;
    const delegated = findDelegation(delegations, role);
    const entry = snapshot?.signed.meta.get(role);
    if (delegations === undefined || delegated === undefined || entry === undefined) continue;
    requireEntry(role, bytes, entry, "the snapshot");
    const document = dialect.decodeTargets(role, bytes);
    lapsed.set(role, {
      document,
      isSigned: isSigned(() => countSigners(dialect, document, delegations.keys, delegated)),
    });
  }
  return lapsed;
}

function isSigned(count: () => { readonly met: boolean }): boolean {
  try {
    return count().met;
  } catch (error) {
    if (isCountersignError(error)) return false;
    throw error;
  }
}

/** What a key holder let happen, as against bytes that are not what the snapshot lists. */
function isOwners(reason: CountersignError): boolean {
  return isCountersignError(reason, "metadata.expired", "threshold.unmet", "signature.none");
}
