// argv -> Arguments over node:util's parseArgs. Nothing is guessed: unknown options, missing values, options given twice and a wrong
// number of names are usage errors which say what would have been right.
import { parseArgs } from "node:util";
import { CountersignError } from "../bytes/index.ts";
import { type Arguments, type CommandSpec, commonOptions, type OptionSpec } from "./command.ts";
import { nearest } from "./suggest.ts";

/** @throws usage.invalid */
export function parseArguments(spec: CommandSpec, argv: readonly string[]): Arguments {
  const options = [...spec.options, ...commonOptions];
  const positionals: string[] = [];
  const given = new Map<string, string[]>();
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(options.map(configure)),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const option = options.find((candidate) => candidate.name === token.name);
    if (option === undefined) throw unknownOption(spec, token.rawName, options);
    addValue(spec, given, option, token);
  }
  if (!given.has("help")) checkCount(spec, positionals);
  const declared = (name: string, takesValue: boolean): readonly string[] => {
    const option = options.find((candidate) => candidate.name === name);
    if (option === undefined || (option.value !== undefined) !== takesValue) {
      throw new CountersignError("bug.unexpected", `${spec.name} does not declare --${name} so`);
    }
    return given.get(name) ?? [];
  };
  return {
    positionals,
    flag: (name) => declared(name, false).length > 0,
    value: (name) => declared(name, true)[0],
    values: (name) => declared(name, true),
  };
}

function configure(option: OptionSpec): [string, { type: "string" | "boolean"; short?: string; multiple: boolean }] {
  const type = option.value === undefined ? "boolean" : "string";
  return [option.name, { type, multiple: true, ...(option.short === undefined ? {} : { short: option.short }) }];
}

interface OptionToken {
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function addValue(spec: CommandSpec, given: Map<string, string[]>, option: OptionSpec, token: OptionToken): void {
  const values = given.get(option.name) ?? [];
  if (option.value === undefined) {
    if (token.value !== undefined) throw usage(spec, `${token.rawName} takes no value`);
    given.set(option.name, ["true"]);
    return;
  }
  // `--file --name x`: the value was forgotten. A value that does start with a dash is written --file=-x.
  const isForgotten = token.value === undefined || (token.inlineValue !== true && /^-./.test(token.value));
  if (isForgotten) throw usage(spec, `${token.rawName} needs a value: ${token.rawName} ${option.value}`);
  if (values.length > 0 && option.multiple !== true) throw usage(spec, `${token.rawName} is given twice`);
  given.set(option.name, [...values, token.value ?? ""]);
}

function unknownOption(spec: CommandSpec, rawName: string, options: readonly OptionSpec[]): CountersignError {
  const close = nearest(
    rawName.replace(/^-+/, ""),
    options.map((option) => option.name),
  );
  const shown = rawName.slice(0, 60);
  return usage(spec, `unknown option ${shown}`, close === undefined ? [] : [`did you mean --${close}?`]);
}

function checkCount(spec: CommandSpec, positionals: readonly string[]): void {
  const { min, max } = spec.positionals;
  if (positionals.length >= min && positionals.length <= max) return;
  const excess = positionals[max];
  throw usage(
    spec,
    positionals.length < min
      ? "something is missing on the command line"
      : `too many names: ${String(excess).slice(0, 60)}`,
  );
}

/** A usage error of this command, with its usage lines as hints. */
export function usage(spec: CommandSpec, message: string, hints: readonly string[] = []): CountersignError {
  const lines = spec.usage.map((line) => `usage: countersign ${spec.name} ${line}`.trimEnd());
  return new CountersignError("usage.invalid", message, {
    hints: [...hints, ...lines, `more: countersign ${spec.name} --help`],
  });
}
