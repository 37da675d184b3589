// Bytes that are in memory for the sake of clients: how many at once over all, and how many for one of them. What one address has must
// leave room for others, or a handful of connections that never finish would keep everybody else out.

/** The largest part of a budget that one somebody may have. */
const maxShare = 0.75;

export class ByteBudget {
  readonly #maxBytes: number;
  readonly #taken = new Map<string, number>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** False, and nothing taken, when there is no room. `whom`: an address group (rate-limits.ts). */
  take(whom: string, bytes: number): boolean {
    const taken = (this.#taken.get(whom) ?? 0) + bytes;
    if (this.#bytes + bytes > this.#maxBytes || taken > this.#maxBytes * maxShare) return false;
    this.#bytes += bytes;
    this.#taken.set(whom, taken);
    return true;
  }

  /** What was taken goes back. */
  give(whom: string, bytes: number): void {
    this.#bytes -= bytes;
    const left = (this.#taken.get(whom) ?? 0) - bytes;
    if (left > 0) this.#taken.set(whom, left);
    else this.#taken.delete(whom);
  }
}
