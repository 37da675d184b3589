// Answers kept in memory, ready to be sent: what makes reads as fast as a bare HTTP server. Bounded by bytes, emptied per
// collection by every change to it. An answer computed before a change and offered after it is refused (epochs), or an old
// timestamp could come back for good.
import type { Gun } from "../bytes/index.ts";

export interface ReadyAnswer {
  readonly body: Buffer;
  /** Name, value, name, value: as node:http takes it without looking. */
  readonly headers: string[];
  /** For /metrics: GetRole, GetRoleByHash, ... */
  readonly operation: string;
  /** Milliseconds since the epoch; from then on it must be looked up again. */
  readonly freshUntil: number;
}

interface Entry<T> {
  readonly value: T;
  readonly gun: Gun;
  readonly bytes: number;
  /** Used since the last eviction round: gets a second chance. */
  isUsed: boolean;
}

/** Least recently used goes first (second chance, so that a hit writes one flag and nothing else). */
export class CollectionCache<T> {
  readonly #maxBytes: number;
  readonly #maxEntryBytes: number;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #keys = new Map<Gun, Set<string>>();
  #epoch = 0;
  #clearedAt = -1;
  readonly #changedAt = new Map<Gun, number>();
  #bytes = 0;

  /** `maxEntryBytes`: what weighs more is not kept. */
  constructor(maxBytes: number, maxEntryBytes: number = maxBytes / 4) {
    this.#maxBytes = maxBytes;
    this.#maxEntryBytes = maxEntryBytes;
  }

  /** To be read before the answer is computed, and given to `put`. */
  get epoch(): number {
    return this.#epoch;
  }

  get(key: string): T | undefined {
    return this.find(key)?.value;
  }

  /** With the collection it belongs to: the one whose reader may be given it. */
  find(key: string): { readonly value: T; readonly gun: Gun } | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.isUsed = true;
    return entry;
  }

  /** `bytes`: what the value weighs. Not kept when the collection changed after `epoch`, or when it is too heavy. */
  put(key: string, gun: Gun, value: T, bytes: number, epoch: number): void {
    if ((this.#changedAt.get(gun) ?? this.#clearedAt) > epoch || bytes > this.#maxEntryBytes) return;
    this.#drop(key);
    this.#entries.set(key, { value, gun, bytes, isUsed: false });
    const keys = this.#keys.get(gun) ?? new Set();
    this.#keys.set(gun, keys.add(key));
    this.#bytes += bytes;
    this.#evict();
  }

  /** Forgets everything of a collection. */
  invalidate(gun: Gun): void {
    this.#epoch++;
    this.#changedAt.delete(gun);
    this.#changedAt.set(gun, this.#epoch);
    // Only answers under way at this moment ask for these; ten thousand collections later nobody does.
    const oldest = this.#changedAt.keys().next();
    if (this.#changedAt.size > 10_000 && oldest.done !== true) this.#changedAt.delete(oldest.value);
    for (const key of [...(this.#keys.get(gun) ?? [])]) this.#drop(key);
  }

  /** Forgets everything, and refuses whatever was computed before. */
  clear(): void {
    this.#epoch++;
    this.#clearedAt = this.#epoch;
    this.#changedAt.clear();
    for (const key of [...this.#entries.keys()]) this.#drop(key);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
    const keys = this.#keys.get(entry.gun);
    keys?.delete(key);
    if (keys?.size === 0) this.#keys.delete(entry.gun);
  }

  #evict(): void {
    while (this.#bytes > this.#maxBytes) {
      const [oldest] = this.#entries;
      if (oldest === undefined) return;
      const [key, entry] = oldest;
      if (!entry.isUsed) {
        this.#drop(key);
        continue;
      }
      this.#entries.delete(key);
      entry.isUsed = false;
      this.#entries.set(key, entry);
    }
  }
}
