// What happens to collections: publish, renew, delete, and the keys the server offers. Changes to one collection go one at a time
// (KeyedQueue); storage's optimistic lock holds the same between processes. Whoever answers reads hears of each change.
import {
  type Clock,
  CountersignError,
  encodeHex,
  type Gun,
  isCountersignError,
  parseRoleName,
  sha256,
} from "../bytes/index.ts";
import type { PublicKey } from "../keys/index.ts";
import type { CollectionState, Commit, NewChange, NewDocument, Sha256Hex, Storage } from "../storage/index.ts";
import type { DialectName, Document } from "../tuf/index.ts";
import { checkBlobs } from "./blob-check.ts";
import { type History, verifiedHistory } from "./history.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import type { KnownExpiries } from "./known-expiries.ts";
import { floorKey, type KnownState, KnownStates } from "./known-states.ts";
import { renewalTime, withJitter } from "./lifetimes.ts";
import { type NextSet, nextSet } from "./next-set.ts";
import { refuse } from "./refusal.ts";
import { serverDialect } from "./remembered-roots.ts";
import { type Renewed, renewedDocuments } from "./renewal.ts";
import type { OnlineRole, RoleSigner } from "./role-signer.ts";
import { Turns } from "./turns.ts";
import { mayStayUnread } from "./unread-bins.ts";
import type { Upload } from "./upload.ts";

export interface PublishedDocument {
  readonly dialect: DialectName;
  readonly role: string;
  readonly version: number;
  /** Hex. */
  readonly sha256: string;
}

export interface Published {
  readonly documents: readonly PublishedDocument[];
  readonly behind: readonly DialectName[];
}

/** `failed`: nothing was stored, and the collection is as due as before. */
export type RenewalOutcome = "renewed" | "nothing" | "failed";

export interface CollectionsOptions {
  readonly storage: Storage;
  readonly signer: RoleSigner;
  readonly clock: Clock;
  /** Told of every document published. */
  readonly expiries: KnownExpiries;
  /** Called after each commit and deletion, before its promise resolves. */
  readonly onChange: (gun: Gun) => void;
  /** Called when something was renewed, or with what stopped a renewal. */
  readonly onRenewal: (gun: Gun, error?: unknown) => void;
}

const rootRole = parseRoleName("root");
const dialects: readonly DialectName[] = ["notary1", "tuf1"];
/** A renewal that fails (a root without our keys, a signer that is away) is tried again after this. */
const retryAfterMs = 60 * 60 * 1000;
/** Uploads up to this size may wait for their turn after a lost race. */
const maxHeldBytes = 1024 * 1024;

export class Collections {
  readonly #storage: Storage;
  readonly #signer: RoleSigner;
  readonly #clock: Clock;
  readonly #expiries: KnownExpiries;
  readonly #onChange: (gun: Gun) => void;
  readonly #onRenewal: (gun: Gun, error?: unknown) => void;
  readonly #queue = new KeyedQueue();
  readonly #turns = new Turns();
  readonly #states: KnownStates;

  constructor({ storage, signer, clock, expiries, onChange, onRenewal }: CollectionsOptions) {
    this.#storage = storage;
    this.#states = new KnownStates(storage);
    this.#signer = signer;
    this.#clock = clock;
    this.#expiries = expiries;
    this.#onChange = onChange;
    this.#onRenewal = onRenewal;
  }

  /** One transaction for everything in the upload. @throws RefusedUpload, conflict.lost_race, server.*, storage.*, disk.* */
  async publish(gun: Gun, upload: Upload): Promise<Published> {
    try {
      const published = await this.#queue.run(gun, () => this.#publishNow(gun, upload));
      this.#turns.advance(gun);
      return published;
    } catch (error) {
      // A large upload is not held in memory only to be told no later.
      if (isCountersignError(error, "conflict.lost_race") && sizeOf(upload) <= maxHeldBytes)
        await this.#turns.wait(gun);
      throw error;
    }
  }

