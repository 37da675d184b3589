// Servers that are about to be switched off are restarted, overloaded and slow. A failure that may pass is tried again: for long while the
// server does not answer at all, a few times only while it answers and fails at this very request, so that one broken collection does not
// hold up the others. What is a refusal or a lie is never asked twice.
import { type ErrorCode, isCountersignError } from "../bytes/index.ts";

export interface Patience {
  /** How long a server may be away, in milliseconds, for one piece of work. */
  readonly awayMs: number;
  readonly wait: (ms: number) => Promise<void>;
  /** Resolves when the server answers at all. */
  readonly ping: () => Promise<void>;
  /** Told before each wait. */
  readonly onWait?: (error: Error) => void;
}

export const passingFailures = [
  "download.unreachable",
  "download.unavailable",
  "download.too_slow",
  "download.failed",
  "server.busy",
  "access.limited",
] as const satisfies readonly ErrorCode[];

const triesWhileUp = 3;
const longestWaitMs = 3_000;

/** What `work` answers, or its last failure. */
export async function withPatience<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  let failedWhileUp = 0;
  let waited = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isCountersignError(error, ...passingFailures)) throw error;
      if (await answers(patience)) failedWhileUp += 1;
      if (failedWhileUp >= triesWhileUp || waited >= patience.awayMs) throw error;
      const pause = Math.min(200 * 2 ** attempt, longestWaitMs);
      patience.onWait?.(error);
      await patience.wait(pause);
      waited += pause;
    }
  }
}

async function answers({ ping }: Patience): Promise<boolean> {
  try {
    await ping();
    return true;
  } catch (error) {
    if (isCountersignError(error, ...passingFailures)) return false;
    if (isCountersignError(error)) return true;
    throw error;
  }
}
