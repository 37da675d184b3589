// What to do next when a `tuf` command fails over somebody else's repository: the general advice speaks of collections, trust servers and
// logins, which those have not. Advice that comes with the error knows more and stands alone.
import { CountersignError, type ErrorCode, type ErrorKind, isCountersignError } from "../bytes/index.ts";
import type { Command } from "./command.ts";

const byCode: Readonly<Partial<Record<ErrorCode, readonly string[]>>> = {
  "download.missing": ["the repository may just be publishing, or is incomplete: try again, then ask who runs it"],
  "download.unreachable": ["check the address; https_proxy, http_proxy and no_proxy say which way it is asked"],
  "target.missing": ["check the path: it is the one that the repository lists, to the letter"],
};

const byKind: Readonly<Partial<Record<ErrorKind, readonly string[]>>> = {
  denied: ["the repository refuses, or has no such file: check the address; nothing here logs in"],
  missing: ["the repository may just be publishing, or is incomplete: try again, then ask who runs it"],
  untrusted: ["nothing of it was kept; a mirror may be damaged or lag: try another address, then ask who publishes it"],
};

/** `run`, with advice for readers of any TUF repository. */
export function advised(run: Command["run"]): Command["run"] {
  return async (context) => {
    try {
      return await run(context);
    } catch (error) {
      if (!isCountersignError(error) || error.hints.length > 0) throw error;
      const hints = byCode[error.code] ?? byKind[error.kind];
      throw hints === undefined ? error : new CountersignError(error.code, error.message, { hints, cause: error });
    }
  };
}
