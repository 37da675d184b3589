// The real terminal, standard streams and signals of this process.
import type { Streams } from "./terminal.ts";

export function processStreams(): Streams {
  // `countersign tags GUN | head`: a reader that goes away is not an error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    // Asked only when something may be asked: touching stdin loads a socket's worth of modules.
    get inIsTerminal() {
      return process.stdin.isTTY === true;
    },
    async readLine(options) {
      const { readTerminalLine } = await import("./read-line.ts");
      return readTerminalLine(process.stdin, options);
    },
  };
}

/** Aborted by the first SIGINT or SIGTERM; the second one ends the process as usual. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => controller.abort(new Error(`stopped by ${name}`)));
  }
  return controller.signal;
}
