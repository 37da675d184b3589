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
  const hints = [...advice(error), ...error.hints.filter((hint) => !notOfDocker.test(hint))];
  return [error.message, ...hints.map((hint) => `  - ${hint}`)].map((line) => `${printable(line)}\n`).join("");
}

/** Advice that speaks of our own options and key directory, or of plain http: `docker trust` has none of them. */
const notOfDocker = /--tls-ca |by file descriptor|http:\/\/ address|countersign (?:key|init|trust)\b/;

/** What to do, in the words of somebody who calls `docker trust`. */
function advice({ code }: CountersignError): readonly string[] {
  switch (code) {
    case "key.passphrase_missing":
    case "key.passphrase_wrong":
      return [
        "set DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE and DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE, or run on a terminal",
      ];
    case "collection.exists":
      return [
        "somebody has started it meanwhile; its owner lets you sign: docker trust signer add --key YOUR.pub NAME REPOSITORY",
      ];
    case "key.missing":
      return ["a key that is elsewhere comes here with: docker trust key load KEYFILE"];
    default:
      return [];
  }
}

/** The same failure with words of docker's before it. */
export function prefixed(words: string, error: unknown): unknown {
  if (!isCountersignError(error)) return error;
  return new CountersignError(error.code, `${words}: ${error.message}`, { cause: error, hints: error.hints });
}
