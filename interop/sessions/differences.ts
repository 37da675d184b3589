// Every difference between notary-server and ours that is wanted, by the heading under which docs/notary-differences.md gives the
// reason. The suites fail when a difference is not listed here, when a listed one is gone, and when page and table do not agree.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Difference {
  /** A heading of the page. */
  readonly topic: string;
  /** Names of what was asked, as the suite prints them. */
  readonly where: readonly string[];
}

export interface Observed {
  readonly where: string;
  readonly theirs: string;
  readonly ours: string;
}

/** Fails on any difference that `wanted` does not list, and on any listed one that was not observed. */
export function assertOnlyWanted(observed: readonly Observed[], wanted: readonly Difference[]): void {
  const listed = new Set(wanted.flatMap(({ where }) => where));
  const seen = new Set(observed.map(({ where }) => where));
  const surprises = observed.filter(({ where }) => !listed.has(where));
  const gone = [...listed].filter((where) => !seen.has(where));
  const told = surprises.map(
    ({ where, theirs, ours }) =>
      `${where}\n--- notary-server\n${theirs.slice(0, 1_500)}\n--- ours\n${ours.slice(0, 1_500)}`,
  );
  assert.ok(surprises.length === 0, `${surprises.length} differences are not listed:\n\n${told.join("\n\n")}`);
  assert.deepEqual(gone, [], "listed differences that no longer occur");
}

/** The headings of docs/notary-differences.md under which differences are explained. */
export function documentedTopics(): ReadonlySet<string> {
  const page = readFileSync(join(import.meta.dirname, "../../docs/notary-differences.md"), "utf8");
  return new Set([...page.matchAll(/^### (.+)$/gm)].map((match) => match[1] ?? ""));
}
