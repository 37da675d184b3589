// A check of the doctor: it looks at one thing and says what it found. A finding never throws the others away: what keeps a check from
// looking is a finding of its own.
import type { Clock, Gun } from "../../bytes/index.ts";
import type { Connections } from "../../flows/index.ts";
import type { Environment } from "../../home/index.ts";

export interface Finding {
  /** problem: something does not work or is not safe now. warning: it will be, or may surprise. */
  readonly level: "fine" | "warning" | "problem";
  /** Stable, for programs. */
  readonly code: string;
  /** One sentence of facts. */
  readonly text: string;
  /** What to do, one step a line. */
  readonly hints: readonly string[];
}

export interface Patient {
  readonly env: Environment;
  readonly clock: Clock;
  readonly connections: Connections;
  /** Those that were named, or else those that are pinned. */
  readonly collections: readonly Gun[];
}

export interface Check {
  /** What it looks at, in a word or two. */
  readonly name: string;
  run(patient: Patient): Promise<readonly Finding[]>;
}

export function fine(code: string, text: string): Finding {
  return { level: "fine", code, text, hints: [] };
}

export function warning(code: string, text: string, ...hints: readonly string[]): Finding {
  return { level: "warning", code, text, hints };
}

export function problem(code: string, text: string, ...hints: readonly string[]): Finding {
  return { level: "problem", code, text, hints };
}
