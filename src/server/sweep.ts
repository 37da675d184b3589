// The background renewal: looks every minute, give or take, for collections past half of their documents' life and renews them, a few
// at once (they share commits). After a downtime it works through everything that came due meanwhile, most urgent first.
import { randomInt } from "node:crypto";
import type { Clock, Gun } from "../bytes/index.ts";
import type { Storage } from "../storage/index.ts";

const batchSize = 64;
const pauseMs = 60_000;

export class Sweep {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #renew: (gun: Gun) => Promise<boolean>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(storage: Storage, clock: Clock, renew: (gun: Gun) => Promise<boolean>) {
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

  /** Everything that is due; the number of collections looked at. */
  async once(): Promise<number> {
    let seen = 0;
    while (!this.#isStopped) {
      const due = await this.#storage.dueForRenewal(this.#clock(), batchSize);
      await Promise.all(due.map((gun) => this.#renew(gun)));
      seen += due.length;
      if (due.length < batchSize) break;
    }
    return seen;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}
