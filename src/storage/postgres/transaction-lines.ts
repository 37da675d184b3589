// Connections for transactions, each lent to one at a time and kept for the next. The driver's own pool is not used: it connects again by
// itself for everybody who waits, past the gate (connection-gate.ts), so that a crowd would keep a recovering database busy.
import type { Client } from "pg";
import { CountersignError } from "../../bytes/index.ts";
import { Slots } from "../../http/index.ts";
import { type ConnectionSettings, openConnection } from "./connection.ts";

const maxWaitMs = 5_000;

export class TransactionLines {
  readonly #settings: ConnectionSettings;
  readonly #idle = new Set<Client>();
  readonly #slots: Slots;
  readonly #working = new Set<Promise<unknown>>();
  #isClosed = false;

  constructor(settings: ConnectionSettings, maxLines: number) {
    this.#settings = settings;
    this.#slots = new Slots(maxLines);
  }

  /** A connection on which anything failed is not used again: what is still under way on it is not known. */
  async use<T>(work: (client: Client) => Promise<T>): Promise<T> {
    if (!(await this.#slots.take(maxWaitMs))) {
      const { shown } = this.#settings.address;
      throw new CountersignError("storage.unavailable", `no connection to ${shown} came free within ${maxWaitMs} ms`);
    }
    const working = this.#on(work);
    this.#working.add(working);
    try {
      return await working;
    } finally {
      this.#working.delete(working);
      this.#slots.free();
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
}
