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

/** Each as a warning on stderr, with its hints. */
export function showFindings(terminal: Terminal, findings: readonly Finding[]): void {
  for (const found of findings) {
    const where = [found.dialect, found.role].filter((part) => part !== undefined).join(" ");
    terminal.warning(`${where === "" ? "" : `${where}: `}${printable(found.message)} [${found.code}]`);
    for (const hint of found.hints) terminal.note(`  - ${printable(hint)}`);
  }
}
