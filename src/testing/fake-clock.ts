// A clock that moves only when a test moves it.
import type { Clock } from "../bytes/index.ts";

/** 2026-11-01T00:00:00Z, the instant tests begin at. */
export const testStart = Date.UTC(2026, 10, 1);
export const second = 1000;
export const hour = 3600 * second;
export const day = 24 * hour;

export interface FakeClock {
  /** A Clock, to pass on. */
  readonly now: Clock;
  advance(milliseconds: number): void;
  set(at: number): void;
}

export function fakeClock(start: number = testStart): FakeClock {
  let at = start;
  return {
    now: () => at,
    advance: (milliseconds) => {
      at += milliseconds;
    },
    set: (next) => {
      at = next;
    },
  };
}