  async #publishNow(gun: Gun, upload: Upload): Promise<Published> {
    const now = this.#clock();
    const standing = await this.#states.current(gun);
    const found = mayStayUnread(standing.state, standing.dialects.tuf1, upload)
      ? standing
      : await this.#states.whole(standing);
    const history =
      upload.history.length === 0 ? undefined : verifiedHistory(gun, found.dialects.notary1, upload.history, now);
    let known = history === undefined ? found : standingOn(history, gun, found);
    const { state } = known;
    const sets = new Map<DialectName, NextSet>();
    for (const dialect of dialects) {
      if (!upload.documents.some((document) => document.dialect === dialect)) continue;
      sets.set(dialect, await this.#nextSet(gun, dialect, known, upload, now));
    }
    await checkBlobs(upload.blobs, sets.get("tuf1")?.trusted, state, this.#storage);
    const behind = behindAfter(state, new Set([...sets].flatMap(([dialect, set]) => (set.isApart ? [] : [dialect]))));
    // The state at the old server is one that readers verify, so a crash between this and the commit leaves nothing half-done.
    if (history !== undefined) known = await this.#bring(gun, history, known);
    const documents = [...sets.values()].flatMap((set) => set.documents).map(named);
    const commit: Commit = {
      gun,
      expectedGeneration: known.generation,
      documents: documents.map(toNew),
      retired: [...sets].flatMap(([dialect, set]) => set.retired.map((role) => ({ dialect, role }))),
      forgotten: [],
      blobs: upload.blobs,
      behind,
      changes: changesOf(documents, state),
      usedKeys: [...new Set([...sets.values()].flatMap((set) => set.usedKeys))],
      renewAt: this.#renewAt(sets, known, now),
      at: now,
    };
    const generation = await this.#commit(commit);
    const stored = documents.map((document) => ({ ...toNew(document), sha256: document.hash, storedAt: now }));
    this.#states.committed(known, commit, stored, generation);
    for (const { document, hash } of documents) this.#expiries.learn(hash, document.signed.expires);
    return { documents: documents.map(describe), behind };
  }

  /** Stores a verified history; the same one again is no change. @throws RefusedUpload when the name holds anything else */
  async #bring(gun: Gun, { documents, current }: History, known: KnownState): Promise<KnownState> {
    try {
      const brought = { gun, documents, current, behind: [], serverKeys: [], renewAt: undefined };
      await this.#storage.importCollection(brought);
    } catch (cause) {
      if (!isCountersignError(cause, "storage.conflict")) throw cause;
      return refuseHistory(gun, cause);
    } finally {
      this.#onChange(gun);
    }
    const state = await this.#storage.collection(gun);
    const isStill = current.every(({ sha256: hash }) => state?.current.some((each) => each.sha256 === hash));
    if (state === undefined || !isStill || state.current.length !== current.length)
      return refuseHistory(gun, undefined);
    return { ...known, generation: state.generation, state };
  }

