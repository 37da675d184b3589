// The current state of a collection for those who read it: from memory if nothing changed, and renewed first when something is past
// half of its life. A renewal that fails costs the reader nothing: what is stored is sent as long as it is there.
import { type Clock, CountersignError, type Gun } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import type { CollectionState, Storage, StoredDocument } from "../storage/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { CollectionCache } from "./document-cache.ts";
import { renewalTime } from "./lifetimes.ts";
import { readWithoutBins } from "./unread-bins.ts";

export interface CurrentState extends CollectionState {
  /** When it should be looked at again; milliseconds since the epoch. */
  readonly dueAt: number;
}

/** After a renewal that could not be done, readers do not ask for another one before this. */
const retryMs = 60_000;

export class Reads {
  readonly storage: Storage;
  readonly #clock: Clock;
  readonly #renew: (gun: Gun) => Promise<unknown>;
  readonly #states: CollectionCache<CurrentState>;
  readonly #renewing = new Map<Gun, Promise<unknown>>();

  constructor(storage: Storage, clock: Clock, renew: (gun: Gun) => Promise<unknown>, maxBytes: number) {
    this.storage = storage;
    this.#clock = clock;
    this.#renew = renew;
    // One collection may have all of it: whatever is asked of it, also for what it has not, would have it read from storage anew.
    this.#states = new CollectionCache(maxBytes, maxBytes);
  }

  invalidate(gun: Gun): void {
    this.#states.invalidate(gun);
  }

  /** When changes may have been missed. */
  invalidateAll(): void {
    this.#states.clear();
  }

  /** undefined: no such collection. */
  async state(gun: Gun): Promise<CurrentState | undefined> {
    const state = this.#states.get(gun) ?? (await this.#load(gun, 0));
    if (state === undefined || state.dueAt > this.#clock()) return state;
    await this.#renewOnce(gun);
    return this.#load(gun, this.#clock() + retryMs);
  }

  /** @throws collection.missing */
  async existing(gun: Gun): Promise<CurrentState> {
    const state = await this.state(gun);
    if (state === undefined) {
      throw new CountersignError("collection.missing", `no collection ${gun}`, {
        hints: ["check the name, and that this is the trust server its publisher uses", "publishers: countersign init"],
      });
    }
    return state;
  }

  async #load(gun: Gun, dueNotBefore: number): Promise<CurrentState | undefined> {
    const epoch = this.#states.epoch;
    const stored = await readWithoutBins(this.storage, gun, dialectNamed("tuf1"));
    if (stored === undefined) return undefined;
    const state = { ...stored, dueAt: Math.max(dueAt(stored), dueNotBefore) };
    const bytes = stored.current.reduce(
      (sum, document) => sum + document.bytes.length + 300,
      300 * (stored.unread.length + 1),
    );
    this.#states.put(gun, gun, state, bytes, epoch);
    return state;
  }

  /** Many readers may find it due at once; one renewal is enough. */
  #renewOnce(gun: Gun): Promise<unknown> {
    let renewing = this.#renewing.get(gun);
    if (renewing === undefined) {
      renewing = this.#renew(gun).finally(() => this.#renewing.delete(gun));
      this.#renewing.set(gun, renewing);
    }
    return renewing;
  }
}

/** The dialect's current document of a role. */
export function currentDocument(
  state: CollectionState | undefined,
  dialect: DialectName,
  role: string,
): StoredDocument | undefined {
  return state?.current.find((document) => document.dialect === dialect && document.role === role);
}

function dueAt(state: CollectionState): number {
  let due = Number.POSITIVE_INFINITY;
  for (const { dialect, role, bytes, storedAt } of state.current) {
    const decoded =
      role === "timestamp"
        ? dialectNamed(dialect).decodeTimestamp(bytes)
        : role === "snapshot"
          ? dialectNamed(dialect).decodeSnapshot(bytes)
          : undefined;
    if (decoded !== undefined) due = Math.min(due, renewalTime(decoded, storedAt));
  }
  return due;
}
