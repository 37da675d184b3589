// Holds new connections back while the database refuses them. Each one makes PostgreSQL start a process, so a loaded server that asks again and
// again keeps a database busy with refusing that should recover. From the first failure on one caller at a time may try, after a pause that
// doubles; the others fail at once with the reason that is known. The first success lets everybody through.

const shortestPauseMs = 20;
const longestPauseMs = 1_000;

interface Outage {
  /** What the last attempt met. */
  readonly reason: unknown;
  readonly pauseMs: number;
  readonly until: number;
  isTried: boolean;
}

export class ConnectionGate {
  readonly #now: () => number;
  readonly #random: () => number;
  #outage: Outage | undefined;

  /** `random` gives numbers from 0 to 1: servers that lost one database must not come back in step. */
  constructor(now: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#now = now;
    this.#random = random;
  }

  /** Rejects with what `connect` rejects with, or at once with what it last rejected with. */
  async pass<T>(connect: () => Promise<T>): Promise<T> {
    const outage = this.#outage;
    if (outage !== undefined) {
      if (outage.isTried || this.#now() < outage.until) throw outage.reason;
      outage.isTried = true;
    }
    try {
      const connected = await connect();
      this.#outage = undefined;
      return connected;
    } catch (reason) {
      // Several were under way when the first of them failed: together they are one failure.
      if (this.#outage === outage) this.#outage = this.#after(outage, reason);
      throw reason;
    }
  }

  #after(before: Outage | undefined, reason: unknown): Outage {
    const pauseMs = before === undefined ? shortestPauseMs : Math.min(before.pauseMs * 2, longestPauseMs);
    return { reason, pauseMs, until: this.#now() + pauseMs * (0.5 + this.#random() / 2), isTried: false };
  }
}
