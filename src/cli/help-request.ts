// `countersign help [COMMAND]`, `--help` and a bare `countersign`.
import { CountersignError } from "../bytes/index.ts";
import type { TableEntry } from "./command.ts";
import { commandHelp, overview } from "./help.ts";

/** @throws usage.invalid for a command that does not exist */
export async function helpFor(argv: readonly string[], commands: readonly TableEntry[]): Promise<string> {
  const name = argv
    .slice(1)
    .filter((word) => !word.startsWith("-"))
    .join(" ");
  if (name === "") return overview(commands);
  const entry = commands.find((candidate) => candidate.name === name);
  if (entry !== undefined) return commandHelp((await entry.load()).spec);
  const group = commands.filter((candidate) => candidate.name.startsWith(`${name} `));
  if (group.length > 0) return `${group.map((one) => `countersign ${one.name}: ${one.summary}`).join("\n")}\n`;
  throw new CountersignError("usage.invalid", `no help on ${name.slice(0, 60)}: there is no such command`, {
    hints: ["countersign help lists the commands"],
  });
}
