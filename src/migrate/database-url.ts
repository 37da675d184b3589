// Where a Notary database is, as Notary's own configuration writes it: a URL for PostgreSQL, Go's DSN for MySQL and MariaDB
// (`user:password@tcp(host:3306)/database?parseTime=True`; notary-v1, section 12). Also mysql:// URLs, as people write them.
// A password never enters a description or an error.
import { CountersignError } from "../bytes/index.ts";

export interface PostgresAddress {
  readonly kind: "postgres";
  readonly url: string;
  readonly password: string | undefined;
}

export interface MysqlAddress {
  readonly kind: "mysql";
  readonly host: string;
  readonly port: number;
  /** Instead of host and port. */
  readonly socketPath: string | undefined;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly tls: "off" | "verify" | "unverified";
}

export type DatabaseAddress = PostgresAddress | MysqlAddress;

const mysqlPort = 3306;

/** `password` is used where the text holds none. @throws usage.invalid */
export function parseDatabaseAddress(text: string, password?: string): DatabaseAddress {
  if (/^postgres(ql)?:\/\//.test(text)) return postgresAddress(text, password);
  if (/^(mysql|mariadb):\/\//.test(text)) return mysqlUrl(text, password);
  const dsn =
    /^(?:(?<credentials>.*)@)?(?:(?<network>[a-z0-9]+)(?:\((?<address>[^)]*)\))?)?\/(?<database>[^?/]*)(?:\?(?<options>.*))?$/.exec(
      text,
    )?.groups;
  if (dsn === undefined) {
    throw invalid("is neither a postgres:// or mysql:// URL nor of the form user:password@tcp(host:3306)/database");
  }
  return mysqlDsn(dsn, password);
}

/** Where it is, without the password. */
export function describeAddress(address: DatabaseAddress): string {
  if (address.kind === "mysql") {
    const place = address.socketPath ?? `${address.host}:${address.port}`;
    return `MySQL database ${address.database} at ${place}`;
  }
  const url = new URL(address.url);
  return `PostgreSQL database ${url.pathname.slice(1)} at ${url.hostname || (url.searchParams.get("host") ?? "localhost")}:${url.port || "5432"}`;
}

function postgresAddress(text: string, password: string | undefined): PostgresAddress {
  const url = parseUrl(text);
  const given = url.password === "" ? url.searchParams.get("password") : decodeURIComponent(url.password);
  return { kind: "postgres", url: text, password: given ?? password };
}

function mysqlUrl(text: string, password: string | undefined): MysqlAddress {
  const url = parseUrl(text);
  return mysqlAddress({
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port,
    user: decodeURIComponent(url.username),
    password: url.password === "" ? password : decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    options: url.searchParams,
  });
}

function mysqlDsn(dsn: Readonly<Record<string, string | undefined>>, password: string | undefined): MysqlAddress {
  const { credentials = "", network = "tcp", address = "", database = "", options = "" } = dsn;
  const colon = credentials.indexOf(":");
  const given = colon === -1 ? undefined : credentials.slice(colon + 1);
  const host = /^(?<host>\[[^\]]+\]|[^:]*)(?::(?<port>\d+))?$/.exec(address)?.groups;
  if (network !== "unix" && host === undefined) throw invalid(`names no address it could reach: ${network}(...)`);
  return mysqlAddress({
    host: (host?.host ?? "").replace(/^\[(.*)\]$/, "$1"),
    port: host?.port ?? "",
    ...(network === "unix" ? { socketPath: address } : {}),
    user: colon === -1 ? credentials : credentials.slice(0, colon),
    password: given === undefined || given === "" ? password : given,
    database,
    options: new URLSearchParams(options),
  });
}

interface MysqlParts {
  readonly host: string;
  readonly port: string;
  readonly socketPath?: string;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly options: URLSearchParams;
}

function mysqlAddress({ host, port, socketPath, user, password, database, options }: MysqlParts): MysqlAddress {
  if (database === "") throw invalid("names no database");
  const tls = options.get("tls") ?? "false";
  return {
    kind: "mysql",
    host: host === "" ? "127.0.0.1" : host,
    port: port === "" ? mysqlPort : Number(port),
    socketPath,
    user: user === "" ? "root" : user,
    password,
    database,
    tls: tls === "false" ? "off" : tls === "skip-verify" || tls === "preferred" ? "unverified" : "verify",
  };
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    // Neither the text nor the cause may be shown: they hold the password.
    throw invalid("is no URL");
  }
}

function invalid(why: string): CountersignError {
  return new CountersignError("usage.invalid", `the database address given ${why}`, {
    hints: [
      "PostgreSQL: postgres://user@host:5432/notaryserver?sslmode=verify-full",
      "MySQL, MariaDB: user@tcp(host:3306)/notaryserver?parseTime=True",
    ],
  });
}
