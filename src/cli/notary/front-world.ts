// Test code: a trust server on loopback to which accidents can happen, and machines beside it on which `notary` is run, each with a home
// of its own. The server is the real app; an accident is what a proxy, a cable or a damaged server makes of one request.
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createApp, localRoleSigner, openMasterKey } from "../../server/index.ts";
import { makeDataDirectory, openSqliteStorage } from "../../storage/index.ts";
import { runNotary } from "./front.ts";

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** "lost": the server does what it is asked, and its answer never comes. undefined: nothing happens to this request. */
export type Accident = (method: string, path: string) => Answer | "lost" | undefined;

export interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface FrontWorld extends AsyncDisposable {
  readonly url: string;
  /** `METHOD /path`, in the order they came. */
  readonly requests: string[];
  /** To every request from now on; undefined: to none. */
  happen(accident: Accident | undefined): void;
  advance(ms: number): void;
  machine(name: string): FrontMachine;
}

export interface FrontMachine {
  readonly home: string;
  /** Files of `.notary/private` with their bytes, by name. */
  keys(): ReadonlyMap<string, string>;
  /** `notary -s URL ...argv` with every passphrase set; `yes` answers questions. */
  run(...argv: readonly string[]): Promise<Run>;
}

export async function openFrontWorld(): Promise<FrontWorld> {
  const path = mkdtempSync(join(tmpdir(), "countersign-test-"));
  let time = Date.UTC(2026, 10, 22, 12);
  const clock = (): number => time;
  const dataDir = join(path, "server");
  makeDataDirectory(dataDir);
  // Before the storage: a master key is made only where there is nothing yet that an old one could open.
  const master = openMasterKey(dataDir);
  const storage = openSqliteStorage(dataDir);
  const app = createApp({ storage, signer: localRoleSigner(storage, master, clock), clock });
  const requests: string[] = [];
  let accident: Accident | undefined;
  const answer = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = "GET", url = "/" } = incoming;
    requests.push(`${method} ${url}`);
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(Buffer.from(part));
    const fate = accident?.(method, url);
    if (fate !== undefined && fate !== "lost") {
      outgoing.writeHead(fate.status, fate.headers).end(fate.body);
      return;
    }
    const type = incoming.headers["content-type"];
    const headers = type === undefined ? {} : { "content-type": type };
    const sent = parts.length === 0 ? {} : { body: Buffer.concat(parts) };
    const response = await app.handle(new Request(new URL(url, "http://server"), { method, headers, ...sent }));
    if (fate === "lost") {
      outgoing.destroy();
      return;
    }
    const body = Buffer.from(await response.arrayBuffer());
    outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(body);
  };
  const server = createServer((incoming, outgoing) => {
    answer(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  return {
    url,
    requests,
    happen(next) {
      accident = next;
    },
    advance(ms) {
      time += ms;
    },
    machine: (name) => openMachine(join(path, name), url, clock),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await storage.close();
      await rm(path, { recursive: true, force: true });
    },
  };
}

function openMachine(home: string, url: string, clock: () => number): FrontMachine {
  const roles = ["ROOT", "TARGETS", "SNAPSHOT", "DELEGATION"];
  const env = {
    HOME: home,
    COUNTERSIGN_HOME: join(home, "own"),
    ...Object.fromEntries(roles.map((role) => [`NOTARY_${role}_PASSPHRASE`, "correct-horse"])),
  };
  const keyFolder = join(home, ".notary/private");
  return {
    home,
    keys: () => new Map(filesIn(keyFolder).map((name) => [name, readFileSync(join(keyFolder, name), "latin1")])),
    async run(...argv) {
      const said = { out: "", err: "" };
      const streams = {
        out: (text: string): void => {
          said.out += text;
        },
        err: (text: string): void => {
          said.err += text;
        },
        outIsTerminal: false,
        errIsTerminal: false,
        inIsTerminal: false,
        readLine: async () => undefined,
      };
      const program = {
        streams,
        env,
        clock,
        commands: [],
        stopSignal: () => new AbortController().signal,
        onSignal: () => undefined,
      };
      const io = { sayBytes: () => undefined, readInput: async () => new Uint8Array(), readLine: async () => "yes" };
      const status = await runNotary(["-s", url, ...argv], program, io);
      return { status, ...said };
    },
  };
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
