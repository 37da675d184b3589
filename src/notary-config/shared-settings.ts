// The settings that notary-server and notary-signer have in common: addresses, TLS files, databases, log level (notary-v1, section 12).
import { assertNever } from "../bytes/index.ts";
import type { ConfigValues } from "./config-values.ts";
import { maskedDsn, maskedUrl, postgresUrl } from "./database-url.ts";
import type { CertificatePaths, ListenAddress, LogLevel, NotaryStorage } from "./settings.ts";

/** `HOST:PORT`, `:PORT`, `[::1]:PORT`; the port is a number, http or https. @throws config.invalid */
export function readListen(values: ConfigValues, key: string): ListenAddress {
  const expected = "an address such as :4443 or 127.0.0.1:4443";
  const text = values.requiredText(key, expected);
  const match = /^(\[[0-9a-fA-F:.%a-z]+\]|[A-Za-z0-9._-]*):([0-9]{1,5}|https?)$/.exec(text);
  const [, name = "", digits = ""] = match ?? [];
  const port = digits === "https" ? 443 : digits === "http" ? 80 : Number(digits);
  if (match === null || port > 65_535) throw values.invalid(key, `expected ${expected}`);
  const host = name.replace(/^\[(.*)\]$/, "$1");
  values.took(key, host === "" ? `listens on every address, port ${port}` : `listens on ${host}, port ${port}`);
  return { host: host === "" ? undefined : host, port };
}

/** Both files or neither. @throws config.invalid */
export function readCertificate(values: ConfigValues): CertificatePaths | undefined {
  const certificatePath = values.filePath("server.tls_cert_file");
  const keyPath = values.filePath("server.tls_key_file");
  if (certificatePath === undefined && keyPath === undefined) return undefined;
  if (certificatePath === undefined || keyPath === undefined) {
    const missing = certificatePath === undefined ? "server.tls_cert_file" : "server.tls_key_file";
    throw values.invalid(missing, "it is missing; certificate and key go together");
  }
  values.took("server.tls_cert_file", `TLS with ${certificatePath}`);
  values.took("server.tls_key_file", `TLS with ${keyPath}`);
  return { certificatePath, keyPath };
}

export function readClientCa(values: ConfigValues): string | undefined {
  const path = values.filePath("server.client_ca_file");
  values.took("server.client_ca_file", `clients must show a certificate issued by ${path}`);
  return path;
}

/** notary-server says `error` where nothing is said. @throws config.invalid */
export function readLogLevel(values: ConfigValues): LogLevel {
  const text = values.text("logging.level")?.toLowerCase() ?? "error";
  const level = levelNamed(text);
  if (level === undefined) {
    throw values.invalid("logging.level", "expected debug, info, warning, error, fatal or panic");
  }
  values.took("logging.level", `log level ${level}`);
  return level;
}

/** logrus' names; what is rarer than an error is an error here. */
function levelNamed(text: string): LogLevel | undefined {
  switch (text) {
    case "trace":
    case "debug":
      return "debug";
    case "info":
      return "info";
    case "warn":
    case "warning":
      return "warning";
    case "error":
    case "fatal":
    case "panic":
      return "error";
    default:
      return undefined;
  }
}

/** @throws config.invalid */
export function readStorage(values: ConfigValues): NotaryStorage {
  const backends = "memory, postgres, mysql or rethinkdb";
  const backend = values.requiredText("storage.backend", backends);
  const storage = storageOf(values, backend);
  if (storage === undefined) throw values.invalid("storage.backend", `expected ${backends}`);
  return storage;
}

const rethinkKeys = ["database", "username", "password", "tls_ca_file", "client_cert_file", "client_key_file"];

function storageOf(values: ConfigValues, backend: string): NotaryStorage | undefined {
  const source = values.text("storage.db_url");
  if (backend !== "rethinkdb") {
    for (const key of rethinkKeys) values.ignores(`storage.${key}`, "only RethinkDB is told this");
  }
  if (backend !== "memory" && source === undefined && kinds.has(backend)) {
    throw values.invalid("storage.db_url", `it is missing; ${backend} needs it`);
  }
  switch (backend) {
    case "memory":
      values.took("storage.backend", "kept on disk, in the data directory");
      values.ignores("storage.db_url", "the backend is memory");
      return { kind: "memory" };
    case "postgres": {
      const url = postgresUrl(source ?? "");
      if (url === undefined) {
        throw values.invalid("storage.db_url", "expected postgres://user@host:port/database?sslmode=...");
      }
      values.took("storage.backend", "PostgreSQL");
      values.took("storage.db_url", "the database", maskedUrl(url));
      return { kind: "postgres", url };
    }
    case "mysql":
      values.took("storage.backend", "Notary's MySQL or MariaDB, to be migrated");
      values.took("storage.db_url", "the database to migrate", maskedDsn(source ?? ""));
      return { kind: "mysql", dsn: source ?? "" };
    case "sqlite3":
      values.took("storage.backend", "Notary's SQLite");
      values.ignores("storage.db_url", "a database of Notary cannot be ours");
      return { kind: "sqlite" };
    case "rethinkdb":
      values.took("storage.backend", "RethinkDB");
      for (const key of ["db_url", ...rethinkKeys]) values.ignores(`storage.${key}`, "RethinkDB is not supported");
      return { kind: "rethinkdb" };
    default:
      return undefined;
  }
}

const kinds: ReadonlySet<string> = new Set(["postgres", "mysql", "sqlite3", "rethinkdb"]);

/** What Countersign calls a Notary backend. */
export function storageName(storage: NotaryStorage): string {
  switch (storage.kind) {
    case "memory":
      return "memory";
    case "postgres":
      return "PostgreSQL";
    case "mysql":
      return "MySQL or MariaDB";
    case "sqlite":
      return "Notary's SQLite";
    case "rethinkdb":
      return "RethinkDB";
    default:
      return assertNever(storage);
  }
}

/** Error reports to a third party: nothing is sent anywhere. */
export function ignoreReporting(values: ConfigValues): void {
  for (const key of ["api_key", "release_stage", "endpoint"]) {
    values.ignores(`reporting.bugsnag.${key}`, "nothing is reported to others; errors are in the log and in /metrics");
  }
}
