// Connections to one PostgreSQL with its schema at the newest version, and every failure as a coded error. Reads share lines and find
// another when theirs is gone; transactions have a connection of a pool to themselves and are never repeated here, because a lost
// answer says nothing about what happened.
import { CountersignError } from "../../bytes/index.ts";
import type { Row } from "../rows.ts";
import { clientConfig, execute, type Result, type SqlValue } from "./connection.ts";
import { ConnectionGate } from "./connection-gate.ts";
import { migrate, type Schema } from "./migrations.ts";
import { isLostConnection, toPostgresError } from "./postgres-errors.ts";
import { type PostgresAddress, parsePostgresUrl } from "./postgres-url.ts";
import { ReadLines } from "./read-lines.ts";
import { TransactionLines } from "./transaction-lines.ts";

export interface PoolOptions {
  /** postgres://user:password@host:port/database?sslmode=... */
  readonly url: string;
  /** For reads, and as many again for transactions; who finds none free waits, not for ever. 10 unless told. */
  readonly maxConnections?: number | undefined;
  /** What an administrator sees in pg_stat_activity. */
  readonly application: string;
  /** For one statement; 15 seconds unless told. */
  readonly timeoutMs?: number | undefined;
  readonly schema: Schema;
}

/** Runs one statement of a transaction. */
export type Run = (sql: string, values?: readonly SqlValue[]) => Promise<Result>;

const defaultMaxConnections = 10;
/** A restarted database has left as many dead connections as the pool held. */
const readAttempts = 3;

export class PostgresPool implements AsyncDisposable {
  readonly address: PostgresAddress;
  /** For whoever else connects to this database. */
  readonly gate: ConnectionGate;
  readonly #transactions: TransactionLines;
  readonly #lines: ReadLines;
  #closing: Promise<void> | undefined;

  /** Use `openPostgresPool`. */
  constructor(address: PostgresAddress, gate: ConnectionGate, transactions: TransactionLines, lines: ReadLines) {
    this.address = address;
    this.gate = gate;
    this.#transactions = transactions;
    this.#lines = lines;
  }

  /** The rows of one statement that changes nothing: it may run more than once. @throws storage.*, disk.*, tls.untrusted */
  async read(sql: string, values: readonly SqlValue[] = []): Promise<readonly Row[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await this.#lines.execute(sql, values)).rows;
      } catch (error) {
        if (attempt >= readAttempts || !isBrokenLine(error)) throw toPostgresError(error, this.address.shown);
      }
    }
  }

  /**
   * Runs `work` in one transaction, which is taken back if it throws. A connection lost at the end leaves open whether it happened.
   * @throws what `work` throws, storage.*, disk.*, tls.untrusted
   */
  async transaction<T>(work: (run: Run) => Promise<T>): Promise<T> {
    try {
      return await this.#transactions.use(async (client) => {
        await execute(client, "BEGIN");
        try {
          const result = await work((sql, values) => execute(client, sql, values));
          const { command } = await execute(client, "COMMIT");
          if (command === "COMMIT") return result;
        } catch (error) {
          await execute(client, "ROLLBACK").catch(() => undefined);
          throw error;
        }
        throw new CountersignError("storage.unavailable", `the database ${this.address.shown} took a transaction back`);
      });
    } catch (error) {
      throw toPostgresError(error, this.address.shown);
    }
  }

  /** Waits for what is under way. */
  close(): Promise<void> {
    this.#closing ??= Promise.all([this.#lines.close(), this.#transactions.close()]).then(() => undefined);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Connects, and brings the schema to its newest version. @throws usage.invalid, storage.*, disk.*, tls.untrusted */
export async function openPostgresPool(options: PoolOptions): Promise<PostgresPool> {
  const address = parsePostgresUrl(options.url);
  const { default: pg } = await import("pg");
  const gate = new ConnectionGate();
  const settings = { ...options, address, gate };
  const config = clientConfig(settings);
  try {
    // A connection of its own: a step over a large table may stay silent for longer than we bear otherwise.
    const client = new pg.Client({ ...config, query_timeout: 0 });
    client.on("error", () => {});
    try {
      await client.connect();
      await migrate(client, options.schema);
    } finally {
      await client.end().catch(() => undefined);
    }
  } catch (error) {
    throw toPostgresError(error, address.shown);
  }
  const max = options.maxConnections ?? defaultMaxConnections;
  return new PostgresPool(address, gate, new TransactionLines(settings, max), new ReadLines(settings, max));
}

/** The connection broke under the statement. One that could not be made is not tried again: that is an outage. */
function isBrokenLine(error: unknown): boolean {
  if (!isLostConnection(error)) return false;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = error instanceof Error ? error.message : "";
  return !["ECONNREFUSED", "ENOTFOUND", "57P03"].includes(code) && !/timeout/i.test(message);
}
