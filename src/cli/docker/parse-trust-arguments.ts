// Arguments as docker takes them: options before, between and after names, `--name value`, `--name=value`, `-y`, `--` ends them. What is
// wrong is said in docker's words with docker's exit statuses (125 for options, 1 for names), so that scripts see no difference.
import type { TrustArguments, TrustOption, TrustSpec } from "./trust-command.ts";
import { usageLine } from "./trust-help.ts";

/** A command line that docker would refuse: its whole text and exit status. */
export interface RefusedArguments {
  readonly kind: "refused";
  readonly text: string;
  readonly status: number;
}

export type ParsedArguments = { readonly kind: "parsed"; readonly args: TrustArguments } | { readonly kind: "help" };

/** `path`: how the command was called, e.g. `docker trust sign`. */
export function parseTrustArguments(
  spec: TrustSpec,
  path: string,
  argv: readonly string[],
): ParsedArguments | RefusedArguments {
  const names: string[] = [];
  const given = new Map<string, string[]>();
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--") {
      names.push(...words.splice(0));
    } else if (word.startsWith("--")) {
      if (word === "--help") return { kind: "help" };
      const fault = takeLong(spec, given, word, words);
      if (fault !== undefined) return wrongOption(spec, path, fault);
    } else if (word.startsWith("-") && word !== "-") {
      if (word === "-h") return { kind: "help" };
      const fault = takeShort(spec, given, word);
      if (fault !== undefined) return wrongOption(spec, path, fault);
    } else {
      names.push(word);
    }
  }
  const fault = countFault(spec, path, names.length);
  if (fault !== undefined) return fault;
  const args: TrustArguments = {
    names,
    flag: (name) => given.get(name)?.at(-1) === "true",
    values: (name) => given.get(name) ?? [],
  };
  return { kind: "parsed", args };
}

function takeLong(spec: TrustSpec, given: Map<string, string[]>, word: string, rest: string[]): string | undefined {
  const equals = word.indexOf("=");
  const name = word.slice(2, equals === -1 ? undefined : equals);
  const option = spec.options.find((one) => one.name === name);
  if (option === undefined) return `unknown flag: --${name}`;
  const inline = equals === -1 ? undefined : word.slice(equals + 1);
  if (option.value !== undefined) {
    const value = inline ?? rest.shift();
    if (value === undefined) return `flag needs an argument: --${name}`;
    put(given, option, value);
    return undefined;
  }
  const truth = truthOf(inline ?? "true");
  if (truth === undefined) {
    return `invalid argument "${inline}" for "${shownOption(option)}" flag: strconv.ParseBool: parsing "${inline}": invalid syntax`;
  }
  put(given, option, truth);
  return undefined;
}

/** Only flags have letters here. */
function takeShort(spec: TrustSpec, given: Map<string, string[]>, word: string): string | undefined {
  for (const letter of word.slice(1)) {
    const option = spec.options.find((one) => one.short === letter);
    if (option === undefined) return `unknown shorthand flag: '${letter}' in ${word}`;
    put(given, option, "true");
  }
  return undefined;
}

function put(given: Map<string, string[]>, option: TrustOption, value: string): void {
  const before = option.value === "list" ? (given.get(option.name) ?? []) : [];
  given.set(option.name, [...before, value]);
}

/** Go's strconv.ParseBool. */
function truthOf(text: string): "true" | "false" | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return "true";
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? "false" : undefined;
}

function shownOption({ name, short }: TrustOption): string {
  return short === undefined ? `--${name}` : `-${short}, --${name}`;
}

function countFault(spec: TrustSpec, path: string, count: number): RefusedArguments | undefined {
  const { names } = spec;
  const isExact = "exactly" in names;
  const wanted = isExact ? names.exactly : names.min;
  if (isExact ? count === wanted : count >= wanted) return undefined;
  const plural = wanted === 1 ? "argument" : "arguments";
  const requires = isExact ? `${wanted} ${plural}` : `at least ${wanted} ${plural}`;
  const more = `${isExact ? "Run" : "See"} '${path} --help' for more information`;
  const text = `docker: '${path}' requires ${requires}\n\n${usageLine(spec, path)}\n\n${more}\n`;
  return { kind: "refused", text, status: 1 };
}

function wrongOption(spec: TrustSpec, path: string, fault: string): RefusedArguments {
  const text = `${fault}\n\n${usageLine(spec, path)}\n\nRun '${path} --help' for more information\n`;
  return { kind: "refused", text, status: 125 };
}
