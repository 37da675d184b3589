// The docker CLI's plugin protocol. docker runs `docker-NAME docker-cli-plugin-metadata` to learn what a plugin is, and otherwise hands it its
// own whole command line, global options first: `--config DIR NAME ARGS...`. Two names are answered for: `trust`, in docker's words, and
// `countersign`, which has `trust` as a sub-command and everything of ours beside it.
import { systemClock } from "../../bytes/index.ts";
import { printable, type Streams } from "../terminal.ts";
import { type GlobalOptions, takeGlobalOptions } from "./global-options.ts";

export const pluginNames = ["countersign", "trust"] as const;
export type PluginName = (typeof pluginNames)[number];

const metadataWord = "docker-cli-plugin-metadata";

const descriptions: Readonly<Record<PluginName, string>> = {
  countersign: "Sign and verify images, and docker trust in its place",
  trust: "Manage trust on Docker images",
};

export interface PluginProgram {
  readonly streams: Streams;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly version: string;
  /** Runs the rest of the program: `verify IMAGE`. */
  runOwn(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<number>;
}

export function isPluginName(text: string | undefined): text is PluginName {
  return pluginNames.some((name) => name === text);
}

/** `argv`: what docker handed over. Never throws. */
export async function runPlugin(name: PluginName, argv: readonly string[], program: PluginProgram): Promise<number> {
  const { streams } = program;
  if (argv[0] === metadataWord) {
    streams.out(`${JSON.stringify(metadata(name, program.version), undefined, 5)}\n`);
    return 0;
  }
  const taken = takeGlobalOptions(argv);
  if (taken.kind === "refused") {
    streams.err(`${printable(taken.message)}\n\nSee 'docker --help'.\n`);
    return 125;
  }
  // Run by hand the name of the plugin is not repeated.
  const rest = taken.rest[0] === name ? taken.rest.slice(1) : taken.rest;
  const env = environmentOf(program, taken.options);
  const isTrust = name === "trust" || rest[0] === "trust";
  if (!isTrust || (name === "countersign" && isOwnTrust(rest))) return program.runOwn(rest, env);
  const { runTrust } = await import("./run-trust.ts");
  const path = name === "trust" ? "docker trust" : "docker countersign trust";
  const { workingDirectory } = program;
  return runTrust(name === "trust" ? rest : rest.slice(1), path, {
    streams,
    env,
    clock: systemClock,
    workingDirectory,
  });
}

/** Our own commands about pins share the word. */
function isOwnTrust(rest: readonly string[]): boolean {
  return rest[1] === "add" || rest[1] === "list" || rest[1] === "remove";
}

function environmentOf({ env }: PluginProgram, { config }: GlobalOptions) {
  return config === undefined ? env : { ...env, DOCKER_CONFIG: config };
}

function metadata(name: PluginName, version: string) {
  return {
    SchemaVersion: "0.1.0",
    Vendor: "Countersign",
    Version: version,
    ShortDescription: descriptions[name],
  };
}
