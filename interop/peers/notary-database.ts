// A whole Notary deployment on a real database, notary-server before notary-signer, with what an operator has at hand to move away
// from it: configuration files, addresses of the databases, SQL. PostgreSQL or MariaDB.
import { startMariadb } from "./mariadb.ts";
import { serverSchema, signerAlias, signerSchema, startServer, startSigner } from "./notary-server.ts";
import { startPostgres } from "./postgres.ts";
import type { Scratch } from "./scratch.ts";

export interface NotaryDeployment extends AsyncDisposable {
  readonly url: string;
  readonly authority: string | undefined;
  /** Without TLS, on the same data: faster to fill. */
  readonly plainUrl: string;
  readonly serverConfig: string;
  readonly signerConfig: string;
  readonly serverDb: string;
  readonly signerDb: string;
  /** What the signer gets its passphrase by. */
  readonly passphrases: Readonly<Record<string, string>>;
  /** SQL on the server's database. */
  change(sql: string): Promise<void>;
  /** SQL on the signer's database. */
  changeKeys(sql: string): Promise<void>;
  /** One value, from the server's database; PostgreSQL only. */
  ask(sql: string): Promise<string>;
  /** What the programs have said so far. */
  said(): string;
  /** Ends notary-signer; notary-server and the database go on. */
  stopSigner(): Promise<void>;
  /** Ends the database alone. */
  stopDatabase(): Promise<void>;
  /** Ends notary-server; notary-signer and the database go on. */
  stopServer(): Promise<void>;
  /** Ends notary-server and notary-signer; the database goes on. */
  stopNotary(): Promise<void>;
}

interface Database extends AsyncDisposable {
  readonly backend: "postgres" | "mysql";
  readonly serverDb: string;
  readonly signerDb: string;
  run(database: string, sql: string): Promise<unknown>;
}

export async function startNotaryDeployment(
  directory: Scratch,
  kind: "PostgreSQL" | "MariaDB",
): Promise<NotaryDeployment> {
  await using started = new AsyncDisposableStack();
  const database = started.use(kind === "PostgreSQL" ? await onPostgres(directory) : await onMariadb(directory));
  const { backend, serverDb, signerDb } = database;
  const signer = await startSigner(directory, { backend, db_url: signerDb }, {});
  started.use(signer.process);
  const settings = { trust_service: signer.trustService, storage: { backend, db_url: serverDb } };
  const server = await startServer(directory, "notary-server", { tls: true }, settings);
  started.use(server.process);
  const plain = await startServer(directory, "notary-plain", { tls: false }, settings);
  started.use(plain.process);
  const stopServer = async () => void (await Promise.all([server.process.stop(), plain.process.stop()]));
  const running = started.move();
  return {
    ...server.address,
    plainUrl: plain.address.url,
    serverConfig: server.config,
    signerConfig: signer.config,
    serverDb,
    signerDb,
    passphrases: { [signerAlias.variable]: signerAlias.passphrase },
    change: async (sql) => void (await database.run("notaryserver", sql)),
    changeKeys: async (sql) => void (await database.run("notarysigner", sql)),
    ask: async (sql) => String(await database.run("notaryserver", sql)),
    said: () => [server.process, plain.process, signer.process].map((one) => `${one.name}: ${one.log()}`).join("\n"),
    stopSigner: () => signer.process.stop(),
    stopDatabase: async () => void (await database[Symbol.asyncDispose]()),
    stopServer,
    stopNotary: async () => {
      await stopServer();
      await signer.process.stop();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function onPostgres(directory: Scratch): Promise<Database> {
  const postgres = await startPostgres(directory);
  return {
    backend: "postgres",
    serverDb: await postgres.createDatabase("notaryserver", serverSchema),
    signerDb: await postgres.createDatabase("notarysigner", signerSchema),
    run: (database, sql) => postgres.query(database, sql),
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
}

async function onMariadb(directory: Scratch): Promise<Database> {
  const mariadb = await startMariadb(directory);
  return {
    backend: "mysql",
    serverDb: await mariadb.createDatabase("notaryserver", mysqlServerSchema),
    signerDb: await mariadb.createDatabase("notarysigner", mysqlSignerSchema),
    run: (database, sql) => mariadb.query(database, sql),
    [Symbol.asyncDispose]: () => mariadb[Symbol.asyncDispose](),
  };
}

// Notary v1's schemas as its migrations leave them (MySQL): seconds only in times, a character set that compares without case.
const times =
  "created_at timestamp NULL DEFAULT NULL, updated_at timestamp NULL DEFAULT NULL, deleted_at timestamp NULL DEFAULT NULL";
const form = "ENGINE=InnoDB DEFAULT CHARSET=utf8";

export const mysqlServerSchema = `
  CREATE TABLE tuf_files (id int(11) NOT NULL AUTO_INCREMENT PRIMARY KEY, ${times}, gun varchar(255) NOT NULL, role varchar(255) NOT NULL,
    version int(11) NOT NULL, data longblob NOT NULL, sha256 char(64) DEFAULT NULL, UNIQUE KEY gun (gun, role, version),
    INDEX sha256 (sha256)) ${form};
  CREATE TABLE change_category (category varchar(20) NOT NULL PRIMARY KEY) ${form};
  INSERT INTO change_category VALUES ('update'), ('deletion');
  CREATE TABLE changefeed (id int(11) NOT NULL AUTO_INCREMENT PRIMARY KEY, created_at timestamp DEFAULT CURRENT_TIMESTAMP,
    gun varchar(255) NOT NULL, version int(11) NOT NULL, sha256 char(64) DEFAULT NULL, category varchar(20) NOT NULL DEFAULT 'update',
    INDEX idx_changefeed_gun (gun), FOREIGN KEY (category) REFERENCES change_category (category)) ${form};`;

export const mysqlSignerSchema = `
  CREATE TABLE private_keys (id int(11) NOT NULL AUTO_INCREMENT PRIMARY KEY, ${times}, key_id varchar(255) NOT NULL,
    encryption_alg varchar(255) NOT NULL, keywrap_alg varchar(255) NOT NULL, algorithm varchar(50) NOT NULL,
    passphrase_alias varchar(50) NOT NULL, public blob NOT NULL, private blob NOT NULL, gun varchar(255) NOT NULL,
    role varchar(255) NOT NULL, last_used timestamp NULL DEFAULT NULL, UNIQUE KEY key_id (key_id),
    UNIQUE KEY key_id_2 (key_id, algorithm)) ${form};`;
