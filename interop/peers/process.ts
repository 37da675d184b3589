// Starts and stops real programs: each in its own directory, waited for until it answers, ended by its own process id, and with its
// log in the error when something goes wrong. Nothing outlives the test: what is still running when this process ends is killed.
import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to a minimal environment (PATH, LANG); nothing of ours leaks into a peer. */
  readonly env?: Readonly<Record<string, string>>;
  /** Run as this user instead; only root can. */
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Pin to one processor. */
  readonly cpu?: number | undefined;
  /** Answers true once the program serves; sees what it said so far. Thrown errors count as "not yet". */
  readonly ready: (log: string) => Promise<boolean>;
  readonly stopSignal?: NodeJS.Signals;
}

export interface RunningProcess extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  log(): string;
  /** Asks it to end, insists after five seconds, and waits until it is gone. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash would be. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** For a machine that does much else: a database that recovers beside a load was seen to need more than twenty seconds. */
const readyTimeoutMs = 60_000;
const alive = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

/** Starts the program and resolves once it is ready; rejects with its log if it ends or stays silent. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const { command, args } = pinned(options);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...minimalEnvironment(), ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    ...options.user,
  });
  alive.add(child);
  const log = collectLog(child);
  const ended = new Promise<void>((resolve) => {
    const done = () => {
      alive.delete(child);
      resolve();
    };
    child.once("exit", done);
    child.once("error", (error) => {
      log.add(`${error}\n`);
      done();
    });
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const end = async (signal: NodeJS.Signals) => {
    if (!hasEnded()) child.kill(signal);
    const stopped = ended.then(() => true);
    if (!(await Promise.race([stopped, sleep(5_000, false, { ref: false })]))) child.kill("SIGKILL");
    await ended;
  };
  const deadline = performance.now() + readyTimeoutMs;
  while (!(await options.ready(log.text()).catch(() => false))) {
    if (hasEnded() || performance.now() > deadline) {
      const what = hasEnded()
        ? `ended (${child.exitCode ?? child.signalCode})`
        : `was not ready in ${readyTimeoutMs} ms`;
      await end("SIGKILL");
      throw new Error(`${options.name} ${what}: ${command} ${args.join(" ")}\n${log.text()}`);
    }
    await sleep(20);
  }
  const stop = () => end(options.stopSignal ?? "SIGTERM");
  return {
    name: options.name,
    pid: child.pid ?? 0,
    log: log.text,
    stop,
    kill: () => end("SIGKILL"),
    [Symbol.asyncDispose]: stop,
  };
}

export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly wallMs: number;
}

export interface RunOptions {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly stdin?: string | Uint8Array | undefined;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  readonly cpu?: number | undefined;
  readonly timeoutMs?: number | undefined;
}

/** Runs a program to its end. A status is an answer, not an error; only a program that cannot start or hangs rejects. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  const whole = pinned({ command, args, cpu: options.cpu });
  const started = performance.now();
  const child = spawn(whole.command, whole.args, {
    cwd: options.cwd,
    env: { ...minimalEnvironment(), ...options.env },
    ...options.user,
  });
  alive.add(child);
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 60_000);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  // A program that does not read its input is free to close it.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.stdin);
  child.once("error", reject);
  child.once("close", (status, signal) => {
    clearTimeout(timer);
    alive.delete(child);
    const stdout = Buffer.concat(out).toString();
    const stderr = Buffer.concat(err).toString();
    if (status === null) reject(new Error(`${command} ${args.join(" ")}: ${signal}\n${stdout}${stderr}`));
    else resolve({ status, stdout, stderr, wallMs: performance.now() - started });
  });
  return promise;
}

/** As `run`, but a status other than 0 rejects with everything it said. */
export async function runOk(command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const done = await run(command, args, options);
  if (done.status === 0) return done;
  throw new Error(`${command} ${args.join(" ")}: exit ${done.status}\n${done.stdout}${done.stderr}`);
}

/** A port on 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    server.close(() => resolve(port));
  });
  return promise;
}

function pinned({ command, args, cpu }: Pick<ProcessOptions, "command" | "args" | "cpu">) {
  return cpu === undefined ? { command, args } : { command: "taskset", args: ["-c", String(cpu), command, ...args] };
}

function minimalEnvironment(): Record<string, string> {
  return { PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin`, LANG: "C.UTF-8" };
}

/** The last 64 KiB of what the program said. */
function collectLog(child: ChildProcess) {
  let text = "";
  const add = (chunk: string) => {
    text = (text + chunk).slice(-65_536);
  };
  child.stdout?.setEncoding("utf8").on("data", add);
  child.stderr?.setEncoding("utf8").on("data", add);
  return { add, text: () => text };
}
