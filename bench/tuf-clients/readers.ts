// The readers that are compared, each a process of its own that stays: starting a program is measured elsewhere.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findPeer } from "../../interop/peers/find.ts";
import { pythonOfTuf, tufJsInstallation } from "../../interop/peers/tuf-clients.ts";
import { cpuMs } from "../cpu.ts";
import type { ReadingMode } from "./measure-on-request.ts";

export type ReaderName = "countersign" | "python-tuf" | "tuf-js";

export interface RepositoryReader extends AsyncDisposable {
  readonly name: ReaderName;
  /** The milliseconds it took, inside the process. */
  read(mode: ReadingMode): Promise<number>;
  /** Processor milliseconds until now. */
  cpu(): number;
  /** Megabytes at most until now. */
  peakMemory(): number;
}

export interface ReaderPlace {
  readonly root: string;
  readonly url: string;
  /** Its own; there already. */
  readonly directory: string;
  readonly target: string;
}

/** Those of the names whose programs are on this machine, or can be had. */
export async function startReaders(
  names: readonly ReaderName[],
  placeOf: (name: ReaderName) => ReaderPlace,
  running: AsyncDisposableStack,
): Promise<readonly RepositoryReader[]> {
  const readers: RepositoryReader[] = [];
  for (const name of names) {
    if (name === "python-tuf" && findPeer("python3") === undefined) continue;
    readers.push(running.use(startReader(name, await commandOf(name, placeOf(name)))));
  }
  return readers;
}

async function commandOf(name: ReaderName, { root, url, directory, target }: ReaderPlace): Promise<readonly string[]> {
  const args = [root, url, directory, target];
  const script = (file: string) => join(import.meta.dirname, file);
  switch (name) {
    case "countersign":
      return [process.execPath, script("our-reader.ts"), ...args];
    case "python-tuf":
      return [await pythonOfTuf(), script("python-tuf-reader.py"), ...args];
    case "tuf-js":
      return [process.execPath, script("tuf-js-reader.ts"), ...args, await tufJsInstallation()];
  }
}

function startReader(name: ReaderName, [command = "", ...args]: readonly string[]): RepositoryReader {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    name,
    async read(mode) {
      child.stdin.write(`${mode}\n`);
      const answer = await answers.next();
      if (answer.done === true) throw new Error(`${name} ended: ${mode}`);
      return Number(answer.value);
    },
    cpu: () => (child.pid === undefined ? 0 : cpuMs([child.pid])),
    peakMemory() {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      child.kill();
      await ended;
    },
  };
}
