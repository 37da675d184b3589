// One connection to a database that is only read, inside one transaction that sees one moment (REPEATABLE READ): rows that the old
// server writes meanwhile are not there, so that timestamp, snapshot and targets fit each other. The next run brings them.
// The drivers load only here: no other command pays for them.
import { CountersignError, encodeUtf8 } from "../bytes/index.ts";
import { parsePostgresUrl } from "../storage/index.ts";
import { type DatabaseAddress, describeAddress, type MysqlAddress, type PostgresAddress } from "./database-url.ts";

/** A line that is cut without a word must not hold the command for ever; the longest query counts all rows of a large table. */
const connectTimeoutMs = 30_000;
const queryTimeoutMs = 10 * 60_000;

export type SqlRow = Readonly<Record<string, unknown>>;
export type SqlValue = string | number;

export interface SqlConnection extends AsyncDisposable {
  readonly kind: DatabaseAddress["kind"];
  /** For people; no password. */
  readonly description: string;
  /** Values stand as `?`. @throws storage.unavailable, migrate.source_invalid */
  query(sql: string, values?: readonly SqlValue[]): Promise<readonly SqlRow[]>;
}

/** @throws storage.unavailable */
export async function openSqlConnection(address: DatabaseAddress): Promise<SqlConnection> {
  return address.kind === "postgres" ? openPostgres(address) : openMysql(address);
}

async function openPostgres(address: PostgresAddress): Promise<SqlConnection> {
  const description = describeAddress(address);
  const { default: pg } = await import("pg");
  // Read as libpq, and so Notary, reads it: the driver takes sslmode otherwise.
  const { host, port, database, user, ssl } = parsePostgresUrl(address.url);
  const client = new pg.Client({
    ...{ host, port, database, user, ssl },
    ...(address.password === undefined ? {} : { password: address.password }),
    application_name: "countersign migrate",
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    keepAlive: true,
  });
  let broken: Error | undefined;
  // Without a listener a connection that breaks between two queries would end the process.
  client.on("error", (error) => {
    broken = error;
  });
  try {
    await client.connect();
    await client.query("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
    await client.query("SET LOCAL TIME ZONE 'UTC'");
  } catch (cause) {
    await client.end().catch(() => undefined);
    throw unreachable(description, cause);
  }
  // The driver is done with queueing queries by itself.
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (sql: string, values: readonly SqlValue[]) => {
    if (broken !== undefined) throw unreachable(description, broken);
    let count = 0;
    const text = sql.replaceAll("?", () => `$${++count}`);
    try {
      // As text, not binary: binary values are views into a buffer that the driver writes the next rows into.
      return (await client.query<SqlRow>({ text, values: [...values] })).rows;
    } catch (cause) {
      throw queryError(description, cause);
    }
  };
  return {
    kind: "postgres",
    description,
    query(sql, values = []) {
      const answer = last.then(() => ask(sql, values));
      last = answer.catch(() => undefined);
      return answer;
    },
    [Symbol.asyncDispose]: () => client.end().catch(() => undefined),
  };
}

async function openMysql(address: MysqlAddress): Promise<SqlConnection> {
  const description = describeAddress(address);
  const { createConnection } = await import("mysql2/promise");
  const place =
    address.socketPath === undefined ? { host: address.host, port: address.port } : { socketPath: address.socketPath };
  const tls = address.tls === "off" ? {} : { ssl: { rejectUnauthorized: address.tls === "verify" } };
  const { user, password, database } = address;
  try {
    const connection = await createConnection({
      ...place,
      ...tls,
      user,
      database,
      ...(password === undefined ? {} : { password }),
      connectTimeout: connectTimeoutMs,
      dateStrings: true,
      supportBigNumbers: true,
    });
    let broken: Error | undefined;
    connection.on("error", (error: Error) => {
      broken = error;
    });
    await connection.query("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    await connection.query("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
    return {
      kind: "mysql",
      description,
      async query(sql, values = []) {
        if (broken !== undefined) throw unreachable(description, broken);
        try {
          const [rows] = await connection.execute({ sql, values: [...values], timeout: queryTimeoutMs });
          const list: readonly unknown[] = Array.isArray(rows) ? rows : [];
          return list.filter(isRow);
        } catch (cause) {
          throw queryError(description, cause);
        }
      },
      [Symbol.asyncDispose]: () => connection.end().catch(() => undefined),
    };
  } catch (cause) {
    throw unreachable(description, cause);
  }
}

function isRow(value: unknown): value is SqlRow {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unreachable(description: string, cause: unknown): CountersignError {
  return new CountersignError("storage.unavailable", `the ${description} cannot be read: ${reasonOf(cause)}`, {
    cause,
    hints: ["see that it runs, and that user, password and TLS options of the address are right"],
  });
}

/** A missing table or column is the operator's to mend; anything else is the database's. */
function queryError(description: string, cause: unknown): CountersignError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const isSchema = ["42P01", "42703", "ER_NO_SUCH_TABLE", "ER_BAD_FIELD_ERROR"].includes(code);
  if (!isSchema) return unreachable(description, cause);
  return new CountersignError(
    "migrate.source_invalid",
    `the ${description} is not such a Notary database: ${reasonOf(cause)}`,
    {
      cause,
      hints: [
        "the server's database has the tables tuf_files and changefeed, the signer's has private_keys",
        "an older Notary's database must first be brought to its last schema with Notary's own migrations",
      ],
    },
  );
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message;
  return cause instanceof Error ? cause.message : String(cause);
}

/** @throws migrate.source_invalid when the column holds something else */
export function integerOf(row: SqlRow, name: string): number {
  const value = row[name];
  const number = typeof value === "string" || typeof value === "bigint" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) throw badColumn(name);
  return number;
}

export function textOf(row: SqlRow, name: string): string {
  const value = row[name];
  if (value instanceof Uint8Array) return Buffer.from(value).toString("utf8");
  if (typeof value !== "string") throw badColumn(name);
  return value;
}

export function optionalTextOf(row: SqlRow, name: string): string | undefined {
  return row[name] === null ? undefined : textOf(row, name);
}

export function bytesOf(row: SqlRow, name: string): Uint8Array {
  const value = row[name];
  if (typeof value === "string") return encodeUtf8(value);
  if (!(value instanceof Uint8Array)) throw badColumn(name);
  return value;
}

/** PostgreSQL says true, MySQL 1. */
export function booleanOf(row: SqlRow, name: string): boolean {
  const value = row[name];
  return value === true || (typeof value !== "boolean" && integerOf(row, name) !== 0);
}

/** `2026-11-22T07:18:27.097339`, which Notary takes for UTC. Milliseconds since the epoch; undefined for NULL and MySQL's zero date. */
export function timeOf(row: SqlRow, name: string): number | undefined {
  const text = optionalTextOf(row, name);
  const at = text === undefined ? Number.NaN : Date.parse(`${text.slice(0, 23)}Z`);
  return Number.isNaN(at) ? undefined : at;
}

function badColumn(name: string): CountersignError {
  return new CountersignError(
    "migrate.source_invalid",
    `the column ${name} holds a value of another type than Notary's`,
  );
}
