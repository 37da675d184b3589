// One run of the program, from argv to an exit code, with everything outside passed in: the tests run whole commands in one process.
import { CountersignError } from "../bytes/index.ts";
import { parseArguments } from "./arguments.ts";
import type { Program, TableEntry } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { reportError } from "./report.ts";
import { openTerminal } from "./terminal.ts";

/** Runs one command line (without node and script). Never throws: every failure is told and becomes an exit code. */
export async function runCli(argv: readonly string[], program: Program): Promise<number> {
  const options = { json: hasFlag(argv, "--json"), quiet: hasFlag(argv, "--quiet", "-q"), env: program.env };
  const terminal = openTerminal(program.streams, options);
  try {
    if (isHelpRequest(argv)) {
      const { helpFor } = await import("./help-request.ts");
      terminal.raw(await helpFor(argv, program.commands));
      return argv.length === 0 ? exitCodes.usage : exitCodes.done;
    }
    const { entry, rest } = await findCommand(argv, program.commands);
    if (entry.front !== undefined) return await (await entry.front())(rest, program);
    const command = await entry.load();
    const args = parseArguments(command.spec, rest);
    if (args.flag("help")) {
      const { commandHelp } = await import("./help.ts");
      terminal.raw(commandHelp(command.spec));
      return exitCodes.done;
    }
    const { env, clock, commands } = program;
    return await command.run({
      args,
      terminal,
      env,
      clock,
      stopSignal: () => program.stopSignal(),
      onSignal: (name, handler) => program.onSignal(name, handler),
      commands,
    });
  } catch (error) {
    return reportError(terminal, error);
  }
}

function hasFlag(argv: readonly string[], ...names: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).some((word) => names.includes(word));
}

function isHelpRequest(argv: readonly string[]): boolean {
  const [first] = argv;
  return first === undefined || first === "help" || first === "--help" || first === "-h";
}

/** @throws usage.invalid */
async function findCommand(
  argv: readonly string[],
  commands: readonly TableEntry[],
): Promise<{ entry: TableEntry; rest: readonly string[] }> {
  const [first = "", second = ""] = argv;
  const alias = first === "--version" ? "version" : first;
  const double = commands.find((entry) => entry.name === `${alias} ${second}`);
  if (double !== undefined) return { entry: double, rest: argv.slice(2) };
  const single = commands.find((entry) => entry.name === alias);
  if (single !== undefined) return { entry: single, rest: argv.slice(1) };
  const { nearest } = await import("./suggest.ts");
  const group = commands.filter((entry) => entry.name.startsWith(`${alias} `)).map((entry) => entry.name);
  const word = group.length > 0 ? `${alias} ${second}`.trim() : alias;
  const close = nearest(word, group.length > 0 ? group : commands.map((entry) => entry.name));
  const hints = group.length > 0 ? [`commands: ${group.join(", ")}`] : ["countersign help lists the commands"];
  throw new CountersignError("usage.invalid", `unknown command: ${word.slice(0, 60)}`, {
    hints: [...(close === undefined ? [] : [`did you mean countersign ${close}?`]), ...hints],
  });
}
