// Where a PostgreSQL is, from its URL (libpq's form, postgresql.org/docs/current/libpq-connect.html, section "Connection URIs"). Read here and not by the driver,
// whose reading of sslmode differs from libpq's and is about to change, and which takes any setting from the query. One rule is
// stricter than libpq: without sslmode another machine is spoken to over verified TLS, never in the clear.
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { CountersignError } from "../../bytes/index.ts";

export interface PostgresAddress {
  /** A host name, an address, or the directory of a unix socket. */
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** undefined: PGPASSWORD or ~/.pgpass, or none. */
  readonly password: string | undefined;
  readonly ssl: false | ConnectionOptions;
  /** For messages: never holds the password. */
  readonly shown: string;
}

const parameters = new Set([
  "host",
  "port",
  "user",
  "password",
  "sslmode",
  "sslrootcert",
  "sslcert",
  "sslkey",
  "connect_timeout",
  "application_name",
]);

/** @throws usage.invalid, disk.unreadable */
export function parsePostgresUrl(text: string): PostgresAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "postgres:" && url.protocol !== "postgresql:")) {
    // The text may hold a password, wherever its writer put it.
    throw refused("the address of the database is not a postgres:// URL");
  }
  const query = url.searchParams;
  for (const name of query.keys()) {
    if (!parameters.has(name)) throw refused(`the database URL has a setting that is not known here: ${name}`);
  }
  const host = query.get("host") ?? decoded(url.hostname).replace(/^\[(.*)\]$/, "$1");
  const database = decoded(url.pathname.slice(1));
  const user = query.get("user") ?? decoded(url.username);
  if (host === "" || database === "" || user === "") throw refused("the database URL lacks its host, user or database");
  const port = Number(query.get("port") ?? (url.port === "" ? 5432 : url.port));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw refused("the database URL has no usable port");
  const password = query.get("password") ?? decoded(url.password);
  return {
    host,
    port,
    database,
    user,
    password: password === "" ? undefined : password,
    ssl: tlsOf(host, query),
    shown: `${host}:${port}/${database}`,
  };
}

function tlsOf(host: string, query: URLSearchParams): false | ConnectionOptions {
  const isHere = host.startsWith("/") || host === "localhost" || host === "::1" || /^127\.[0-9.]+$/.test(host);
  const mode = query.get("sslmode") ?? (isHere ? "disable" : "verify-full");
  if (mode === "disable" || host.startsWith("/")) return false;
  const [ca, cert, key] = ["sslrootcert", "sslcert", "sslkey"].map((name) => file(query.get(name)));
  const files = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  switch (mode) {
    case "verify-full":
      return files;
    case "verify-ca":
      if (ca === undefined) throw refused("sslmode=verify-ca needs sslrootcert, the authority to trust");
      return { ...files, checkServerIdentity: () => undefined };
    case "require":
      // As libpq: with an authority at hand it is verify-ca, without one the line is only hidden from who listens.
      return ca === undefined
        ? { ...files, rejectUnauthorized: false }
        : { ...files, checkServerIdentity: () => undefined };
    default:
      throw refused(`sslmode=${mode} is none of disable, require, verify-ca, verify-full`);
  }
}

function file(path: string | null): string | undefined {
  if (path === null || path === "") return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CountersignError("disk.unreadable", `${path}, named by the database URL, cannot be read`, { cause });
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new CountersignError("usage.invalid", "the database URL holds a malformed percent escape", { cause });
  }
}

function refused(message: string): CountersignError {
  return new CountersignError("usage.invalid", message, {
    hints: [
      "it looks like postgres://USER@HOST:5432/DATABASE?sslmode=verify-full",
      "write special characters of a password as percent escapes, or give it in PGPASSWORD",
    ],
  });
}
