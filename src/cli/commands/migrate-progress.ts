// How far a migration is, in words: on a terminal at once, elsewhere a line now and then, with the rate and the time that is left.
import type { Clock } from "../../bytes/index.ts";
import type { Progress } from "../../migrate/index.ts";
import { printable } from "../terminal.ts";

const showEveryMs = 200;
const noteEveryMs = 30_000;

export interface ProgressWords {
  /** Replaced by the next one. */
  show(text: string): void;
  /** Stays. */
  note(text: string): void;
}

export function migrationProgress(clock: Clock, words: ProgressWords): (progress: Progress) => void {
  let step: Progress["step"] | undefined;
  let startedAt = 0;
  let shownAt = 0;
  let notedAt = 0;
  return (progress) => {
    const now = clock();
    if (progress.step !== step) {
      step = progress.step;
      startedAt = now;
      shownAt = 0;
      notedAt = now;
    }
    const text = textOf(progress, now - startedAt);
    if (now - shownAt >= showEveryMs || progress.done === progress.total) {
      shownAt = now;
      words.show(text);
    }
    if (now - notedAt >= noteEveryMs) {
      notedAt = now;
      words.note(text);
    }
  };
}

const nouns: Readonly<Record<Progress["step"], string>> = {
  listing: "listing collections",
  collections: "collections",
  keys: "keys of unpublished names",
  changes: "rows of the change feed",
};

function textOf({ step, done, total, gun }: Progress, elapsedMs: number): string {
  if (total === 0) return nouns[step];
  const parts = [`${nouns[step]}: ${done.toLocaleString("en")} of ${total.toLocaleString("en")}`];
  if (elapsedMs >= 1_000 && done > 0) {
    const rate = done / (elapsedMs / 1_000);
    parts.push(`${rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en")}/s`);
    if (done < total) parts.push(`${duration((total - done) / rate)} left`);
  }
  if (gun !== undefined) parts.push(printable(gun.slice(0, 60)));
  return parts.join(", ");
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5_400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
