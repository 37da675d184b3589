// Notary's configuration, member by member: what was taken over and what was not. For `serve` and `signer`.
import { printable, type Terminal } from "../terminal.ts";
import type { ConfigReport } from "./overrides.ts";

export function tellConfig(terminal: Terminal, { path, taken, ignored, notes }: ConfigReport): void {
  terminal.line();
  terminal.line(`taken over from ${path}:`);
  const rows = taken.map(({ key, value, as, from }) => [key, value, as, from].map(printable));
  terminal.table(["MEMBER", "VALUE", "BECAME", "FROM"], rows);
  if (ignored.length > 0) {
    terminal.line();
    terminal.line("ignored:");
    terminal.table(
      ["MEMBER", "WHY"],
      ignored.map(({ key, why }) => [printable(key), why]),
    );
  }
  for (const note of notes) terminal.line(`note: ${note}`);
}

export function configJson({ path, taken, ignored, notes }: ConfigReport) {
  return {
    path,
    taken: taken.map(({ key, value, as, from }) => ({ key, value, as, from })),
    ignored: ignored.map(({ key, why }) => ({ key, why })),
    notes: [...notes],
  };
}
