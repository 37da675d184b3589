// `countersign notary ...`, and this program under the name `notary`: finds the command, parses its flags, runs it, and tells a failure
// as Notary does: an empty line, `* fatal: <text>` on stdout, exit status 1.
import { homedir } from "node:os";
import { type Gun, isCountersignError, parseGun, parseRoleName } from "../../bytes/index.ts";
import { openNotaryTrustDirectory } from "../../home/index.ts";
import type { Program } from "../command.ts";
import { type FlagSpec, type NotaryFlags, NotaryUsage, parseFlags } from "./command-line.ts";
import { type CommandEntry, commandTable, globalFlags, versionFlag } from "./command-table.ts";
import { type Subject, tellFailure } from "./fatal.ts";
import type { LogLevel, NotaryContext } from "./front-context.ts";
import { notaryPassphrases } from "./prompts.ts";
import { type NotarySettings, readNotarySettings, withoutLogin } from "./settings.ts";
import { readAllInput, readInputLine, writeBytes } from "./standard-streams.ts";

/** The parts of a process that tests replace. */
export interface FrontIo {
  sayBytes(bytes: Uint8Array): void;
  readInput(maxBytes: number): Promise<Uint8Array>;
  readLine(): Promise<string | undefined>;
}

const processIo: FrontIo = { sayBytes: writeBytes, readInput: readAllInput, readLine: readInputLine };

/** Runs one command line of `notary`, without the program's name. Never throws; answers 0 or 1. */
export async function runNotary(argv: readonly string[], program: Program, io: FrontIo = processIo): Promise<number> {
  const { streams } = program;
  const fail = (line: string): number => {
    streams.out(`\n* fatal: ${line}\n`);
    return 1;
  };
  let chosen: { readonly entry: CommandEntry; readonly rest: readonly string[] } | undefined;
  try {
    const help = await helpAnswer(argv);
    if (help !== undefined) {
      streams.out(help);
      return 0;
    }
    chosen = findCommand(argv);
    const flags = parseFlags(chosen.rest, [...(chosen.entry.flags ?? []), ...globalFlags, helpFlag, versionFlag]);
    if (flags.flag("help") || chosen.entry.load === undefined) {
      const { commandHelp } = await import("./help-text.ts");
      streams.out(commandHelp(chosen.entry));
      return 0;
    }
    return await runCommand(chosen.entry, flags, program, io);
  } catch (error) {
    if (!(error instanceof NotaryUsage)) throw error;
    if (error.showsUsage && chosen !== undefined) {
      const { commandUsage } = await import("./help-text.ts");
      streams.out(commandUsage(chosen.entry));
    }
    return fail(error.message);
  }
}

const helpFlag: FlagSpec = { name: "help", short: "h", kind: "bool", text: "" };

async function runCommand(entry: CommandEntry, flags: NotaryFlags, program: Program, io: FrontIo): Promise<number> {
  const { streams, env, clock } = program;
  let settings: NotarySettings | undefined;
  try {
    settings = await readNotarySettings(flags, env.HOME || homedir());
    const context = openContext(flags, settings, program, io);
    const command = await entry.load?.();
    await command?.(context);
    return 0;
  } catch (error) {
    if (error instanceof NotaryUsage) throw error;
    const subject = await subjectOf(flags.positionals[0], settings, clock);
    if (isCountersignError(error, "download.unreachable", "download.too_slow", "tls.untrusted", "request.invalid")) {
      streams.err(
        logLine(clock(), "error", `could not reach ${withoutLogin(settings?.serverUrl ?? "")}: ${error.message}`),
      );
    }
    const told = tellFailure(error, { ...subject, prelude: preludeOf(entry, subject) });
    streams.out(`\n* fatal: ${told.line}\n`);
    for (const line of told.more) streams.err(`${line}\n`);
    if (settings === undefined) return 1;
    const directory = openNotaryTrustDirectory(settings.trustDirectory, clock);
    const advise = (lines: readonly string[]): void => {
      for (const line of lines) streams.err(`  - ${line}\n`);
    };
    if (isCountersignError(error, "key.missing", "preflight.would_lock_out")) {
      const { adviceOnDamagedKeys } = await import("./damaged-keys.ts");
      advise(await adviceOnDamagedKeys(directory, error.message));
    }
    const gun = plainGun(flags.positionals[0] ?? "");
    if (gun !== undefined && (entry.name === "publish" || flags.flag("publish"))) {
      const { adviceOnStaged } = await import("./staging.ts");
      advise(await adviceOnStaged(gun, directory.changes(gun)));
    }
    return 1;
  }
}

function preludeOf({ name }: CommandEntry, { gun = "" }: Subject): string {
  return name === "delegation list" ? `Error retrieving delegation roles for repository ${gun}: ` : "";
}

