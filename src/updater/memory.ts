// What a reader remembers of a collection across runs and across dialects. Stored by an adapter as opaque bytes.
export interface MemoryStore {
  read(): Promise<Uint8Array | undefined>;
  /** Atomic: the old or the new bytes, never a mixture. */
  write(bytes: Uint8Array): Promise<void>;
}
