// The report of an import and of a check, for people and as JSON. Good news as counts; whatever asks for somebody's eyes one by one, with
// what to do next. What was believed only because it was seen first is said out loud each time.
import type { JsonObject } from "../../bytes/index.ts";
import {
  type CheckedCollection,
  type CollectionOutcome,
  countOutcomes,
  type EvidenceFacts,
  type ImportReport,
  type OutcomeKind,
  type Progress,
} from "../../import/index.ts";
import { formatPin } from "../../updater/index.ts";
import type { Context } from "../command.ts";
import { nextSteps } from "../next-steps.ts";
import { printable, type Terminal } from "../terminal.ts";

const words: Readonly<Record<OutcomeKind, string>> = {
  verified: "verified and kept as evidence",
  carriedOn: "carried on, with their history",
  startedAnew: "started anew, under a new root",
  already: "done before",
  keysMissing: "kept as evidence: their root keys are not at hand, or do not open",
  refused: "do not verify",
  missing: "not there",
  unreachable: "out of reach",
  failed: "not taken by our server",
};
const order: readonly OutcomeKind[] = [
  "carriedOn",
  "startedAnew",
  "verified",
  "already",
  "keysMissing",
  "unreachable",
  "missing",
  "failed",
  "refused",
];
const noteEveryMs = 30_000;

/** On a terminal each collection, elsewhere a line now and then. */
export function importProgress({ terminal, clock }: Context): (progress: Progress) => void {
  let notedAt = clock();
  return ({ done, total, gun }) => {
    const text = `${done} of ${total} collections, ${printable(gun.slice(0, 80))}`;
    terminal.progress(text);
    if (clock() - notedAt < noteEveryMs) return;
    notedAt = clock();
    terminal.note(text);
  };
}

export function importJson(report: ImportReport): JsonObject {
  return {
    archive: report.archive,
    destination: report.destination ?? null,
    counts: Object.fromEntries(countOutcomes(report)),
    collections: report.collections.map(({ gun, source, kind, evidence, error, warnings }) => ({
      gun,
      source,
      outcome: kind,
      ...(evidence === undefined ? {} : { evidence: { ...evidence } }),
      ...(error === undefined ? {} : { code: error.code, message: error.message, hints: hintsOf(error) }),
      warnings,
    })),
  };
}

export function showImport(terminal: Terminal, report: ImportReport): void {
  const counts = countOutcomes(report);
  terminal.line(`${collections(report.collections.length)}, evidence in ${printable(report.archive)}`);
  terminal.facts([
    ...(report.destination === undefined ? [] : [["server", printable(report.destination)] as const]),
    ...order.flatMap((kind) => {
      const count = counts.get(kind) ?? 0;
      return count === 0 ? [] : [[String(count), words[kind]] as const];
    }),
  ]);
  showFirstUse(terminal, report.collections);
  const expired = report.collections.filter(({ evidence }) => evidence?.isExpired === true);
  if (expired.length > 0) {
    terminal.warning(`${collections(expired.length)} had expired at the source, judged at the moment before:`);
    for (const { gun, evidence } of expired) terminal.warning(`  ${printable(gun)}: ${evidence?.judgedAt ?? ""}`);
  }
  for (const { gun, warnings } of report.collections) {
    for (const warning of warnings) terminal.warning(`${printable(gun)}: ${printable(warning)}`);
  }
  // What to do is the same for many: said once.
  const told = new Set<string>();
  for (const kind of ["keysMissing", "unreachable", "missing", "failed", "refused"] as const) {
    const outcomes = report.collections.filter((outcome) => outcome.kind === kind);
    if (outcomes.length === 0) continue;
    terminal.line();
    terminal.line(terminal.paint("bold", `${outcomes.length} ${words[kind]}`));
    for (const { gun, error } of outcomes) {
      terminal.line(`  ${printable(gun)}: ${printable(error?.message ?? "")} [${error?.code ?? ""}]`);
      for (const hint of hintsOf(error)) {
        if (!told.has(hint)) terminal.line(`    ${printable(hint)}`);
        told.add(hint);
      }
    }
  }
}

function hintsOf(error: CollectionOutcome["error"]): readonly string[] {
  return error?.code === "pin.missing" ? nextSteps(error.code, error.hints) : (error?.hints ?? []);
}

/** Nobody vouched for these but the server itself: never to be overlooked. */
function showFirstUse(terminal: Terminal, outcomes: readonly CollectionOutcome[]): void {
  const believed = outcomes.filter(({ evidence }) => evidence?.anchor === "firstUse");
  if (believed.length > 0) {
    terminal.warning(`${collections(believed.length)} believed on first use: nobody but the server vouched for that`);
    for (const { gun } of believed) terminal.warning(`  ${printable(gun)}`);
  }
  const cached = outcomes.filter(({ evidence }) => evidence?.anchor === "cachedRoot");
  if (cached.length > 0) {
    terminal.warning(`${collections(cached.length)} taken on the word of that directory's client: no pin vouches`);
  }
}

function collections(count: number): string {
  return `${count} collection${count === 1 ? "" : "s"}`;
}

export function checkJson(archive: string, checked: readonly CheckedCollection[]): JsonObject {
  return {
    archive,
    collections: checked.map(({ gun, record, facts, restsOnRecord, error }) => ({
      gun,
      source: record.source,
      takenAt: record.takenAt,
      verified: error === undefined,
      restsOnRecord,
      pins: record.pins.map(formatPin),
      evidence: { ...facts },
      ...(record.destination === undefined ? {} : { destination: { ...record.destination } }),
      ...(error === undefined ? {} : { code: error.code, message: error.message, hints: error.hints }),
    })),
  };
}

export function showCheck(terminal: Terminal, archive: string, checked: readonly CheckedCollection[]): void {
  const good = checked.filter(({ error }) => error === undefined);
  terminal.line(`${printable(archive)}: ${good.length} of ${collections(checked.length)} verified, offline`);
  for (const { gun, record, facts, error } of checked) {
    const told = error === undefined ? describe(facts) : `${printable(error.message)} [${error.code}]`;
    const mark = error === undefined ? terminal.paint("green", "verified") : terminal.paint("red", "NOT verified");
    terminal.line(`  ${mark}  ${printable(gun)}: ${told}, from ${printable(record.source)}`);
    for (const hint of error?.hints ?? []) terminal.line(`    ${printable(hint)}`);
  }
  const resting = good.filter(({ restsOnRecord }) => restsOnRecord);
  if (resting.length > 0) {
    terminal.warning(
      `${resting.length} were checked with the pins written beside them: that shows that nothing was changed, not whose it is; give --pin`,
    );
  }
  const believed = good.filter(({ facts }) => facts.anchor === "firstUse");
  if (believed.length > 0) terminal.warning(`${believed.length} were believed on first use when they were taken`);
}

function describe({ tags, firstRoot, lastRoot, judgedAt, isExpired }: EvidenceFacts): string {
  const roots = firstRoot === lastRoot ? `root ${lastRoot}` : `roots ${firstRoot} to ${lastRoot}`;
  return `${tags} tag${tags === 1 ? "" : "s"}, ${roots}, ${isExpired ? "expired, as it stood on" : "in force on"} ${judgedAt}`;
}
