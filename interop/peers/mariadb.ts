// MariaDB in a directory of its own, on a unix socket and a free loopback port, ended with the test. It refuses to run as root, so root
// runs it as the user `mysql` that its Debian package makes.
import { chownSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { createConnection } from "mysql2/promise";
import { needPeer } from "./find.ts";
import { freePort, type RunningProcess, runOk, startProcess } from "./process.ts";
import type { Scratch } from "./scratch.ts";

export interface Mariadb extends AsyncDisposable {
  readonly process: RunningProcess;
  readonly port: number;
  /** Makes a database, runs `schema` in it, and gives its address as Notary's configuration writes it. */
  createDatabase(name: string, schema: string): Promise<string>;
  /** Runs one or more statements; gives the rows of the last. */
  query(database: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

const account = { user: "notary", password: "p@ss:word/1" };

export async function startMariadb(directory: Scratch): Promise<Mariadb> {
  const program = needPeer("mariadbd");
  const user = otherUser();
  const home = directory.at("mariadb");
  mkdirSync(home, { mode: 0o755 });
  if (user !== undefined) chownSync(home, user.uid, user.gid);
  const owner = { cwd: home, ...(user === undefined ? {} : { user }) };
  const data = join(home, "data");
  const socket = join(home, "sock");
  // Small and without syncing: the rows matter here, not the database's own durability.
  const settings = [
    "--no-defaults",
    `--datadir=${data}`,
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
  ];
  await runOk(
    "/usr/bin/mariadb-install-db",
    [...settings, "--auth-root-authentication-method=normal", "--skip-test-db"],
    { ...owner, timeoutMs: 60_000 },
  );
  const port = await freePort();
  const connect = (database?: string) =>
    createConnection({ socketPath: socket, user: "root", multipleStatements: true, ...(database && { database }) });
  const query = async (database: string | undefined, sql: string) => {
    const connection = await connect(database);
    try {
      const [rows] = await connection.query(sql);
      const list: readonly unknown[] = Array.isArray(rows) ? rows : [];
      const last: unknown = list.findLast((part) => Array.isArray(part));
      return (Array.isArray(last) ? last : list) as readonly Readonly<Record<string, unknown>>[];
    } finally {
      await connection.end();
    }
  };
  const running = await startProcess({
    name: "mariadb",
    command: program,
    args: [
      ...settings,
      `--socket=${socket}`,
      `--port=${port}`,
      "--bind-address=127.0.0.1",
      `--pid-file=${join(home, "pid")}`,
    ],
    ...owner,
    ready: async () => (await query(undefined, "SELECT 1 AS one")).length === 1,
  });
  await query(
    undefined,
    `CREATE USER '${account.user}'@'%' IDENTIFIED BY '${account.password}'; GRANT ALL ON *.* TO '${account.user}'@'%'`,
  );
  return {
    process: running,
    port,
    query,
    createDatabase: async (name, schema) => {
      await query(undefined, `CREATE DATABASE ${name}`);
      await query(name, schema);
      return `${account.user}:${account.password}@tcp(127.0.0.1:${port})/${name}?parseTime=True`;
    },
    [Symbol.asyncDispose]: () => running.stop(),
  };
}

/** Whom to run it as: nobody else unless we are root. */
function otherUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith("mysql:"));
  const [, , uid, gid] = (line ?? "").split(":");
  if (uid === undefined || gid === undefined) throw new Error("there is no user mysql to run MariaDB as");
  return { uid: Number(uid), gid: Number(gid) };
}
