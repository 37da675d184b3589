// The real terminal, standard streams and signals of this process. Text is written with plain system calls: the stream objects of
// process.stdout and process.stderr cost more to make than a short command has to say. Only where a pipe is full and does not block
// do they take over, and then the process must end by itself, when they have written everything.
import { fstatSync, writeSync } from "node:fs";
import type { RunningSignal } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Streams } from "./terminal.ts";

export interface ProcessStreams extends Streams {
  /** Something may still be unwritten. */
  readonly isPending: boolean;
}

export function processStreams(): ProcessStreams {
  const out = openOutput(1, () => process.stdout);
  const err = openOutput(2, () => process.stderr);
  return {
    out: out.write,
    err: err.write,
    get outIsTerminal() {
      return isTerminal(1);
    },
    get errIsTerminal() {
      return isTerminal(2);
    },
    // Asked only when something may be asked.
    get inIsTerminal() {
      return isTerminal(0);
    },
    get isPending() {
      return out.isPending() || err.isPending();
    },
    async readLine(options) {
      const { readTerminalLine } = await import("./read-line.ts");
      return readTerminalLine(process.stdin, options);
    },
  };
}

interface Output {
  readonly write: (text: string) => void;
  readonly isPending: () => boolean;
}

function openOutput(descriptor: 1 | 2, open: () => NodeJS.WriteStream): Output {
  let stream: NodeJS.WriteStream | undefined;
  return {
    write(text) {
      const rest = stream === undefined ? writeNow(descriptor, text) : Buffer.from(text);
      if (rest.length === 0) return;
      if (stream === undefined) {
        stream = open();
        stream.on("error", readerLeft);
      }
      stream.write(rest);
    },
    isPending: () => stream !== undefined,
  };
}

/** Answers what could not be written because the reader is slow and the pipe does not block. */
function writeNow(descriptor: 1 | 2, text: string): Uint8Array {
  let rest: Uint8Array = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) readerLeft(error);
  }
  return rest;
}

/** `countersign tags GUN | head`: a reader that goes away ends the program without a word. */
function readerLeft(error: unknown): void {
  if (error instanceof Error && "code" in error && error.code === "EPIPE") process.exit(exitCodes.cutOff);
  throw error;
}

/** node:tty is not loaded to learn that a pipe or a file is no terminal. */
function isTerminal(descriptor: 0 | 1 | 2): boolean {
  try {
    if (!fstatSync(descriptor).isCharacterDevice()) return false;
  } catch {
    return false; // closed by whoever started us
  }
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}

/** From the first call on for a signal, it no longer does what Node does with it: SIGUSR1 would open a debugger to this machine's users. */
export function onSignal(name: RunningSignal, handler: () => void): void {
  process.on(name, handler);
}

/** Aborted by the first SIGINT or SIGTERM; the second one ends the process as usual. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => controller.abort(new Error(`stopped by ${name}`)));
  }
  return controller.signal;
}
