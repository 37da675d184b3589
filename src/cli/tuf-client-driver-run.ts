// What countersign-tuf-client does, from its arguments to its exit code; tuf-client-driver.ts is the program around it.
import { type Clock, CountersignError } from "../bytes/index.ts";
import {
  openDirectoryStore,
  openTufRepository,
  openWebTransport,
  type TufRepository,
  trustRoot,
} from "../tuf-client/index.ts";
import { readRootFile } from "./tuf-options.ts";

const usage = [
  "usage: countersign-tuf-client --metadata-dir DIR init ROOTFILE",
  "       countersign-tuf-client --metadata-dir DIR --metadata-url URL refresh",
  "       countersign-tuf-client --metadata-dir DIR --metadata-url URL --target-name PATH [--target-name PATH ...]",
  "                              --target-dir DIR --target-base-url URL download",
];

export interface DriverWorld {
  readonly clock: Clock;
  readonly complain: (text: string) => void;
}

/** Answers 0 when everything that was asked for succeeded, else 1. Never throws. */
export async function runTufClient(argv: readonly string[], world: DriverWorld): Promise<number> {
  try {
    await perform(argv, world.clock);
    return 0;
  } catch (error) {
    world.complain(describe(error));
    return 1;
  }
}

const optionNames = ["metadata-dir", "metadata-url", "target-name", "target-dir", "target-base-url"] as const;

async function perform(argv: readonly string[], clock: Clock): Promise<void> {
  const { values, positionals } = parse(argv);
  const one = (name: (typeof optionNames)[number]): string => {
    const [value, ...others] = values(name);
    if (value === undefined || value === "") throw wrong(`--${name} is missing`);
    if (others.length > 0) throw wrong(`--${name} is given twice`);
    return value;
  };
  const [command, ...rest] = positionals;
  const metadataDir = one("metadata-dir");
  switch (command) {
    case "init": {
      const [file, ...excess] = rest;
      if (file === undefined) throw wrong("the file of the trusted root is missing");
      if (excess.length > 0) throw wrong(`too many arguments: ${excess.join(" ")}`);
      return init(metadataDir, file, clock);
    }
    case "refresh": {
      if (rest.length > 0) throw wrong(`too many arguments: ${rest.join(" ")}`);
      const metadataUrl = one("metadata-url");
      return withRepository({ metadataDir, metadataUrl, clock }, async (repository) => {
        await repository.refresh();
      });
    }
    case "download": {
      if (rest.length > 0) throw wrong(`too many arguments: ${rest.join(" ")}`);
      const metadataUrl = one("metadata-url");
      const targetsUrl = one("target-base-url");
      const targetDir = one("target-dir");
      const names = values("target-name");
      if (names.length === 0) throw wrong("--target-name is missing");
      return withRepository({ metadataDir, metadataUrl, targetsUrl, clock }, async (repository) => {
        for (const name of names) await repository.download(name, targetDir);
      });
    }
    default:
      throw wrong(command === undefined ? "no command" : `unknown command ${command.slice(0, 60)}`);
  }
}

interface Parsed {
  /** Every value of an option, in order. */
  values(name: (typeof optionNames)[number]): readonly string[];
  readonly positionals: readonly string[];
}

/** The word after an option is its value whatever it looks like: a target's path may begin with a dash. */
function parse(argv: readonly string[]): Parsed {
  const given = new Map<string, string[]>();
  const positionals: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (!word.startsWith("--")) {
      positionals.push(word);
      continue;
    }
    const [, name = "", joined] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
    if (!optionNames.some((known) => known === name)) throw wrong(`unknown option ${word.slice(0, 60)}`);
    const value = joined ?? argv[++at];
    if (value === undefined) throw wrong(`--${name} needs a value`);
    given.set(name, [...(given.get(name) ?? []), value]);
  }
  return { values: (name) => given.get(name) ?? [], positionals };
}

async function init(metadataDir: string, file: string, clock: Clock): Promise<void> {
  const bytes = await readRootFile(file);
  trustRoot(bytes, clock());
  await openDirectoryStore(metadataDir).write("root", bytes);
}

interface RepositoryPlace {
  readonly metadataDir: string;
  readonly metadataUrl: string;
  readonly targetsUrl?: string;
  readonly clock: Clock;
}

async function withRepository(
  place: RepositoryPlace,
  use: (repository: TufRepository) => Promise<void>,
): Promise<void> {
  const { metadataDir, metadataUrl, targetsUrl, clock } = place;
  using transport = openWebTransport({ bases: [metadataUrl, targetsUrl ?? ""], attempts: 1 });
  const store = openDirectoryStore(metadataDir);
  await use(openTufRepository({ metadataUrl, targetsUrl, store, transport, clock }));
}

function wrong(message: string): CountersignError {
  return new CountersignError("usage.invalid", message, { hints: usage });
}

function describe(error: unknown): string {
  if (!(error instanceof CountersignError)) return `error: ${error instanceof Error ? error.message : String(error)}\n`;
  return [`error: ${error.message} [${error.code}]`, ...error.hints, ""].join("\n");
}
