// `countersign help [COMMAND]`, `--help` and a bare `countersign`.
import { CountersignError } from "../bytes/index.ts";
import { commandHelp, overview } from "./help.ts";
import { commandTable } from "./table.ts";

/** @throws usage.invalid for a command that does not exist */
export async function helpFor(argv: readonly string[]): Promise<string> {
  const name = argv
    .slice(1)
    .filter((word) => !word.startsWith("-"))
    .join(" ");
  if (name === "") return overview();
  const entry = commandTable.find((candidate) => candidate.name === name);
  if (entry !== undefined) return commandHelp((await entry.load()).spec);
  const group = commandTable.filter((candidate) => candidate.name.startsWith(`${name} `));
  if (group.length > 0) return `${group.map((one) => `countersign ${one.name}: ${one.summary}`).join("\n")}\n`;
  throw new CountersignError("usage.invalid", `no help on ${name.slice(0, 60)}: there is no such command`, {
    hints: ["countersign help lists the commands"],
  });
}
