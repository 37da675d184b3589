// What preflight warned of, for people and as JSON.
import type { JsonObject } from "../bytes/index.ts";
import type { Finding } from "../publish/index.ts";
import { printable, type Terminal } from "./terminal.ts";

export function findingsJson(findings: readonly Finding[]): readonly JsonObject[] {
  return findings.map(({ severity, code, message, dialect, role, hints }) => ({
    severity,
    code,
    message,
    ...(dialect === undefined ? {} : { dialect }),
    ...(role === undefined ? {} : { role }),
    hints,
  }));
}

/** Each as a warning on stderr, with its hints; what both dialects say in the same words is said once. */
export function showFindings(terminal: Terminal, findings: readonly Finding[]): void {
  const told = new Map<string, { readonly found: Finding; readonly dialects: string[] }>();
  for (const found of findings) {
    const key = JSON.stringify([found.code, found.role ?? null, found.message]);
    const present = told.get(key) ?? { found, dialects: [] };
    if (found.dialect !== undefined) present.dialects.push(found.dialect);
    told.set(key, present);
  }
  for (const { found, dialects } of told.values()) {
    const where = [dialects.join(" and "), found.role ?? ""].filter((part) => part !== "").join(" ");
    terminal.warning(`${where === "" ? "" : `${where}: `}${printable(found.message)} [${found.code}]`);
    for (const hint of found.hints) terminal.note(`  - ${printable(hint)}`);
  }
}
