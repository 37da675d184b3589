// PostgreSQL in a directory of its own, on a unix socket and a free loopback port, ended with the test. It refuses to run as root, so
// root runs it as the user `postgres` that its Debian package makes.
import { chownSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { needPeer } from "./find.ts";
import { freePort, type RunningProcess, run, runOk, startProcess } from "./process.ts";
import type { Scratch } from "./scratch.ts";

export interface Postgres extends AsyncDisposable {
  /** As it runs now: `crash` replaces it. */
  readonly process: RunningProcess;
  readonly port: number;
  /** Of a database that is there. */
  url(name: string): string;
  /** Makes a database, runs `schema` in it, and gives the URL to reach it by. */
  createDatabase(name: string, schema?: string): Promise<string>;
  /** kill -9 of the server and all its processes, `meanwhile` while it is down, and a start on the same data and port. */
  crash(meanwhile?: () => Promise<void>): Promise<void>;
  /** Runs SQL and gives the unaligned output. */
  query(database: string, sql: string): Promise<string>;
}

/** `settings` are arguments of the server, such as "-c", "max_connections=5". */
export async function startPostgres(
  directory: Scratch,
  cpu?: number,
  settings: readonly string[] = [],
): Promise<Postgres> {
  const binaries = dirname(needPeer("postgres"));
  const user = otherUser();
  const port = await freePort();
  const home = directory.at(`postgres-${port}`);
  mkdirSync(home, { mode: 0o700 });
  if (user !== undefined) chownSync(home, user.uid, user.gid);
  const data = join(home, "data");
  const owner = { cwd: home, ...(user === undefined ? {} : { user }) };
  const locale = ["--encoding=UTF8", "--no-locale", "--auth=trust", "--username=postgres"];
  await runOk(join(binaries, "initdb"), ["-D", data, ...locale], owner);

  const psql = (database: string, ...args: readonly string[]) =>
    run(join(binaries, "psql"), ["-X", "-h", home, "-p", String(port), "-U", "postgres", "-d", database, ...args]);
  const start = () =>
    startProcess({
      name: "postgres",
      command: join(binaries, "postgres"),
      args: ["-D", data, "-p", String(port), "-k", home, "-c", "listen_addresses=127.0.0.1", ...settings],
      ...owner,
      cpu,
      // Fast shutdown: does not wait for clients to leave.
      stopSignal: "SIGINT",
      // Asked while it recovers, it would have to start a process for each refusal.
      ready: async (log) =>
        log.includes("ready to accept connections") && (await psql("postgres", "-c", "SELECT 1")).status === 0,
    });
  let running = await start();
  const query = async (database: string, sql: string) => {
    const done = await psql(database, "-v", "ON_ERROR_STOP=1", "-At", "-c", sql);
    if (done.status !== 0) throw new Error(`psql ${database}: ${done.stderr}`);
    return done.stdout.trim();
  };
  const url = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}?sslmode=disable`;
  return {
    url,
    get process() {
      return running;
    },
    port,
    query,
    createDatabase: async (name, schema) => {
      await query("postgres", `CREATE DATABASE ${name}`);
      if (schema !== undefined) await query(name, schema);
      return url(name);
    },
    crash: async (meanwhile) => {
      await running.kill();
      await meanwhile?.();
      running = await start();
    },
    [Symbol.asyncDispose]: () => running.stop(),
  };
}

/** Whom to run it as: nobody else unless we are root. */
function otherUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.startsWith("postgres:"));
  const [, , uid, gid] = (line ?? "").split(":");
  if (uid === undefined || gid === undefined) throw new Error("there is no user postgres to run PostgreSQL as");
  return { uid: Number(uid), gid: Number(gid) };
}