function openContext(flags: NotaryFlags, settings: NotarySettings, program: Program, io: FrontIo): NotaryContext {
  const { streams, env, clock } = program;
  const canAsk = streams.inIsTerminal;
  const say = (text: string): void => streams.out(text);
  const ask: NotaryContext["ask"] = async (question, options = {}) => {
    say(question);
    if (!canAsk) return options.isSecret === true ? undefined : io.readLine();
    const answer = await streams.readLine({ hidden: options.isSecret === true });
    if (options.isSecret === true) say("\n");
    return answer;
  };
  return {
    flags,
    args: flags.positionals,
    settings,
    env,
    clock,
    directory: openNotaryTrustDirectory(settings.trustDirectory, clock),
    passphrases: notaryPassphrases({ env, canAsk, say, ask }),
    say,
    sayBytes: (bytes) => io.sayBytes(bytes),
    log: (level, message) => streams.err(logLine(clock(), level, message)),
    note: (text) => streams.err(`${text}\n`),
    ask,
    canAsk,
    readInput: (maxBytes) => io.readInput(maxBytes),
  };
}

function logLine(now: number, level: LogLevel, message: string): string {
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, "Z");
  return `time="${time}" level=${level} msg=${JSON.stringify(message)}\n`;
}

async function subjectOf(
  name: string | undefined,
  settings: NotarySettings | undefined,
  clock: Program["clock"],
): Promise<Subject> {
  const gun = name === undefined ? undefined : plainGun(name);
  const cached =
    gun === undefined || settings === undefined
      ? undefined
      : await openNotaryTrustDirectory(settings.trustDirectory, clock).cache(gun).read(parseRoleName("root"));
  const host = settings === undefined ? undefined : URL.parse(settings.serverUrl)?.host;
  return { gun: name, host, hasCachedRoot: cached !== undefined };
}

function plainGun(text: string): Gun | undefined {
  try {
    return parseGun(text);
  } catch (error) {
    if (isCountersignError(error, "gun.invalid")) return undefined;
    throw error;
  }
}

/** undefined: this is not about help. */
async function helpAnswer(argv: readonly string[]): Promise<string | undefined> {
  const words = commandWords(argv);
  if (words.length === 0) {
    if (argv.includes("--version")) return (await import("./version-command.ts")).versionLine();
    const wanted = argv.some((word) => word === "--help" || word === "-h");
    parseFlags(argv, [...globalFlags, helpFlag, versionFlag]);
    return (await import("./help-text.ts")).programHelp(wanted);
  }
  if (words[0] !== "help") return undefined;
  const { commandHelp, programHelp } = await import("./help-text.ts");
  if (words.length === 1) return programHelp(true);
  const topic = words.slice(1).join(" ");
  const entry = commandTable.find(({ name }) => name === topic) ?? commandTable.find(({ name }) => name === words[1]);
  return entry === undefined ? `Unknown help topic [\`${topic}\`]\n${programHelp(false)}` : commandHelp(entry);
}

/** The words that are neither flags nor values of global flags. */
function commandWords(argv: readonly string[]): readonly string[] {
  const takesValue = new Set(
    globalFlags.filter(({ kind }) => kind !== "bool").flatMap(({ name, short }) => [`--${name}`, `-${short ?? "?"}`]),
  );
  const words: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (takesValue.has(word)) at++;
    else if (word !== "" && !word.startsWith("-")) words.push(word);
  }
  return words;
}

/** @throws NotaryUsage for a command that there is not */
function findCommand(argv: readonly string[]): { readonly entry: CommandEntry; readonly rest: readonly string[] } {
  const [first = "", second = ""] = commandWords(argv);
  const double = commandTable.find(({ name }) => name === `${first} ${second}`);
  const entry = double ?? commandTable.find(({ name }) => name === first);
  if (entry !== undefined) {
    return { entry, rest: double === undefined ? without(argv, [first]) : without(argv, [first, second]) };
  }
  const close = commandTable
    .filter(({ name }) => !name.includes(" ") && distance(name, first) <= 2)
    .map(({ name }) => name);
  const suggestion = close.length === 0 ? "" : `\n\nDid you mean this?\n${close.map((name) => `\t${name}\n`).join("")}`;
  throw new NotaryUsage(`unknown command "${first}" for "notary"${suggestion}`);
}

/** `argv` without the first occurrence of each word, in order. */
function without(argv: readonly string[], words: readonly string[]): readonly string[] {
  const rest: string[] = [];
  const skips = [...words];
  for (const word of argv) {
    if (word === skips[0]) skips.shift();
    else rest.push(word);
  }
  return rest;
}

/** Levenshtein's, of short words. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
