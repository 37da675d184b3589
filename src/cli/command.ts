// What a command is: a description (from which parsing, --help, completion and docs/cli.md are all made) and a function.
import type { Clock } from "../bytes/index.ts";
import type { Environment } from "../home/index.ts";
import type { Streams, Terminal } from "./terminal.ts";

export interface OptionSpec {
  /** Long name without dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  /** What the value is called in help; absent = a flag without value. */
  readonly value?: string;
  /** May be given several times. */
  readonly multiple?: true;
  readonly text: string;
  /** Completed as a file name by shells. */
  readonly isFile?: true;
  /** Heading in help, for commands of many options; those of one group stand together. */
  readonly group?: string;
}

export interface CommandSpec {
  /** `verify`, or `key list`. */
  readonly name: string;
  /** What follows the name, e.g. `IMAGE... [options]`; one usage line each. */
  readonly usage: readonly string[];
  /** Paragraphs. */
  readonly about: readonly string[];
  readonly positionals: { readonly min: number; readonly max: number };
  readonly options: readonly OptionSpec[];
  /** Command line and what it does. */
  readonly examples: readonly (readonly [string, string])[];
  /** The shape that --json prints. */
  readonly json: readonly string[];
}

/** Parsed arguments. Asking for an option that the command does not declare is a bug and throws. */
export interface Arguments {
  readonly positionals: readonly string[];
  flag(name: string): boolean;
  value(name: string): string | undefined;
  values(name: string): readonly string[];
}

/** What an operator says to a server that runs. */
export type RunningSignal = "SIGHUP" | "SIGUSR1" | "SIGUSR2";

export interface Context {
  readonly args: Arguments;
  readonly terminal: Terminal;
  readonly env: Environment;
  readonly clock: Clock;
  /** From this call on SIGINT and SIGTERM abort the signal instead of ending the process. For commands that must stop in good order. */
  stopSignal(): AbortSignal;
  /** Calls back at each such signal, which by itself would end the process (or open a debugger). */
  onSignal(name: RunningSignal, handler: () => void): void;
  /** The whole command table. */
  readonly commands: readonly TableEntry[];
}

export interface Command {
  readonly spec: CommandSpec;
  /** Answers the exit code. */
  run(context: Context): Promise<number>;
}

/** One run of the program: everything outside of it. */
export interface Program {
  readonly streams: Streams;
  readonly env: Environment;
  readonly clock: Clock;
  /** What this program can do; all of it, but for the built programs of one command each. */
  readonly commands: readonly TableEntry[];
  stopSignal(): AbortSignal;
  onSignal(name: RunningSignal, handler: () => void): void;
}

export interface TableEntry {
  /** `verify`, or `key list`. */
  readonly name: string;
  readonly summary: string;
  load(): Promise<Command>;
  /** Another program's command line, parsed and answered in its own way: everything after the name, and the exit code. */
  front?(): Promise<(argv: readonly string[], program: Program) => Promise<number>>;
}

/** Every command has these. */
export const commonOptions: readonly OptionSpec[] = [
  { name: "json", text: "print one JSON text instead of words" },
  { name: "quiet", short: "q", text: "print errors only; the exit code is the answer" },
  { name: "help", short: "h", text: "show this help" },
];
