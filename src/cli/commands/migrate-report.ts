// The report of a migration, for people and as JSON. Findings worst first, those that say the same together; notes, which ask for nothing,
// as counts.
import type { JsonObject } from "../../bytes/index.ts";
import { type Finding, type MigrationReport, outcomeOf, type Severity } from "../../migrate/index.ts";
import { printable, type Terminal } from "../terminal.ts";

export function reportJson(report: MigrationReport): JsonObject {
  const { signer, collections, documents, keys, changes, findings, ...rest } = report;
  return {
    ...rest,
    outcome: outcomeOf(report),
    signer: signer ?? null,
    collections: { ...collections },
    documents: { ...documents },
    keys: { ...keys },
    changes: { ...changes },
    findings: findings.map((finding) => ({ ...finding })),
  };
}

/** Of findings that say the same. */
const shownPlaces = 10;

const headings: Readonly<Record<Exclude<Severity, "note">, string>> = {
  conflict: "Conflicts: the new server holds something else, and was left as it is",
  left_out: "Left out",
  broken: "Broken before, and brought over as they are",
  warning: "Warnings",
};

export function showReport(terminal: Terminal, report: MigrationReport): void {
  const { collections, documents, keys, changes } = report;
  const number = (value: number) => value.toLocaleString("en");
  const what = (parts: readonly (readonly [number, string])[]) =>
    parts
      .filter(([count], index) => count > 0 || index === 0)
      .map(([count, words]) => `${number(count)} ${words}`)
      .join(", ");
  const copied = report.dryRun ? "to copy" : "copied";
  terminal.line(report.dryRun ? "dry run: nothing was written" : `migrated to ${printable(report.destination)}`);
  terminal.facts([
    ["server", printable(report.server)],
    ["signer", report.signer === undefined ? "none given" : printable(report.signer)],
    [
      "collections",
      what([
        [collections.found, "found"],
        [collections.copied, copied],
        [collections.already, "here already"],
        [collections.verified, "verified"],
        [collections.broken, "broken"],
        [collections.leftOut, "left out"],
        [collections.conflicts, "in conflict"],
      ]),
    ],
    [
      "documents",
      what([
        [documents.copied, `${copied} (${megabytes(documents.bytes)})`],
        [documents.leftOut, "left out"],
      ]),
    ],
    ["tags", collections.verified > 0 ? `${number(report.targets)} found by a reader` : undefined],
    [
      "keys",
      what([
        [keys.found, "found"],
        [keys.copied, copied],
        [keys.already, "here already"],
        [keys.leftOut, "left out"],
      ]),
    ],
    [
      "change feed",
      what([
        [changes.found, "rows found"],
        [changes.copied, copied],
        [changes.already, "here already"],
        [changes.leftOut, "left out"],
      ]),
    ],
  ]);
  for (const severity of ["conflict", "left_out", "broken", "warning"] as const) {
    const findings = report.findings.filter((finding) => finding.severity === severity);
    if (findings.length === 0) continue;
    terminal.line();
    terminal.line(terminal.paint("bold", `${headings[severity]} (${number(findings.length)})`));
    for (const alike of Map.groupBy(findings, ({ code, message }) => `${code} ${message}`).values())
      showFindings(terminal, alike);
  }
  const notes = report.findings.filter(({ severity }) => severity === "note");
  if (notes.length === 0) return;
  terminal.line();
  const counts = Map.groupBy(notes, ({ code, role }) => (role === undefined ? code : `${code} ${role}`));
  const list = [...counts].map(([what, { length }]) => `${number(length)} ${printable(what)}`).join(", ");
  terminal.line(`notes, nothing to do (--json lists them): ${list}`);
}

/** One passphrase that is missing is a finding for every key it seals: said once, with the first places. */
function showFindings(terminal: Terminal, alike: readonly Finding[]): void {
  const [first] = alike;
  if (first === undefined) return;
  const { message, code, consequence } = first;
  const what = `${printable(message)} [${code}]`;
  const follows = consequence === undefined ? [] : [printable(consequence)];
  if (alike.length === 1) {
    const where = placeOf(first);
    terminal.line(`  ${where === "" ? "" : `${where}: `}${what}`);
    for (const line of follows) terminal.line(`    ${line}`);
    return;
  }
  const isOne = alike.every((each) => each.consequence === consequence);
  terminal.line(`  ${alike.length.toLocaleString("en")} times: ${what}`);
  if (isOne) for (const line of follows) terminal.line(`    ${line}`);
  for (const each of alike.slice(0, shownPlaces)) {
    const own = isOne || each.consequence === undefined ? "" : `: ${printable(each.consequence)}`;
    terminal.line(`    - ${placeOf(each)}${own}`);
  }
  const more = alike.length - shownPlaces;
  if (more > 0) terminal.line(`    and ${more.toLocaleString("en")} more, which --json lists`);
}

function placeOf({ gun, role, version, keyId }: Finding): string {
  const parts = [
    gun,
    role,
    version === undefined ? undefined : `version ${version}`,
    keyId === undefined ? undefined : `key ${keyId.slice(0, 12)}`,
  ];
  return printable(parts.filter((part) => part !== undefined).join(" "));
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
}
