// A run's view of the memory: read once, changed as documents become trusted, written back only when it changed and before anything
// is answered, so that what a caller was told can never be rolled back behind its back.
import { type CountersignError, equalBytes, isCountersignError } from "../bytes/index.ts";
import { decodeMemory, emptyMemory, encodeMemory, type Memory, type MemoryStore, mergeMemories } from "./memory.ts";

export class MemoryKeeper {
  #current: Memory = emptyMemory;
  /** What `#stored` says: writing down a memory of thousands of roles costs more than a lookup. */
  #written: Memory | undefined;
  #stored: Uint8Array | undefined;
  readonly #store: MemoryStore | undefined;

  private constructor(store: MemoryStore | undefined) {
    this.#store = store;
  }

  /** Without a store nothing is remembered. A damaged memory is reported to `warn` and started afresh. */
  static async open(store: MemoryStore | undefined, warn: (warning: CountersignError) => void): Promise<MemoryKeeper> {
    const keeper = new MemoryKeeper(store);
    keeper.#stored = await store?.read();
    if (keeper.#stored !== undefined) keeper.#current = decodeOrWarn(keeper.#stored, warn);
    return keeper;
  }

  get current(): Memory {
    return this.#current;
  }

  change(change: (memory: Memory) => Memory): void {
    this.#current = change(this.#current);
  }

  /** Writes what changed, merged with what another process wrote meanwhile. */
  async save(): Promise<void> {
    if (this.#store === undefined || this.#written === this.#current) return;
    const bytes = encodeMemory(this.#current);
    if (this.#stored !== undefined && equalBytes(bytes, this.#stored)) {
      this.#written = this.#current;
      return;
    }
    const found = await this.#store.read();
    const changedMeanwhile = found !== undefined && (this.#stored === undefined || !equalBytes(found, this.#stored));
    if (changedMeanwhile)
      this.#current = mergeMemories(
        this.#current,
        decodeOrWarn(found, () => undefined),
      );
    const written = this.#current;
    this.#stored = encodeMemory(written);
    await this.#store.write(this.#stored);
    this.#written = written;
  }
}

function decodeOrWarn(bytes: Uint8Array, warn: (warning: CountersignError) => void): Memory {
  try {
    return decodeMemory(bytes);
  } catch (error) {
    if (!isCountersignError(error, "cache.corrupt")) throw error;
    warn(error);
    return emptyMemory;
  }
}
