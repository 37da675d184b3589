// Runs a table of commands in this process: connects the real streams, clock, arguments and signals, and leaves everything else to
// run.ts. Compiled code is cached by the launcher (tools/build/launcher.ts), and by nobody when run from the sources: the default
// directory of Node's own cache is the shared temp directory, where others could plant code.
import { basename } from "node:path";
import { systemClock } from "../bytes/index.ts";
import type { TableEntry } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { onSignal, processStreams, stopSignal } from "./process-streams.ts";
import { runCli } from "./run.ts";

export function start(commands: readonly TableEntry[]): void {
  const streams = processStreams();
  // What ends before it has answered has failed, whatever ended it.
  process.exitCode = exitCodes.bug;
  const program = { streams, env: process.env, clock: systemClock, commands, stopSignal, onSignal };
  // No top-level await: the build makes this CommonJS, which starts faster.
  void runCli(argumentsOf(process.argv), program).then((status) => {
    process.exitCode = status;
    // Everything is said and done: do not wait for idle connections and helper threads to wind down.
    if (!streams.isPending) process.exit();
  });
}

/** Under the name `notary` (a link to this program) its command line is Notary's. */
function argumentsOf([, script = "", ...words]: readonly string[]): readonly string[] {
  return basename(script) === "notary" ? ["notary", ...words] : words;
}
