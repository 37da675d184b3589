// What a running server writes on stderr, one line an event, for machines first: JSON, or logfmt as Notary's operators may have it. The
// level moves while it runs (SIGUSR1: one step more, SIGUSR2: one step less), as notary-server's does.
import type { Clock } from "../../bytes/index.ts";
import type { ServerLog } from "../../server/index.ts";
import { isoDate } from "../dates.ts";

/** From little to much. */
export const logLevels = ["error", "warning", "info", "debug"] as const;
export type LogLevel = (typeof logLevels)[number];
export const logFormats = ["json", "logfmt"] as const;
export type LogFormat = (typeof logFormats)[number];

export interface OperationsLog {
  readonly write: ServerLog;
  /** One step, as far as there is one. The new level. */
  move(direction: "more" | "less"): LogLevel;
}

export interface OperationsLogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  readonly clock: Clock;
  readonly print: (line: string) => void;
}

export function operationsLog({ level, format, clock, print }: OperationsLogOptions): OperationsLog {
  let current = logLevels.indexOf(level);
  const line = (of: LogLevel, event: string, fields: Parameters<ServerLog>[1]) => {
    const members = { time: isoDate(clock()), level: of, event, ...fields };
    print(format === "json" ? JSON.stringify(members) : logfmt(members));
  };
  return {
    write(event, fields) {
      const of = event === "error" ? "error" : "info";
      if (logLevels.indexOf(of) <= current) line(of, event, fields);
    },
    move(direction) {
      const step = direction === "more" ? 1 : -1;
      current = Math.min(logLevels.length - 1, Math.max(0, current + step));
      const moved = logLevels[current] ?? "error";
      // Said whatever the level, or nobody would know whether the signal came.
      line(moved, "log_level", { now: moved });
      return moved;
    },
  };
}

/** `time=... level=info event=request path="/v2/a b"`; what a line could be broken with is quoted and escaped. */
function logfmt(members: Readonly<Record<string, string | number | boolean | undefined>>): string {
  return Object.entries(members)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${word(String(value))}`)
    .join(" ");
}

function word(text: string): string {
  return /^[\w.:/@%+,;?&~-]+$/.test(text) ? text : JSON.stringify(text);
}
