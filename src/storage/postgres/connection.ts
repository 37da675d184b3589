// Connections to one PostgreSQL, as the driver (`pg`, loaded only here and only when a PostgreSQL is used) is to make them: bounded
// waits everywhere, values as our own types. A statement is prepared once per connection under a name made of its text.
import { createHash } from "node:crypto";
import process from "node:process";
import type { Client, ClientConfig, Connection, CustomTypesConfig } from "pg";
import { CountersignError } from "../../bytes/index.ts";
import type { Row } from "../rows.ts";
import type { ConnectionGate } from "./connection-gate.ts";
import type { PostgresAddress } from "./postgres-url.ts";

export type SqlValue = string | number | boolean | null | Uint8Array | readonly (string | number | boolean | null)[];

export interface Result {
  readonly rows: readonly Row[];
  /** Rows changed or given. */
  readonly count: number;
  /** The first word of what the server says it did: COMMIT of an aborted transaction says ROLLBACK. */
  readonly command: string;
}

const maxConnectMs = 5_000;
/** The server ends a statement after this unless told, and we end a connection that has said nothing for a third longer. */
const defaultTimeoutMs = 15_000;
/** A process that vanished with its machine must not hold a collection's row for long. */
const idleTransactionTimeoutMs = 10_000;
const lockTimeoutMs = 10_000;

export interface ConnectionSettings {
  readonly address: PostgresAddress;
  /** What an administrator sees in pg_stat_activity. */
  readonly application: string;
  /** For one statement. */
  readonly timeoutMs?: number | undefined;
  /** Of all connections to this database; without one it is tried whatever happened before. */
  readonly gate?: ConnectionGate | undefined;
}

/** What every connection is opened with. */
export function clientConfig({ address, application, timeoutMs = defaultTimeoutMs }: ConnectionSettings): ClientConfig {
  const { host, port, database, user, password, ssl } = address;
  return {
    host,
    port,
    database,
    user,
    ...(password === undefined ? {} : { password }),
    ssl,
    application_name: application,
    connectionTimeoutMillis: Math.min(maxConnectMs, timeoutMs),
    statement_timeout: timeoutMs,
    query_timeout: Math.ceil((timeoutMs * 4) / 3),
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: idleTransactionTimeoutMs,
    keepAlive: true,
    types: ourTypes,
  };
}

/** A connection of its own, on which statements may be sent without waiting for the ones before. */
export function openConnection(settings: ConnectionSettings): Promise<Client> {
  const connect = () => connected(settings);
  return settings.gate === undefined ? connect() : settings.gate.pass(connect);
}

async function connected(settings: ConnectionSettings): Promise<Client> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ ...clientConfig(settings), pipeline: true });
  // Every statement under way hears of a lost connection by itself; without a listener the process would end.
  client.on("error", () => {});
  await client.connect();
  return client;
}

const names = new Map<string, string>();

/** Runs one statement, prepared. Rejects with the driver's own error. */
export async function execute(client: Client, sql: string, values: readonly SqlValue[] = []): Promise<Result> {
  let name = names.get(sql);
  if (name === undefined) {
    name = `cs_${createHash("sha256").update(sql).digest("hex").slice(0, 32)}`;
    names.set(sql, name);
  }
  sendTogether(client.connection);
  const { rows, rowCount, command } = await client.query<Record<string, unknown>>({
    name,
    text: sql,
    values: [...values],
  });
  return { rows, count: rowCount ?? 0, command };
}

/** Statements of one turn leave in one packet: a packet each would wake kernel and database for every one of them. */
function sendTogether({ stream }: Connection): void {
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** Types by their object ids (pg_type.dat): the few that our tables use. Whatever else comes stays text. */
const ourTypes: CustomTypesConfig = {
  getTypeParser: (oid: number) => parsers.get(oid) ?? String,
};

const parsers = new Map<number, (text: string) => unknown>([
  [16, (text) => text === "t"],
  [17, bytesOf],
  [20, integerOf],
  [21, integerOf],
  [23, integerOf],
]);

function integerOf(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number;
  throw new CountersignError("storage.corrupt", `the database holds an integer beyond 2^53 - 1: ${text.slice(0, 30)}`);
}

function bytesOf(text: string): Uint8Array {
  if (!text.startsWith("\\x")) {
    throw new CountersignError("storage.corrupt", "the database gives bytes in a form that is not known here", {
      hints: ["leave bytea_output at its default, hex"],
    });
  }
  return Buffer.from(text.slice(2), "hex");
}
