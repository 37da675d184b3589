// Debian's notary-server, in the two shapes people run: everything in memory with a local signing service, and PostgreSQL with
// notary-signer behind mutual TLS, the production shape and the one the bench is measured against.
import { writeFileSync } from "node:fs";
import { type CertificateFiles, makeCertificate } from "./certificates.ts";
import { needPeer } from "./find.ts";
import { startPostgres } from "./postgres.ts";
import { freePort, type RunningProcess, startProcess } from "./process.ts";
import type { Scratch } from "./scratch.ts";

export interface NotaryServer extends AsyncDisposable {
  readonly url: string;
  /** The same collections without TLS, where `alsoPlain` asked for it. */
  readonly plainUrl?: string;
  /** The certificate authority's file; undefined over plain HTTP. */
  readonly authority: string | undefined;
  /** Every process that serves a request. */
  readonly processes: readonly RunningProcess[];
}

export interface NotaryPostgres extends NotaryServer {
  /** What the server's database takes on disk. */
  databaseBytes(): Promise<number>;
}

export interface NotaryServerOptions {
  readonly tls?: boolean;
  /** A second notary-server on the same database, without TLS. */
  readonly alsoPlain?: boolean;
  readonly cpu?: number | undefined;
}

/** The memory backend: not durable, keys lost on exit. */
export async function startNotaryMemory(
  directory: Scratch,
  options: NotaryServerOptions = {},
  name = "notary-memory",
): Promise<NotaryServer> {
  const server = await startServer(directory, name, options, {
    trust_service: { type: "local", key_algorithm: "ecdsa" },
    storage: { backend: "memory" },
  });
  return { ...server.address, processes: [server.process], [Symbol.asyncDispose]: () => server.process.stop() };
}

/** PostgreSQL behind both, signer over gRPC with client certificates. */
export async function startNotaryPostgres(
  directory: Scratch,
  options: NotaryServerOptions = {},
): Promise<NotaryPostgres> {
  await using started = new AsyncDisposableStack();
  const postgres = started.use(await startPostgres(directory, options.cpu));
  const signerUrl = await postgres.createDatabase("notarysigner", signerSchema);
  const signer = await startSigner(directory, { backend: "postgres", db_url: signerUrl }, options);
  started.use(signer.process);
  const settings = {
    trust_service: signer.trustService,
    storage: { backend: "postgres", db_url: await postgres.createDatabase("notaryserver", serverSchema) },
  };
  const server = await startServer(directory, "notary-postgres", options, settings);
  started.use(server.process);
  const plain = options.alsoPlain
    ? await startServer(directory, "notary-postgres-plain", { ...options, tls: false }, settings)
    : undefined;
  if (plain !== undefined) started.use(plain.process);
  const running = started.move();
  return {
    ...server.address,
    ...(plain === undefined ? {} : { plainUrl: plain.address.url }),
    processes: [server, ...(plain === undefined ? [] : [plain]), signer, postgres].map(({ process }) => process),
    databaseBytes: async () => Number(await postgres.query("notaryserver", "SELECT pg_database_size('notaryserver')")),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** notary-server with a configuration of its own; `rest` says trust service and storage. */
export async function startServer(directory: Scratch, name: string, options: NotaryServerOptions, rest: object) {
  const port = await freePort();
  const files = options.tls === true ? await makeCertificate(directory, name) : undefined;
  const config = directory.at(`${name}.json`);
  const tls = files === undefined ? {} : { tls_cert_file: files.certificate, tls_key_file: files.key };
  const http = { server: { http_addr: `127.0.0.1:${port}`, ...tls }, logging: { level: "error" } };
  writeFileSync(config, JSON.stringify({ ...http, ...rest }));
  const process = await startProcess({
    name,
    command: needPeer("notary-server"),
    args: ["-config", config],
    cwd: directory.path,
    cpu: options.cpu,
    ready: () => answers(port),
  });
  const url = `${files === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  return { process, config, address: { url, authority: files?.authority } };
}

/** The alias new keys are sealed under, and its passphrase as the signer gets it. */
export const signerAlias = { name: "testalias", variable: "NOTARY_SIGNER_TESTALIAS", passphrase: "a test passphrase" };

/** notary-signer behind mutual TLS; `start` starts it again where it was. */
export async function startSigner(
  directory: Scratch,
  storage: { readonly backend: string; readonly db_url: string },
  options: NotaryServerOptions,
) {
  const port = await freePort();
  const files: CertificateFiles = await makeCertificate(directory, "notary-signer");
  const config = directory.at("notary-signer.json");
  const settings = {
    server: {
      grpc_addr: `127.0.0.1:${port}`,
      tls_cert_file: files.certificate,
      tls_key_file: files.key,
      client_ca_file: files.authority,
    },
    storage: { ...storage, default_alias: signerAlias.name },
    logging: { level: "error" },
  };
  writeFileSync(config, JSON.stringify(settings));
  const start = () =>
    startProcess({
      name: "notary-signer",
      command: needPeer("notary-signer"),
      args: ["-config", config],
      cwd: directory.path,
      cpu: options.cpu,
      env: { [signerAlias.variable]: signerAlias.passphrase },
      ready: () => answers(port),
    });
  const process = await start();
  const trustService = {
    type: "remote",
    hostname: "127.0.0.1",
    port: String(port),
    tls_ca_file: files.authority,
    tls_client_cert: files.certificate,
    tls_client_key: files.key,
    key_algorithm: "ecdsa",
  };
  return { process, port, files, config, trustService, start };
}

/** Whether something accepts connections there. */
async function answers(port: number): Promise<boolean> {
  const { connect } = await import("node:net");
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, "127.0.0.1", () => resolve(true));
  socket.once("error", () => resolve(false));
  const connected = await promise;
  socket.destroy();
  return connected;
}

const times = "created_at timestamp, updated_at timestamp, deleted_at timestamp";

// Notary v1's schemas as its migrations leave them (PostgreSQL).
export const serverSchema = `
  CREATE TABLE tuf_files (id serial PRIMARY KEY, ${times}, gun varchar(255) NOT NULL, role varchar(255) NOT NULL,
    version integer NOT NULL, data bytea NOT NULL, sha256 char(64), UNIQUE (gun, role, version));
  CREATE INDEX tuf_files_sha256_idx ON tuf_files (sha256);
  CREATE TABLE change_category (category varchar(20) PRIMARY KEY);
  INSERT INTO change_category VALUES ('update'), ('deletion');
  CREATE TABLE changefeed (id serial PRIMARY KEY, created_at timestamp DEFAULT CURRENT_TIMESTAMP, gun varchar(255) NOT NULL,
    version integer NOT NULL, sha256 char(64), category varchar(20) NOT NULL DEFAULT 'update' REFERENCES change_category);
  CREATE INDEX changefeed_gun_idx ON changefeed (gun);`;

export const signerSchema = `
  CREATE TABLE private_keys (id serial PRIMARY KEY, ${times}, key_id varchar(255) NOT NULL UNIQUE,
    encryption_alg varchar(255) NOT NULL, keywrap_alg varchar(255) NOT NULL, algorithm varchar(50) NOT NULL,
    passphrase_alias varchar(50) NOT NULL, gun varchar(255) NOT NULL, role varchar(255) NOT NULL,
    public bytea NOT NULL, private bytea NOT NULL, last_used timestamp);`;
