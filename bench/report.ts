// What a bench run says: figures measured, and how they stand against the targets of the performance reference. Both are printed as
// tables and written as JSON. A target is a ratio within one run, or an absolute figure where the reference gives one.
import { cpus, totalmem } from "node:os";
import { median } from "./rounds.ts";

/** One measured figure of one subject. */
export interface Figure {
  readonly case: string;
  readonly subject: string;
  readonly unit: string;
  /** Median over the rounds. */
  readonly value: number;
  readonly rounds: readonly number[];
}

/** One row of the reference's "To reach" table. */
export interface Target {
  readonly name: string;
  /** What `value` is a multiple of, or its unit. */
  readonly of: string;
  readonly value: number;
  readonly must: number;
  readonly moonshot: number;
  readonly better: "higher" | "lower";
}

export interface PartReport {
  readonly part: string;
  readonly figures: readonly Figure[];
  readonly targets: readonly Target[];
  /** What a reader of the table has to know. */
  readonly notes: readonly string[];
}

/** Figures of one case from the rounds of each subject. */
export function figures(
  name: string,
  unit: string,
  results: ReadonlyMap<string, readonly number[]>,
): readonly Figure[] {
  return [...results].map(([subject, rounds]) => ({ case: name, subject, unit, value: median(rounds), rounds }));
}

/** The figure of a case and subject; undefined where it was not measured. */
export function findValue(all: readonly Figure[], name: string, subject: string, unit: string): number | undefined {
  return all.find((one) => one.case === name && one.subject === subject && one.unit === unit)?.value;
}

export function isMet({ value, must, better }: Target): boolean {
  return better === "higher" ? value >= must : value <= must;
}

/** A part's tables: one row per case and unit, one column per subject; then the targets. */
export function printReport({ part, figures: all, targets, notes }: PartReport, seconds: number): string {
  const subjects = [...new Set(all.map(({ subject }) => subject))];
  const rows = [...new Set(all.map((one) => `${one.case}\t${one.unit}`))].map((row) => {
    const [name = "", unit = ""] = row.split("\t");
    const values = subjects.map((subject) => findValue(all, name, subject, unit));
    return [name, unit, ...values.map((value) => (value === undefined ? "-" : short(value)))];
  });
  const verdicts = targets.map((target) => [
    target.name,
    `${short(target.value)} ${target.of}`,
    `${target.better === "higher" ? ">=" : "<="} ${short(target.must)}`,
    short(target.moonshot),
    isMet(target) ? "met" : "NOT MET",
  ]);
  return [
    `== ${part} (measured in ${Math.round(seconds)} s)`,
    ...(rows.length === 0 ? [] : [table([["case", "unit", ...subjects], ...rows])]),
    ...(verdicts.length === 0 ? [] : ["", table([["target", "measured", "must", "moonshot", ""], ...verdicts])]),
    ...notes.map((note) => `note: ${note}`),
    "",
  ].join("\n");
}

/** Everything, for a file: the machine, each part, each round. */
export function reportJson(parts: readonly PartReport[], mode: "short" | "full"): string {
  const machine = { cpu: cpus()[0]?.model ?? "", cpus: cpus().length, memoryBytes: totalmem(), node: process.version };
  const judged = parts.map((part) => ({
    ...part,
    targets: part.targets.map((target) => ({ ...target, met: isMet(target) })),
  }));
  return `${JSON.stringify({ at: new Date().toISOString(), mode, machine, parts: judged }, undefined, 2)}\n`;
}

function short(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return Number(value.toPrecision(3)).toString();
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const pad = (cell: string, column: number) =>
    column < 1 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(pad).join("  ").trimEnd()).join("\n");
}
