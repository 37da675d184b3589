// Notary's command line, parsed as its own parser does it: flags anywhere, `--flag=value`, grouped letters, lists with commas, yes/no
// flags that take `=true` and `=false`. What it refuses it refuses in Notary's words, because scripts look for them.
export type FlagKind = "bool" | "string" | "strings" | "int" | "ints";

export interface FlagSpec {
  readonly name: string;
  readonly short?: string;
  readonly kind: FlagKind;
  readonly text: string;
  /** Shown in help. */
  readonly fallback?: string;
}

/** A failure that Notary tells in one line; the usage of the command is shown where it would. */
export class NotaryUsage extends Error {
  readonly showsUsage: boolean;

  constructor(message: string, showsUsage = false) {
    super(message);
    this.name = "NotaryUsage";
    this.showsUsage = showsUsage;
  }
}

export interface NotaryFlags {
  readonly positionals: readonly string[];
  flag(name: string): boolean;
  value(name: string): string | undefined;
  values(name: string): readonly string[];
}

/** @throws NotaryUsage */
export function parseFlags(argv: readonly string[], specs: readonly FlagSpec[]): NotaryFlags {
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--") {
      positionals.push(...words);
      break;
    }
    if (word === "-" || !word.startsWith("-")) positionals.push(word);
    else if (word.startsWith("--")) takeLong(word, words, specs, given);
    else takeShort(word, words, specs, given);
  }
  const last = (name: string): string | undefined => given.get(name)?.at(-1);
  return {
    positionals,
    flag: (name) => last(name) === "true",
    value: last,
    values: (name) => given.get(name) ?? [],
  };
}

function takeLong(word: string, rest: string[], specs: readonly FlagSpec[], given: Map<string, string[]>): void {
  const equals = word.indexOf("=");
  const name = word.slice(2, equals === -1 ? undefined : equals);
  const spec = specs.find((each) => each.name === name);
  if (spec === undefined) throw new NotaryUsage(`unknown flag: --${name}`);
  if (equals !== -1) {
    put(spec, word.slice(equals + 1), given);
    return;
  }
  if (spec.kind === "bool") {
    put(spec, "true", given);
    return;
  }
  const value = rest.shift();
  if (value === undefined) throw new NotaryUsage(`flag needs an argument: --${name}`);
  put(spec, value, given);
}

function takeShort(word: string, rest: string[], specs: readonly FlagSpec[], given: Map<string, string[]>): void {
  for (let at = 1; at < word.length; at++) {
    const letter = word[at] ?? "";
    const spec = specs.find((each) => each.short === letter);
    if (spec === undefined) throw new NotaryUsage(`unknown shorthand flag: '${letter}' in ${word}`);
    const tail = word.slice(at + 1);
    if (tail.startsWith("=")) {
      put(spec, tail.slice(1), given);
      return;
    }
    if (spec.kind === "bool") {
      put(spec, "true", given);
      continue;
    }
    const value = tail === "" ? rest.shift() : tail;
    if (value === undefined) throw new NotaryUsage(`flag needs an argument: '${letter}' in ${word}`);
    put(spec, value, given);
    return;
  }
}

function put(spec: FlagSpec, text: string, given: Map<string, string[]>): void {
  const before = given.get(spec.name) ?? [];
  const isList = spec.kind === "strings" || spec.kind === "ints";
  const values = isList ? text.split(",") : [spec.kind === "bool" ? truth(spec, text) : text];
  if (spec.kind === "int" || spec.kind === "ints") for (const value of values) requireInteger(spec, text, value);
  given.set(spec.name, isList ? [...before, ...values] : values);
}

function truth(spec: FlagSpec, text: string): string {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return "true";
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return "false";
  throw new NotaryUsage(
    `invalid argument "${text}" for "${written(spec)}" flag: strconv.ParseBool: parsing "${text}": invalid syntax`,
  );
}

function requireInteger(spec: FlagSpec, text: string, value: string): void {
  if (/^[+-]?[0-9]{1,9}$/.test(value)) return;
  throw new NotaryUsage(
    `invalid argument "${text}" for "${written(spec)}" flag: strconv.Atoi: parsing "${value}": invalid syntax`,
  );
}

function written({ name, short }: FlagSpec): string {
  return short === undefined ? `--${name}` : `-${short}, --${name}`;
}
