// What the last publish left of a collection, kept for the next one: the documents are not read from storage again, nor decoded again by
// a dialect that has seen their very bytes. A state is only used after storage has said that its generation still stands, so that
// another server on the same database, a deletion or a renewal can never be built upon from memory.
import type { Gun } from "../bytes/index.ts";
import { type RememberingDialect, rememberingDialect } from "../dialects/index.ts";
import type { CollectionState, Commit, Storage, StoredDocument } from "../storage/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { CollectionCache } from "./document-cache.ts";
import { serverDialect } from "./remembered-roots.ts";
import { readWithoutBins } from "./unread-bins.ts";

export interface KnownState {
  readonly generation: number;
  /** undefined: no such collection. */
  readonly state: CollectionState | undefined;
  /** Each decodes the bytes of this collection once. */
  readonly dialects: Readonly<Record<DialectName, RememberingDialect>>;
  /** Highest version ever stored, by floorKey; only what this server has numbered itself. */
  readonly floors: ReadonlyMap<string, number>;
}

/** Decoded, a document takes some five times its bytes; what is larger than this is parsed for longer than it is read. */
const maxStateBytes = 256 * 1024;

export class KnownStates {
  readonly #storage: Storage;
  readonly #cache: CollectionCache<KnownState>;

  constructor(storage: Storage, maxBytes: number = 8 * 1024 * 1024) {
    this.#storage = storage;
    this.#cache = new CollectionCache(maxBytes);
  }

  /** The collection as storage has it now. */
  async current(gun: Gun): Promise<KnownState> {
    const generation = await this.#storage.generation(gun);
    const known = this.#cache.get(gun);
    if (known?.generation === generation) return known;
    const dialects = newDialects();
    const state = generation === 0 ? undefined : await readWithoutBins(this.#storage, gun, dialects.tuf1);
    // A commit between the two questions is seen whole or refuses ours.
    return { generation: state?.generation ?? generation, state, dialects, floors: new Map() };
  }

  /** The same with every document read. */
  async whole({ state, ...known }: KnownState): Promise<KnownState> {
    if (state === undefined) return { ...known, state };
    const read = await this.#storage.collection(state.gun);
    return { ...known, generation: read?.generation ?? known.generation, state: read };
  }

  /** After a commit on top of `before` that has given the collection this generation. */
  committed(before: KnownState, commit: Commit, documents: readonly StoredDocument[], generation: number): void {
    const { gun, behind, retired } = commit;
    // A collection that was not read whole is not kept: it is a large one.
    if ((before.state?.unread.length ?? 0) > 0) {
      this.#cache.invalidate(gun);
      return;
    }
    const current = new Map((before.state?.current ?? []).map((each) => [floorKey(each), each]));
    for (const name of retired) current.delete(floorKey(name));
    const floors = new Map(before.floors);
    for (const document of documents) {
      current.set(floorKey(document), document);
      if (document.role === "snapshot" || document.role === "timestamp") {
        floors.set(floorKey(document), document.version);
      }
    }
    const state: CollectionState = {
      gun,
      generation,
      behind: [...behind].sort(),
      current: [...current.values()],
      unread: [],
    };
    const bytes = state.current.reduce((sum, document) => sum + document.bytes.length + 500, 1_000);
    if (bytes > maxStateBytes) this.#cache.invalidate(gun);
    else this.#cache.put(gun, gun, { generation, state, dialects: before.dialects, floors }, bytes, this.#cache.epoch);
  }
}

export function floorKey({ dialect, role }: { readonly dialect: DialectName; readonly role: string }): string {
  return `${dialect} ${role}`;
}

function newDialects(): KnownState["dialects"] {
  return {
    notary1: rememberingDialect(serverDialect("notary1")),
    tuf1: rememberingDialect(serverDialect("tuf1")),
  };
}
