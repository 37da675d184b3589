// Failures as docker tells them: one line on stderr and status 1, with what to do next below.
import { CountersignError, isCountersignError } from "../../bytes/index.ts";
import { printable, type Streams } from "../terminal.ts";

/** Tells it and answers the exit status. */
export function tellFailure(streams: Streams, error: unknown): number {
  streams.err(failureText(error));
  return 1;
}

/** One line of what happened, then what to do, one step a line. */
export function failureText(error: unknown): string {
  if (!isCountersignError(error)) {
    const stack = error instanceof Error ? String(error.stack ?? error.message) : String(error);
    return `a failure nobody foresaw; please report it, with these lines:\n${stack}\n`;
  }
  return [error.message, ...error.hints.map((hint) => `  - ${hint}`)].map((line) => `${printable(line)}\n`).join("");
}

/** The same failure with words of docker's before it. */
export function prefixed(words: string, error: unknown): unknown {
  if (!isCountersignError(error)) return error;
  return new CountersignError(error.code, `${words}: ${error.message}`, { cause: error, hints: error.hints });
}
