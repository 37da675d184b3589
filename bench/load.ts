// Load over HTTP by wrk, pinned to its own processor, with the server's processor time over the same seconds.
import { needPeer } from "../interop/peers/find.ts";
import { runOk } from "../interop/peers/process.ts";
import { cpuMs } from "./cpu.ts";

/** The servers' processor, and everybody else's. */
export const serverCpu = 0;
export const loadCpu = 1;

export interface LoadOptions {
  readonly connections: number;
  readonly seconds: number;
  /** A new connection for each request, as old clients make. */
  readonly reconnect?: boolean;
  /** Every process that serves. */
  readonly pids: readonly number[];
}

export interface LoadResult {
  readonly perSecond: number;
  readonly cpuUsPerRequest: number;
  readonly p99Ms: number;
}

/** Throws if any answer was not a success: a fast error is no result. */
export async function load(url: string, { connections, seconds, reconnect, pids }: LoadOptions): Promise<LoadResult> {
  const before = cpuMs(pids);
  const close = reconnect === true ? ["-H", "Connection: close"] : [];
  const shape = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "--latency"];
  const { stdout } = await runOk(needPeer("wrk"), [...shape, ...close, url], { cpu: loadCpu });
  const cpu = cpuMs(pids) - before;
  const requests = Number(/^\s*(\d+) requests in/m.exec(stdout)?.[1] ?? 0);
  const failed = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(stdout);
  // wrk counts the connections it cuts at the end as read errors when each request has its own.
  if (requests === 0 || (failed !== null && reconnect !== true)) throw new Error(`${url}: not all answered\n${stdout}`);
  return {
    perSecond: Number(/^Requests\/sec:\s+([\d.]+)/m.exec(stdout)?.[1] ?? Number.NaN),
    cpuUsPerRequest: (cpu * 1000) / requests,
    p99Ms: durationMs(/^\s+99%\s+([\d.]+)(us|ms|s|m)$/m.exec(stdout)),
  };
}

function durationMs(match: RegExpExecArray | null): number {
  const scale = { us: 0.001, ms: 1, s: 1000, m: 60_000 };
  const unit = match?.[2];
  if (unit !== "us" && unit !== "ms" && unit !== "s" && unit !== "m") return Number.NaN;
  return Number(match?.[1]) * scale[unit];
}