  /** False when there was no such collection. */
  remove(gun: Gun): Promise<boolean> {
    return this.#queue.run(gun, async () => {
      const wasThere = await this.#storage.deleteCollection(gun, this.#clock());
      this.#onChange(gun);
      return wasThere;
    });
  }

  /**
   * Signs again what is past half of its life, in both dialects. Never throws for a collection that cannot be renewed now: it is looked
   * at again later, and what is stored stays valid until its own end.
   */
  renew(gun: Gun): Promise<RenewalOutcome> {
    return this.#queue.run(gun, async () => {
      try {
        const isRenewed = await this.#renewNow(gun, this.#clock());
        if (isRenewed) this.#onRenewal(gun);
        return isRenewed ? "renewed" : "nothing";
      } catch (error) {
        this.#onRenewal(gun, error);
        return "failed";
      }
    });
  }

  async #renewNow(gun: Gun, now: number): Promise<boolean> {
    const state = await this.#storage.collection(gun, { sparesDelegations: true });
    if (state === undefined) return false;
    const renewed = await this.#renewed(state, now);
    const documents = renewed.documents.map(named);
    await this.#commit({
      gun,
      expectedGeneration: state.generation,
      documents: documents.map(toNew),
      retired: [],
      forgotten: renewed.forgotten,
      blobs: [],
      behind: state.behind,
      changes: documents
        .filter(({ document }) => document.role === "timestamp" && isFeedDialect(document.dialect, state))
        .map(toChange),
      usedKeys: renewed.usedKeys,
      renewAt: Math.max(withJitter(renewed.renewAt, now), renewed.isIncomplete ? now + retryAfterMs : 0),
      at: now,
    });
    return documents.length > 0;
  }

  /** What cannot be signed now is put off, or the sweep would never come to the collections behind it. */
  async #renewed(state: CollectionState, now: number): Promise<Renewed> {
    try {
      return await renewedDocuments(state, this.#signer, now);
    } catch (error) {
      this.#onRenewal(state.gun, error);
      return { documents: [], forgotten: [], usedKeys: [], renewAt: now, isIncomplete: true };
    }
  }

  /** The key the current root names if the server holds it, else one that has not signed yet. */
  async currentKey(gun: Gun, role: OnlineRole): Promise<PublicKey> {
    // Where nothing was ever published no root names any.
    const isNew = (await this.#storage.generation(gun)) === 0;
    const held = isNew ? [] : await this.#signer.held(gun, role, { isFresh: true });
    for (const dialect of held.length === 0 ? [] : dialects) {
      const stored = await this.#storage.current(gun, { dialect, role: rootRole });
      if (stored === undefined) continue;
      const root = serverDialect(dialect).decodeRoot(stored.bytes).signed;
      const named = new Set(root.roles[role].keyIds.map((id) => root.keys.get(id)?.publicKey?.id));
      const key = held.find((each) => named.has(each.publicKey.id));
      if (key !== undefined) return key.publicKey;
    }
    return this.#signer.pending(gun, role);
  }

  /** A key that has not signed yet, for a rotation; the same one until a published root names it. */
  pendingKey(gun: Gun, role: OnlineRole): Promise<PublicKey> {
    return this.#signer.pending(gun, role);
  }

  /** The new generation. */
  async #commit(commit: Commit): Promise<number> {
    try {
      return await this.#storage.commit(commit);
    } catch (error) {
      if (!isCountersignError(error, "storage.conflict")) throw error;
      return refuse(
        "validation",
        new CountersignError("conflict.lost_race", `another publisher changed ${commit.gun} first`, {
          cause: error,
          hints: ["read the collection again and publish the change on top of it"],
        }),
      );
    } finally {
      this.#onChange(commit.gun);
    }
  }

  #nextSet(
    gun: Gun,
    dialect: DialectName,
    { generation, state, dialects: remembering, floors }: KnownState,
    upload: Upload,
    now: number,
  ): Promise<NextSet> {
    const stored = (state?.current ?? []).filter((document) => document.dialect === dialect);
    return nextSet({
      gun,
      // The upload is looked at by this server's checks and again by a fresh reader: the same bytes, decoded once.
      dialect: remembering[dialect],
      stored: new Map(stored.map((document) => [document.role, document])),
      unread: new Map(
        (state?.unread ?? []).flatMap(({ dialect: of, role, version }) => (of === dialect ? [[role, version]] : [])),
      ),
      uploaded: upload.documents.filter((document) => document.dialect === dialect),
      floor: async (role) =>
        // A name that nothing was ever committed to has no versions to stay above.
        (generation === 0 ? 0 : floors.get(floorKey({ dialect, role }))) ??
        (await this.#storage.highestVersion(gun, { dialect, role: parseRoleName(role) })),
      signer: this.#signer,
      now,
    });
  }

  #renewAt(sets: ReadonlyMap<DialectName, NextSet>, { state, dialects: remembering }: KnownState, now: number): number {
    const times = [...sets.values()].flatMap((set) => [
      renewalTime(set.timestamp, now),
      ...(set.isSnapshotOurs ? [renewalTime(set.snapshot, now)] : []),
    ]);
    for (const document of state?.current ?? []) {
      if (document.role !== "timestamp" || sets.has(document.dialect)) continue;
      times.push(renewalTime(remembering[document.dialect].decodeTimestamp(document.bytes), document.storedAt));
    }
    return withJitter(Math.min(...times), now);
  }
}

