// Collects a stream of bytes that a stranger controls: at most so many bytes, never idle for long, done by a deadline.
// Without these an "endless data" or "slow retrieval" attacker holds a reader for ever (TUF 1.0.34, section 1.5.2).
import { CountersignError, isCountersignError } from "./errors.ts";

/** Calls `fire` once after `milliseconds`; the result cancels it. Programs pass setTimeout, tests a fake. */
export type Schedule = (milliseconds: number, fire: () => void) => () => void;

export interface ReadLimits {
  readonly maxBytes: number;
  /** Longest wait for the next bytes. Needs `schedule`. */
  readonly idleMs?: number;
  /** Longest time for the whole body. Needs `schedule`. */
  readonly totalMs?: number;
  readonly schedule?: Schedule;
  readonly signal?: AbortSignal;
  /** What is being read, for the error: a URL or a role. */
  readonly what?: string;
}

/**
 * All bytes of `source`. Stops the source on every failure.
 * @throws download.too_large, download.too_slow, download.failed (aborted, or the source threw)
 */
export async function readLimited(source: AsyncIterable<Uint8Array>, limits: ReadLimits): Promise<Uint8Array> {
  const { maxBytes, signal, what = "body" } = limits;
  const iterator = source[Symbol.asyncIterator]();
  const deadline = startDeadline(limits, what);
  let buffer = new Uint8Array(Math.min(maxBytes, 16_384));
  let length = 0;
  try {
    for (;;) {
      const step = await deadline.race(iterator.next());
      if (step.done === true) return buffer.subarray(0, length);
      const chunk = step.value;
      if (chunk.length === 0) continue; // no progress: the idle timer goes on
      deadline.progress();
      if (length + chunk.length > maxBytes) {
        throw new CountersignError("download.too_large", `${what}: longer than ${maxBytes} bytes`);
      }
      if (length + chunk.length > buffer.length) {
        // Doubling keeps the copying linear, and a body of single bytes does not become a list of millions of chunks.
        const grown = new Uint8Array(Math.min(maxBytes, Math.max(2 * buffer.length, length + chunk.length)));
        grown.set(buffer.subarray(0, length));
        buffer = grown;
      }
      buffer.set(chunk, length);
      length += chunk.length;
    }
  } catch (cause) {
    // Not awaited: a source that hangs must not hang its reader.
    Promise.resolve(iterator.return?.()).catch(() => undefined);
    if (isCountersignError(cause)) throw cause;
    if (signal?.aborted === true) throw abortError(signal, what);
    throw new CountersignError("download.failed", `${what}: the transfer broke off`, { cause });
  } finally {
    deadline.cancel();
  }
}

interface Deadline {
  /** What `step` gives, unless time is up or the signal fires before. */
  race<T>(step: Promise<T>): Promise<T>;
  /** Bytes came: the idle time starts anew. */
  progress(): void;
  cancel(): void;
}

function startDeadline({ idleMs, totalMs, schedule, signal }: ReadLimits, what: string): Deadline {
  if ((idleMs !== undefined || totalMs !== undefined) && schedule === undefined) {
    throw new CountersignError("bug.unexpected", "idleMs and totalMs need a schedule");
  }
  let failure: CountersignError | undefined;
  let failStep: ((error: CountersignError) => void) | undefined;
  const fail = (error: CountersignError) => {
    failure ??= error;
    failStep?.(failure);
  };
  const start = (milliseconds: number | undefined, kind: string) => {
    if (milliseconds === undefined || schedule === undefined) return () => undefined;
    const message = `${what}: ${kind} ${milliseconds} ms`;
    return schedule(milliseconds, () => fail(new CountersignError("download.too_slow", message)));
  };
  const onAbort = () => {
    if (signal !== undefined) fail(abortError(signal, what));
  };
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  const cancelTotal = start(totalMs, "not complete after");
  let cancelIdle = start(idleMs, "no bytes for");
  return {
    // One promise a step: Promise.race against a single long-lived one would remember every step until the end.
    race(step) {
      return new Promise((resolve, reject) => {
        failStep = reject;
        if (failure !== undefined) reject(failure);
        step.then(resolve, reject);
      });
    },
    progress() {
      cancelIdle();
      cancelIdle = start(idleMs, "no bytes for");
    },
    cancel() {
      cancelTotal();
      cancelIdle();
      signal?.removeEventListener("abort", onAbort);
    },
  };
}

/** A signal of AbortSignal.timeout is a missed deadline; any other was the caller's wish. */
function abortError(signal: AbortSignal, what: string): CountersignError {
  const { reason } = signal;
  if (isCountersignError(reason)) return reason;
  const isTimeout = reason instanceof Error && reason.name === "TimeoutError";
  return isTimeout
    ? new CountersignError("download.too_slow", `${what}: not complete by its deadline`, { cause: reason })
    : new CountersignError("download.failed", `${what}: the transfer was cancelled`, { cause: reason });
}
