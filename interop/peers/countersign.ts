// Ourselves, as a stranger runs us: the server and the client as processes of their own, with their own directories. From the sources
// unless a built program is named.
import { join } from "node:path";
import process from "node:process";
import { testPassphrase } from "./notary-client.ts";
import { type Finished, type RunningProcess, run, startProcess } from "./process.ts";
import type { Scratch } from "./scratch.ts";

export const sourceProgram = join(import.meta.dirname, "../../src/cli/main.ts");

export interface OurServer extends AsyncDisposable {
  readonly url: string;
  /** The certificate it made for loopback; undefined without TLS. */
  readonly authority: string | undefined;
  readonly dataDirectory: string;
  readonly process: RunningProcess;
}

export interface OurServerOptions {
  /** Its data directory's name; the same name again is the same server, restarted. */
  readonly name?: string;
  readonly tls?: boolean;
  /** Any free one unless told. */
  readonly port?: number;
  readonly cpu?: number | undefined;
  readonly program?: string;
  /** More options of serve. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Notary's configuration, which says everything instead of data directory, address and TLS. */
  readonly config?: string;
}

export async function startOurServer(directory: Scratch, options: OurServerOptions = {}): Promise<OurServer> {
  const { name = "trust-server", tls = true, program = sourceProgram } = options;
  const dataDirectory = directory.at(name);
  const listen = ["--data", dataDirectory, "--listen", `127.0.0.1:${options.port ?? 0}`, ...(tls ? [] : ["--no-tls"])];
  const place = options.config === undefined ? listen : ["--config", options.config];
  const running = await startProcess({
    name: `countersign serve (${name})`,
    command: process.execPath,
    args: [program, "serve", "--json", ...place, ...(options.args ?? [])],
    cwd: directory.path,
    env: { HOME: directory.path, COUNTERSIGN_HOME: directory.at(`${name}-home`), ...options.env },
    cpu: options.cpu,
    ready: async (log) => announcement(log) !== undefined,
  });
  const announced = announcement(running.log());
  if (announced === undefined) throw new Error(`no announcement\n${running.log()}`);
  return {
    url: announced.url,
    authority: announced.certificate?.path,
    dataDirectory,
    process: running,
    [Symbol.asyncDispose]: () => running.stop(),
  };
}

interface Announcement {
  readonly url: string;
  readonly certificate?: { readonly path: string };
}

/** What `serve --json` says once it serves; undefined until it has said all of it. */
function announcement(everything: string): Announcement | undefined {
  // With --log the lines of the log come between.
  const log = everything.replace(/^\{"time":.*\}$/gm, "");
  const start = log.indexOf("{");
  if (start === -1) return undefined;
  for (let end = log.indexOf("}", start); end !== -1; end = log.indexOf("}", end + 1)) {
    try {
      const told: Partial<Announcement> = JSON.parse(log.slice(start, end + 1));
      // An error is one JSON text too.
      return told.url === undefined ? undefined : { ...told, url: told.url };
    } catch {
      // Not the last bracket yet.
    }
  }
  return undefined;
}

export interface OurClient {
  readonly home: string;
  /** Runs `countersign ARGS`; an exit status is an answer. */
  run(...args: readonly string[]): Promise<Finished>;
  /** As `run`, but fails with its words unless it exits with 0. */
  ok(...args: readonly string[]): Promise<Finished>;
  /** Runs with --json and gives status and the parsed answer. */
  json(
    ...args: readonly string[]
  ): Promise<{ readonly status: number; readonly answer: unknown; readonly text: string }>;
}

export interface OurClientOptions {
  readonly url: string;
  readonly authority: string | undefined;
  readonly home: string;
  readonly program?: string;
  readonly cpu?: number | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

export function countersignClient(options: OurClientOptions): OurClient {
  const env = {
    HOME: options.home,
    COUNTERSIGN_HOME: options.home,
    COUNTERSIGN_SERVER: options.url,
    COUNTERSIGN_PASSPHRASE: testPassphrase,
    ...(options.authority === undefined ? {} : { COUNTERSIGN_TLS_CA: options.authority }),
    ...options.env,
  };
  const runClient = (...args: readonly string[]) =>
    run(process.execPath, [options.program ?? sourceProgram, ...args], { env, cpu: options.cpu });
  return {
    home: options.home,
    run: runClient,
    ok: async (...args) => {
      const done = await runClient(...args);
      if (done.status !== 0)
        throw new Error(`countersign ${args.join(" ")}: exit ${done.status}\n${done.stdout}${done.stderr}`);
      return done;
    },
    json: async (...args) => {
      const { status, stdout, stderr } = await runClient(...args, "--json");
      const answer: unknown = stdout.trim() === "" ? undefined : JSON.parse(stdout);
      return { status, answer, text: stdout + stderr };
    },
  };
}
