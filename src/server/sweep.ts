// The background renewal: looks every minute, give or take, for collections past half of their documents' life and renews them, a few
// at once (they share commits). After a downtime it works through everything that came due meanwhile, most urgent first.
import { randomInt } from "node:crypto";
import type { Clock, Gun } from "../bytes/index.ts";
import type { Storage } from "../storage/index.ts";
import type { RenewalOutcome } from "./collections.ts";

const batchSize = 64;
/** When so many cannot be stored it is the database or the disk: nothing more is tried, and nothing more logged, until the next round. */
const maxFailures = 256;
const pauseMs = 60_000;

export class Sweep {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #renew: (gun: Gun) => Promise<RenewalOutcome>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(storage: Storage, clock: Clock, renew: (gun: Gun) => Promise<RenewalOutcome>) {
    this.#storage = storage;
    this.#clock = clock;
    this.#renew = renew;
  }

  /** Once now, then every minute or so; several servers on one database do not march in step. */
  start(onError: (error: unknown) => void): void {
    const again = () => {
      if (this.#isStopped) return;
      this.#timer = setTimeout(run, pauseMs + randomInt(pauseMs / 4)).unref();
    };
    const run = () => {
      this.#running = this.once().then(() => {}, onError);
      void this.#running.then(again);
    };
    run();
  }

  /** Everything that is due, each once; the number of collections looked at. */
  async once(): Promise<number> {
    let seen = 0;
    // They stay due: asked for again in this round, they would be all that it ever comes to.
    const failed = new Set<Gun>();
    while (!this.#isStopped && failed.size < maxFailures) {
      const limit = batchSize + failed.size;
      const due = await this.#storage.dueForRenewal(this.#clock(), limit);
      const batch = due.filter((gun) => !failed.has(gun));
      const outcomes = await Promise.all(batch.map((gun) => this.#renew(gun)));
      for (const [at, gun] of batch.entries()) if (outcomes[at] === "failed") failed.add(gun);
      seen += batch.length;
      if (due.length < limit) break;
    }
    return seen;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}
