// One publish, from a change to "done": read the collection, apply the change to every dialect, sign, upload in one transaction, and read
// it back as a fresh reader of each dialect. A publisher who was faster costs a re-read and another try, never a lost change.
import { setTimeout as sleep } from "node:timers/promises";
import { CountersignError, equalBytes, type Gun, isCountersignError, type RoleName } from "../bytes/index.ts";
import {
  type Change,
  type CollectionState,
  type Finding,
  type KeyRing,
  type Publication,
  prepareChange,
  publicationParts,
} from "../publish/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { Collection, Pin } from "../updater/index.ts";
import { type Carried, carriedDialects, isPiecemeal, readState } from "./collection-state.ts";
import type { ReadPorts } from "./ports.ts";
import { readingAhead } from "./read-ahead.ts";
import { type BinsWanted, type Extent, readAfresh, readRoles } from "./read-for-change.ts";

export interface PublishRequest {
  readonly gun: Gun;
  readonly pins: readonly Pin[];
  /** Asked again at every try, with the state just read. */
  readonly changes: (state: CollectionState) => readonly Change[];
  /** Contents of the new targets that generic TUF clients may download, by hex SHA-256. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** Who signs, for custom data. */
  readonly publisher: string | undefined;
  readonly ring: KeyRing;
  /** The hashed bins that the changes edit; "all" for a change of layout. None unless told: only these bins are read. */
  readonly bins?: BinsWanted;
  /** Start the tuf1 side of a collection that Notary made, if the server takes it and the keys are at hand. */
  readonly startsTuf1?: boolean;
}

export interface PublishedRole {
  readonly dialect: DialectName;
  readonly role: RoleName;
  readonly version: number;
}

export interface PublishReport {
  readonly published: readonly PublishedRole[];
  /** Dialects that the server says lag even now. */
  readonly behind: readonly DialectName[];
  readonly findings: readonly Finding[];
  /** Tries it took; above 1 somebody else published meanwhile. */
  readonly attempts: number;
}

const maxAttempts = 6;

/**
 * @throws conflict.lost_race after several lost races; publish.refused; publish.unverified when it does not read back;
 * preflight.*, key.*, and what reading throws
 */
export async function publishChanges(ports: ReadPorts, request: PublishRequest): Promise<PublishReport> {
  return ports.home.whilePublishing(request.gun, () => publishLocked(ports, request));
}

/** publishChanges, for a caller that holds the collection's lock already. */
export async function publishLocked(ports: ReadPorts, request: PublishRequest): Promise<PublishReport> {
  for (let attempt = 1; ; attempt++) {
    try {
      return { ...(await publishOnce(ports, request)), attempts: attempt };
    } catch (error) {
      if (!isCountersignError(error, "conflict.lost_race", "storage.conflict") || attempt >= maxAttempts) throw error;
      ports.progress("somebody else published first, trying again");
      await sleep(attempt * 50 * (1 + Math.random()));
    }
  }
}

async function publishOnce(ports: ReadPorts, request: PublishRequest): Promise<Omit<PublishReport, "attempts">> {
  ports.progress(`reading ${request.gun}`);
  const carried = await greet(ports);
  const ahead = isPiecemeal(carried, request.bins) ? [] : carried.dialects;
  const state = await readingAhead(ports, ahead, (from) => readState(from, request, carried, request.bins));
  ports.progress("signing");
  const { publication, findings } = await prepareChange(state, request.changes(state), {
    now: ports.clock(),
    keys: request.ring,
    blobs: request.blobs,
    startsTuf1: request.startsTuf1 === true && carried.takesBoth,
    ...(request.publisher === undefined ? {} : { publisher: request.publisher }),
  });
  if (publication.documents.length === 0) return { published: [], behind: carried.behind, findings };
  const behind = await upload(ports, publication, carried);
  await readBack(ports, { ...request, isPiecemeal: isPiecemeal(carried, request.bins) }, publication);
  const published = publication.documents.map(({ dialect, role, signed }) => ({
    dialect,
    role,
    version: signed.version,
  }));
  return { published, behind, findings };
}

