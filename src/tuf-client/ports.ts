// What the client needs of the outside world: somebody who asks a server, and somewhere to keep what was accepted. Both are small,
// so that a test, an embedding program or another protocol can stand in.

export interface TufRequest {
  readonly url: URL;
  /** Of the body; one byte more is download.too_large. */
  readonly maxBytes: number;
  /** The whole exchange, in milliseconds. */
  readonly totalMs: number;
  /** Longest silence, in milliseconds. */
  readonly idleMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface TufAnswer {
  /** Of the last answer when redirects were followed. */
  readonly status: number;
  /** Empty unless the status is 200. Must be read to its end or left by return(). */
  readonly body: AsyncIterable<Uint8Array>;
}

/** The body of an answer whose status is not 200. */
export async function* emptyBody(): AsyncGenerator<Uint8Array, void, undefined> {
  // There is nothing to yield.
}

export interface TufTransport {
  /** One GET. Any status is an answer. @throws download.* when there is none, or its body breaks a limit */
  get(request: TufRequest): Promise<TufAnswer>;
}

/**
 * Documents that were accepted, as received, by role name as metadata writes it (`root`, `timestamp`, a delegated role's own name).
 * What comes back is verified again: a store saves downloads and remembers versions, it is never a reason to trust.
 */
export interface TufStore {
  /** undefined: not there, or not readable. */
  read(role: string): Promise<Uint8Array | undefined>;
  /** Whole or not at all. */
  write(role: string, bytes: Uint8Array): Promise<void>;
  remove(role: string): Promise<void>;
  /** The chain of accepted roots, kept apart and only for readers that start from a bootstrap root. */
  readRoot(version: number): Promise<Uint8Array | undefined>;
  writeRoot(version: number, bytes: Uint8Array): Promise<void>;
  /** Where it is there: what was written before outlives a power cut once this is done. Asked for once for many writes, before an answer. */
  sync?(): Promise<void>;
}
