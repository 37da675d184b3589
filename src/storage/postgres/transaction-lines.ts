// Connections for transactions, each lent to one at a time and kept for the next. The driver's own pool is not used: it connects again by
// itself for everybody who waits, past the gate (connection-gate.ts), so that a crowd would keep a recovering database busy.
import type { Client } from "pg";
import { CountersignError } from "../../bytes/index.ts";
import { type ConnectionSettings, openConnection } from "./connection.ts";

const maxWaitMs = 5_000;

export class TransactionLines {
  readonly #settings: ConnectionSettings;
  readonly #idle = new Set<Client>();
  readonly #waiting = new Set<() => void>();
  readonly #working = new Set<Promise<unknown>>();
  #free: number;
  #isClosed = false;

  constructor(settings: ConnectionSettings, maxLines: number) {
    this.#settings = settings;
    this.#free = maxLines;
  }

  /** A connection on which anything failed is not used again: what is still under way on it is not known. */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    if (!(await this.#take())) {
      const { shown } = this.#settings.address;
      throw new CountersignError("storage.unavailable", `no connection to ${shown} came free within ${maxWaitMs} ms`);
    }
    const working = this.#on(work);
    this.#working.add(working);
    try {
      return await working;
    } finally {
      this.#working.delete(working);
      this.#giveBack();
    }
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled(this.#working);
    await Promise.allSettled([...this.#idle].map((client) => client.end()));
  }

  async #on<T>(work: (client: Client) => Promise<T>): Promise<T> {
    if (this.#isClosed) {
      throw new CountersignError("storage.unavailable", `the connection to ${this.#settings.address.shown} is closed`);
    }
    const [idle] = this.#idle;
    const client = idle ?? (await openConnection(this.#settings));
    this.#idle.delete(client);
    // One that breaks while nobody uses it must not be lent again.
    if (idle === undefined) client.once("end", () => this.#idle.delete(client));
    try {
      const result = await work(client);
      this.#idle.add(client);
      return result;
    } catch (error) {
      client.end().catch(() => undefined);
      throw error;
    }
  }

  /** False when none has come free in time. */
  #take(): Promise<boolean> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const turn = () => {
        clearTimeout(timer);
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(turn);
        resolve(false);
      }, maxWaitMs);
      this.#waiting.add(turn);
    });
  }

  #giveBack(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