/**
 * What the server carries; meanwhile, over a second connection that the reading then has at hand, what proof an upload wants. Should the
 * latter fail it is asked again when there is something to upload. @throws collection.missing, download.*
 */
async function greet(ports: ReadPorts): Promise<Carried> {
  ports.server.ping(ports.signal === undefined ? {} : { signal: ports.signal }).catch(() => undefined);
  return carriedDialects(ports);
}

/** @throws conflict.lost_race, publish.refused, download.* */
export async function upload(
  ports: ReadPorts,
  publication: Publication,
  carried: Pick<Carried, "takesBoth">,
): Promise<readonly DialectName[]> {
  const onProgress = (sent: number, total: number): void => ports.progress(`publishing (${sent} of ${total} bytes)`);
  const options = { onProgress, ...(ports.signal === undefined ? {} : { signal: ports.signal }) };
  if (carried.takesBoth) {
    const parts = publicationParts(publication).map(({ name, bytes }) => ({ filename: name, bytes }));
    return (await ports.server.publish(parts, options)).behind;
  }
  const documents = publication.documents.filter((document) => document.dialect === "notary1");
  await ports.server.publishNotary1(documents, options);
  return [];
}

/**
 * Reads every dialect that was published as somebody who has nothing cached. Newer than ours is fine: somebody published after us, on top
 * of us. @throws publish.unverified
 */
export async function readBack(
  ports: ReadPorts,
  request: { readonly gun: Gun; readonly pins: readonly Pin[] } & Omit<Extent, "remembers">,
  publication: Publication,
): Promise<void> {
  ports.progress("reading it back");
  const dialects = [...new Set(publication.documents.map((document) => document.dialect))];
  const ahead = request.isPiecemeal === true ? [] : dialects;
  await readingAhead(ports, ahead, (from) => readBackEach(from, request, publication, dialects));
}

async function readBackEach(
  ports: ReadPorts,
  request: { readonly gun: Gun; readonly pins: readonly Pin[] } & Omit<Extent, "remembers">,
  publication: Publication,
  dialects: readonly DialectName[],
): Promise<void> {
  for (const dialect of dialects) {
    try {
      const { bins = [], isPiecemeal: one = false } = request;
      const extent = { remembers: true, bins, isPiecemeal: one };
      const collection = await readAfresh(ports, request, dialect, extent);
      await readRoles(collection, extent);
      const { root, snapshot, targets } = collection.documents();
      for (const document of publication.documents) {
        if (document.dialect !== dialect) continue;
        const seen =
          document.role === "root" ? root : document.role === "snapshot" ? snapshot : targets.get(document.role);
        const isThere = seen !== undefined && seen.signed.version >= document.signed.version;
        const isSame = seen?.signed.version !== document.signed.version || equalBytes(seen.bytes, document.bytes);
        if (!isThere || !isSame) {
          throw new CountersignError(
            "publish.unverified",
            `${dialect}: ${document.role} version ${document.signed.version} was published, readers see ` +
              `${seen === undefined ? "none" : `version ${seen.signed.version}`}`,
          );
        }
      }
      await keepForOffline(ports, request.gun, collection);
    } catch (cause) {
      if (!isCountersignError(cause) || cause.kind === "network") throw cause;
      throw new CountersignError("publish.unverified", `what was published does not read back: ${cause.message}`, {
        cause,
        hints: ["do not rely on it: run countersign inspect on the collection", ...cause.hints],
      });
    }
  }
}

/**
 * Where this user reads the collection too, what was read back takes the place of what is cached: the memory knows of it now, so an offline
 * answer from before would look like a rollback.
 */
async function keepForOffline(ports: ReadPorts, gun: Gun, { dialect, documents }: Collection): Promise<void> {
  const cache = ports.home.cache(gun, dialect);
  const { root, snapshot, targets, timestamp } = documents();
  if ((await cache.read(root.role)) === undefined) return;
  for (const { role, bytes } of [root, snapshot, ...targets.values(), timestamp]) await cache.write(role, bytes);
}
