// Runs the real program and shows what it was told and what it said, as a terminal would.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Answer {
  readonly status: number;
  readonly output: string;
}

export interface Program {
  /** Shows and runs one command to its end. */
  run(...args: readonly string[]): Promise<Answer>;
  /** Shows and starts a server; resolves once it has said a line that matches, with everything said until then. */
  serve(ready: RegExp, ...args: readonly string[]): Promise<RunningServer>;
}

export interface RunningServer {
  readonly output: string;
  /** SIGTERM, and wait for its orderly end. */
  stop(): Promise<number>;
}

export function programIn(directory: string, script: string, env: Readonly<Record<string, string>>): Program {
  const start = (args: readonly string[]) => {
    console.log(`\n$ countersign ${args.map(quoted).join(" ")}`);
    return spawn(process.execPath, [script, ...args], {
      cwd: directory,
      env: { PATH: process.env.PATH ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
  };
  return {
    run: async (...args) => {
      const child = start(args);
      const lines: string[] = [];
      const shown = [child.stdout, child.stderr].map((stream) => show(stream, (line) => lines.push(line)));
      const status = await exitOf(child);
      await Promise.all(shown);
      return { status, output: lines.join("\n") };
    },
    serve: async (ready, ...args) => {
      const child = start(args);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const lines: string[] = [];
      for (const stream of [child.stdout, child.stderr]) {
        void show(stream, (line) => {
          lines.push(line);
          if (ready.test(line)) resolve();
        });
      }
      const exit = exitOf(child);
      exit.then((status) => reject(new Error(`the server ended with ${status}`)), reject);
      await promise;
      return {
        output: lines.join("\n"),
        stop: () => {
          child.kill("SIGTERM");
          return exit;
        },
      };
    },
  };
}

async function show(stream: NodeJS.ReadableStream, each: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream })) {
    console.log(`  ${line}`);
    each(line);
  }
}

function exitOf(child: ChildProcess): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  child.once("error", reject);
  child.once("exit", (status, signal) => {
    if (status === null) reject(new Error(`ended by ${signal}`));
    else resolve(status);
  });
  return promise;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