/** What the upload is built on: the history, where nothing else is here. @throws RefusedUpload */
function standingOn({ current }: History, gun: Gun, found: KnownState): KnownState {
  const there = found.state?.current;
  const isSame = there?.every(({ sha256: hash }) => current.some((each) => each.sha256 === hash)) ?? true;
  if (!isSame) return refuseHistory(gun, undefined);
  const generation = Math.max(1, found.generation);
  return { ...found, generation, state: { gun, generation, behind: [], current, unread: [] } };
}

function refuseHistory(gun: Gun, cause: unknown): never {
  return refuse(
    "validation",
    new CountersignError("collection.exists", `${gun} is here already, and not as it was on the other server`, {
      cause,
      hints: ["a collection that was published to on both servers has to be brought together by its owner"],
    }),
  );
}

function sizeOf({ documents, blobs, history }: Upload): number {
  return [...[...documents, ...history].map(({ bytes }) => bytes), ...blobs].reduce(
    (sum, bytes) => sum + bytes.length,
    0,
  );
}

/** One-sided uploads leave the other dialect behind, until an upload brings it level. */
function behindAfter(state: CollectionState | undefined, uploaded: ReadonlySet<DialectName>): readonly DialectName[] {
  const other = dialects.find((dialect) => !uploaded.has(dialect));
  if (state === undefined || other === undefined) return [];
  // Nothing that the other dialect could say has changed.
  if (uploaded.size === 0) return state.behind;
  // A dialect that is started is made from what the other one says.
  const isLevelling = [...uploaded].some((dialect) => state.behind.includes(dialect) || !carries(state, dialect));
  return !isLevelling && carries(state, other) ? [other] : [];
}

function carries(state: CollectionState, dialect: DialectName): boolean {
  return state.current.some((document) => document.dialect === dialect);
}

/** The changefeed follows notary1, whose readers it is for, and tuf1 only where there is no notary1. */
function changesOf(documents: readonly NamedDocument[], state: CollectionState | undefined): readonly NewChange[] {
  const timestamps = documents.filter(({ document }) => document.role === "timestamp");
  const has = (dialect: DialectName) => timestamps.some(({ document }) => document.dialect === dialect);
  const hasNotary1 = has("notary1") || (state !== undefined && carries(state, "notary1"));
  const wanted = hasNotary1 ? "notary1" : "tuf1";
  return timestamps.filter(({ document }) => document.dialect === wanted).map(toChange);
}

function isFeedDialect(dialect: DialectName, state: CollectionState): boolean {
  return dialect === "notary1" || !carries(state, "notary1");
}

/** A new document and the hash under which it is stored, answered and listed: computed once. */
interface NamedDocument {
  readonly document: Document;
  /** Hex SHA-256 of its bytes. */
  readonly hash: Sha256Hex;
}

function named(document: Document): NamedDocument {
  return { document, hash: encodeHex(sha256(document.bytes)) };
}

function toChange({ document, hash }: NamedDocument): NewChange {
  return { version: document.signed.version, sha256: hash, category: "update" };
}

function toNew({ document, hash }: NamedDocument): NewDocument {
  const { dialect, role, signed, bytes } = document;
  return { dialect, role, version: signed.version, bytes, sha256: hash };
}

function describe({ document, hash }: NamedDocument): PublishedDocument {
  const { dialect, role, signed } = document;
  return { dialect, role, version: signed.version, sha256: hash };
}
