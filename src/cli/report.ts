// How a failure is told: what happened, to which thing, what to do next; with --json the same code in a stable shape.
// A failure nobody foresaw shows its stack, since it is ours and will be reported.
import { CountersignError, type JsonObject } from "../bytes/index.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { nextSteps } from "./next-steps.ts";
import { printable, type Terminal } from "./terminal.ts";

/** Tells the failure and answers its exit code. */
export function reportError(terminal: Terminal, error: unknown): number {
  const known = error instanceof CountersignError ? error : undefined;
  if (terminal.json) {
    terminal.value({ error: errorJson(error) });
    return known === undefined ? exitCodes.bug : exitCodeOf(known.kind);
  }
  if (known === undefined) {
    terminal.error(`error: a failure nobody foresaw [bug.unexpected]`);
    terminal.error(error instanceof Error ? String(error.stack ?? error.message) : String(error));
    terminal.error("  - please report this, with the lines above");
    return exitCodes.bug;
  }
  terminal.error(`error: ${printable(known.message)} [${known.code}]`);
  for (const hint of nextSteps(known.code, known.hints)) terminal.error(`  - ${printable(hint)}`);
  return exitCodeOf(known.kind);
}

export function errorJson(error: unknown): JsonObject {
  if (error instanceof CountersignError) {
    return { code: error.code, kind: error.kind, message: error.message, hints: nextSteps(error.code, error.hints) };
  }
  return {
    code: "bug.unexpected",
    kind: "bug",
    message: error instanceof Error ? error.message : String(error),
    hints: [],
  };
}
