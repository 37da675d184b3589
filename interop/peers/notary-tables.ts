// Notary's tables on a real database, filled with collections that the real programs wrote (vectors/notary1) and with keys made here: what a
// migration reads, without the programs that wrote it, so that tests can have many kinds of them.
import type { SampleDeployment, SampleKey } from "../../src/migrate/sample-deployment.ts";
import { startMariadb } from "./mariadb.ts";
import { mysqlServerSchema, mysqlSignerSchema } from "./notary-database.ts";
import { serverSchema, signerSchema } from "./notary-server.ts";
import { startPostgres } from "./postgres.ts";
import type { Scratch } from "./scratch.ts";

export interface NotaryTables extends AsyncDisposable {
  readonly kind: "PostgreSQL" | "MariaDB";
  readonly port: number;
  readonly serverDb: string;
  readonly signerDb: string;
  /** Writes all rows of a deployment in memory. */
  fill(source: SampleDeployment): Promise<void>;
  /** An empty database beside them, PostgreSQL only. */
  newDatabase(name: string): Promise<string>;
}

const keyColumns =
  "id, key_id, encryption_alg, keywrap_alg, algorithm, passphrase_alias, public, private, gun, role, last_used, created_at";

/** A statement is an argument of a program, and has its room. */
const maxStatement = 60_000;

function* insertsOf(name: string, into: string, rows: readonly string[]) {
  let values: string[] = [];
  let size = 0;
  for (const row of rows) {
    if (size + row.length > maxStatement && values.length > 0) {
      yield { name, sql: `INSERT INTO ${into} VALUES ${values.join(", ")}` };
      [values, size] = [[], 0];
    }
    values.push(row);
    size += row.length;
  }
  if (values.length > 0) yield { name, sql: `INSERT INTO ${into} VALUES ${values.join(", ")}` };
}

export async function notaryTables(directory: Scratch, kind: "PostgreSQL" | "MariaDB"): Promise<NotaryTables> {
  const isPostgres = kind === "PostgreSQL";
  const database = isPostgres ? await startPostgres(directory) : await startMariadb(directory);
  const [server, signer] = isPostgres ? [serverSchema, signerSchema] : [mysqlServerSchema, mysqlSignerSchema];
  const bytes = (value: Uint8Array) => `${isPostgres ? "'\\x" : "x'"}${Buffer.from(value).toString("hex")}'`;
  const time = (at: number | undefined) =>
    at === undefined ? "NULL" : `'${new Date(at).toISOString().slice(0, 19).replace("T", " ")}'`;
  const key = (row: SampleKey) =>
    `(${row.id}, '${row.keyId}', 'A256GCM', 'PBES2-HS256+A128KW', '${row.algorithm}', '${row.passphraseAlias}', ${bytes(row.public)},
      ${bytes(Buffer.from(row.private))}, '${row.gun}', '${row.role}', ${time(row.lastUsed)}, ${time(row.createdAt)})`;
  return {
    kind,
    port: database.port,
    serverDb: await database.createDatabase("notaryserver", server),
    signerDb: await database.createDatabase("notarysigner", signer),
    async fill(source) {
      const files = source.tufRows.map(
        ({ id, gun, role, version, data, sha256, createdAt }) =>
          `(${id}, '${gun}', '${role}', ${version}, ${bytes(data)}, '${sha256}', ${time(createdAt)})`,
      );
      const changes = source.feed.map(
        ({ id, gun, version, sha256, category }) => `(${id}, '${gun}', ${version}, '${sha256}', '${category}')`,
      );
      const inserts = [
        ...insertsOf("notaryserver", "tuf_files (id, gun, role, version, data, sha256, created_at)", files),
        ...insertsOf("notaryserver", "changefeed (id, gun, version, sha256, category)", changes),
        ...insertsOf("notarysigner", `private_keys (${keyColumns})`, source.keyRows.map(key)),
      ];
      for (const { name, sql } of inserts) await database.query(name, sql);
    },
    newDatabase: (name) => database.createDatabase(name, "SELECT 1"),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}
