// When to try again, and how long to wait before. Rule: only what cannot have done harm is repeated, waits are jittered so
// that a thousand clients do not come back in step, and a server's Retry-After is honoured up to a bound (RFC 9110, 10.2.3).
import { isCountersignError } from "../bytes/index.ts";
import type { HttpHead } from "./http-client.ts";
import { nodeCode } from "./transport-errors.ts";

const firstWaitMs = 100;
const longestWaitMs = 5_000;
/** A server that asks for more patience than this gets its answer passed on instead. */
export const longestRetryAfterMs = 30_000;

/** Half fixed, half random: 50-100 ms, 100-200, 200-400, ... `failures` counts from 1; `random` is in [0, 1). */
export function backoffMs(failures: number, random: () => number): number {
  const ceiling = Math.min(firstWaitMs * 2 ** (failures - 1), longestWaitMs);
  return ceiling / 2 + (random() * ceiling) / 2;
}

/** A broken connection is worth another try; a name that does not exist, a refused certificate and a limit are not. */
export function isTransientError(error: unknown): boolean {
  if (isCountersignError(error, "download.unreachable")) return nodeCode(error.cause) !== "ENOTFOUND";
  if (!isCountersignError(error, "download.failed")) return false;
  return ["ECONNRESET", "EPIPE", "ECONNABORTED"].includes(nodeCode(error.cause));
}

export function isTransientStatus(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504;
}

/** Retry-After in milliseconds: seconds or an HTTP date. undefined: none, or unreadable. */
export function retryAfterMs(head: HttpHead, now: number): number | undefined {
  const text = head.headers.get("retry-after")?.trim();
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}
