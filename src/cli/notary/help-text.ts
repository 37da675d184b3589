// Help in the layout of Notary's: description, usage, commands, flags in columns, the global flags apart.
import type { FlagSpec } from "./command-line.ts";
import { type CommandEntry, commandTable, globalFlags, versionFlag } from "./command-table.ts";

const about =
  "Notary allows the creation and management of collections of signed targets, allowing the signing and validation of arbitrary content.";

/** Of the program itself; `withAbout` as `notary help` prints it, without as `notary` alone does. */
export function programHelp(withAbout: boolean): string {
  const rows = [...commandTable.filter(({ name }) => !name.includes(" ")), helpEntry].sort(byName);
  const flags = flagLines([...globalFlags, helpFlag("notary"), versionFlag]);
  const usage = `Usage:\n  notary [flags]\n  notary [command]\n\nAvailable Commands:\n${commandLines(rows)}\nFlags:\n${flags}`;
  return `${withAbout ? `${about}\n\n` : ""}${usage}\nUse "notary [command] --help" for more information about a command.\n`;
}

/** Everything about one command or group. */
export function commandHelp(entry: CommandEntry): string {
  return `${entry.about}\n\n${commandUsage(entry)}`;
}

/** Without the description, as it stands above a complaint. */
export function commandUsage(entry: CommandEntry): string {
  const word = entry.name.split(" ").at(-1) ?? "";
  const flags = flagLines([...(entry.flags ?? []), helpFlag(word)]);
  const shared = `\nGlobal Flags:\n${flagLines(globalFlags)}`;
  if (entry.usage === undefined) {
    const rows = commandTable.filter(({ name }) => name.startsWith(`${entry.name} `));
    const short = rows.map((row) => ({ ...row, name: row.name.slice(entry.name.length + 1) })).sort(byName);
    const more = `\nUse "notary ${entry.name} [command] --help" for more information about a command.\n`;
    return `Usage:\n  notary ${entry.name} [command]\n\nAvailable Commands:\n${commandLines(short)}\nFlags:\n${flags}${shared}${more}`;
  }
  const line = ["notary", entry.name, entry.usage, "[flags]"].filter((part) => part !== "").join(" ");
  return `Usage:\n  ${line}\n\nFlags:\n${flags}${shared}`;
}

const helpEntry = { name: "help", summary: "Help about any command" };

function helpFlag(word: string): FlagSpec {
  return { name: "help", short: "h", kind: "bool", text: `help for ${word}` };
}

function commandLines(rows: readonly Pick<CommandEntry, "name" | "summary">[]): string {
  const width = Math.max(11, ...rows.map(({ name }) => name.length));
  return rows.map(({ name, summary }) => `  ${name.padEnd(width)} ${summary}\n`).join("");
}

function flagLines(flags: readonly FlagSpec[]): string {
  const sorted = [...flags].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1));
  const rows = sorted.map((flag) => {
    const short = flag.short === undefined ? "    " : `-${flag.short}, `;
    const value = flag.kind === "bool" ? "" : ` ${flag.kind}`;
    const fallback = flag.fallback === undefined ? "" : ` (default "${flag.fallback}")`;
    return { left: `  ${short}--${flag.name}${value}`, text: `${flag.text}${fallback}` };
  });
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, text }) => `${left.padEnd(width)}   ${text}\n`).join("");
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
