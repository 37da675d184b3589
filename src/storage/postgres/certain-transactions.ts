// Transactions whose outcome is known even when the connection breaks under COMMIT. Each marks this writer's own row with a number, in
// the transaction itself: whoever locks that row afterwards sees whether it happened, and waits while it is still happening. So a commit
// is never called failed when it stands, and never made twice. One at a time, on one connection; the caller queues (writer.ts).
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { CountersignError } from "../../bytes/index.ts";
import { integerCell } from "../rows.ts";
import { type ConnectionSettings, execute, openConnection } from "./connection.ts";
import type { Run } from "./pool.ts";
import { isLostConnection, isPassingConflict, toPostgresError } from "./postgres-errors.ts";

/** What a transaction gives: its value, and statements that were sent and need not be waited for before COMMIT is sent behind them. */
export interface Work<T> {
  readonly value: T;
  readonly sent: readonly Promise<unknown>[];
}

const maxAttempts = 3;
/** An outage is reported rather than waited for. */
const retryWithinMs = 5_000;
const lookUpWithinMs = 25_000;
const lookUpPauseMs = 100;
/**
 * Should we end while the server waits for a lock, it would go on waiting, and hold the locks it has. PostgreSQL 14 and newer can look now
 * and then whether the line stands; not on every system.
 */
const noticeOurEnd = `
  SELECT set_config(name, '1s', false) FROM pg_catalog.pg_settings WHERE name = 'client_connection_check_interval'`;

export class CertainTransactions {
  readonly #settings: ConnectionSettings;
  readonly #writer: string;
  #client: Client | undefined;
  #batch = 0;

  /** `settings.application` is a name of this process that no other has ever had. */
  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
    this.#writer = settings.application;
  }

  /** `work` may run again after a transaction that did not happen. @throws what `work` throws, storage.*, disk.* */
  async run<T>(work: (run: Run) => Promise<Work<T>>): Promise<T> {
    const started = performance.now();
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once(work);
      } catch (error) {
        const isWorthwhile = attempt < maxAttempts && performance.now() - started < retryWithinMs;
        if (isWorthwhile && (error instanceof BrokenUnderWay || isPassingConflict(error))) continue;
        const cause = error instanceof BrokenUnderWay ? error.cause : error;
        throw toPostgresError(cause, this.#settings.address.shown);
      }
    }
  }

  /** Leaves no trace of this writer. */
  async close(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    await execute(client, "DELETE FROM countersign.writers WHERE id = $1", [this.#writer]).catch(() => undefined);
    this.#drop();
  }

  async #once<T>(work: (run: Run) => Promise<Work<T>>): Promise<T> {
    const client = await this.#connected();
    const batch = ++this.#batch;
    let done: { readonly value: T } | undefined;
    try {
      const begun = Promise.all([
        execute(client, "BEGIN ISOLATION LEVEL READ COMMITTED"),
        execute(client, "UPDATE countersign.writers SET batch = $2, seen_at = now() WHERE id = $1", [
          this.#writer,
          batch,
        ]),
      ]);
      begun.catch(() => undefined);
      const { value, sent } = await work((sql, values) => execute(client, sql, values));
      const [, marked] = await begun;
      if (marked.count !== 1) throw new Error("this writer's row is gone");
      done = { value };
      const [{ command }] = await Promise.all([execute(client, "COMMIT"), ...sent]);
      if (command === "COMMIT") return value;
      throw new CountersignError(
        "storage.unavailable",
        `the database ${this.#settings.address.shown} took a transaction back`,
      );
    } catch (error) {
      if (error instanceof CountersignError) {
        await execute(client, "ROLLBACK").catch(() => this.#drop());
        throw error;
      }
      // What is still under way on this connection is not known: the server takes an open transaction back with it.
      this.#drop();
      if (!isLostConnection(error)) throw error;
      if (done !== undefined && (await this.#hasHappened(batch))) return done.value;
      throw new BrokenUnderWay(error);
    }
  }

  /** Whether the transaction that marked `batch` stands. Waits out a database that restarts. */
  async #hasHappened(batch: number): Promise<boolean> {
    const started = performance.now();
    for (;;) {
      try {
        const client = await this.#connected();
        const sql = "SELECT batch FROM countersign.writers WHERE id = $1 FOR UPDATE";
        const [row] = (await execute(client, sql, [this.#writer])).rows;
        return row !== undefined && integerCell(row, "batch") === batch;
      } catch (cause) {
        this.#drop();
        if (performance.now() - started < lookUpWithinMs) {
          await sleep(lookUpPauseMs);
          continue;
        }
        throw new CountersignError(
          "storage.unavailable",
          `the database ${this.#settings.address.shown} broke off under a commit; it is not known whether it was stored`,
          { cause, hints: ["read the collection again before repeating the change"] },
        );
      }
    }
  }

  async #connected(): Promise<Client> {
    if (this.#client !== undefined) return this.#client;
    const client = await openConnection(this.#settings);
    client.once("end", () => {
      if (this.#client === client) this.#client = undefined;
    });
    this.#client = client;
    try {
      const sql = "INSERT INTO countersign.writers (id, batch) VALUES ($1, 0) ON CONFLICT DO NOTHING";
      await execute(client, sql, [this.#writer]);
      // Of servers that ended without a word. One that has only been idle for so long makes its row again.
      await execute(client, "DELETE FROM countersign.writers WHERE seen_at < now() - interval '30 days'");
      await execute(client, noticeOurEnd).catch(() => undefined);
      return client;
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.end().catch(() => undefined);
  }
}

/** The connection broke, and the transaction did not happen: it may be tried again. */
class BrokenUnderWay extends Error {
  constructor(cause: unknown) {
    super("the connection broke under a transaction", { cause });
  }
}
