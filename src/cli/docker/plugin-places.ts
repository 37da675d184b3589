// Which plugins belong to which docker, and how they stand: what install, uninstall, status and doctor share.
import { resolve } from "node:path";
import { CountersignError } from "../../bytes/index.ts";
import type { Environment } from "../../home/index.ts";
import type { OptionSpec } from "../command.ts";
import { type FoundDocker, findDocker } from "./find-docker.ts";
import { type PluginName, pluginNames } from "./plugin.ts";
import { type FoundPlugin, pluginsNamed, systemDirectory, userDirectory } from "./plugin-directories.ts";
import { pluginFile } from "./plugin-file.ts";

export const systemOption: OptionSpec = {
  name: "system",
  text: `for every user of this machine, in ${systemDirectory}`,
};

/** `docker-countersign` always; `docker-trust` where docker has no trust of its own. No docker: it may come later, of any version. */
export function pluginsFor(docker: FoundDocker | undefined, wantsTrust: boolean): readonly PluginName[] {
  const isWithout = docker?.version !== undefined && !docker.hasTrust;
  return wantsTrust || isWithout ? pluginNames : ["countersign"];
}

export function placeOf(env: Environment, isSystem: boolean): string {
  return isSystem ? systemDirectory : userDirectory(env);
}

/** The file that would be written now. @throws usage.invalid on Windows, where docker takes only .exe */
export function ownPluginFile(name: PluginName): string {
  if (process.platform === "win32") {
    throw new CountersignError("usage.invalid", "docker on Windows takes plugins as .exe files only", {
      hints: ["use countersign itself, or a shell of the Linux subsystem"],
    });
  }
  return pluginFile(name, { node: process.execPath, program: resolve(process.argv[1] ?? "") });
}

export interface PluginStanding {
  readonly name: PluginName;
  /** In docker's order: the first one is what docker runs. */
  readonly found: readonly FoundPlugin[];
  readonly state: "current" | "outdated" | "missing" | "shadowed" | "not-needed" | "useless";
}

export interface DockerStanding {
  readonly docker: FoundDocker | undefined;
  readonly plugins: readonly PluginStanding[];
}

/** How things stand for this user. @throws disk.unreadable */
export async function dockerStanding(env: Environment): Promise<DockerStanding> {
  const docker = await findDocker(env);
  const fitting = pluginsFor(docker, false);
  const plugins: PluginStanding[] = [];
  for (const name of pluginNames) {
    const found = await pluginsNamed(env, name);
    plugins.push({ name, found, state: stateOf(name, found, fitting.includes(name)) });
  }
  return { docker, plugins };
}

function stateOf(name: PluginName, found: readonly FoundPlugin[], isFitting: boolean): PluginStanding["state"] {
  const [first] = found;
  const ours = found.find(({ isOurs }) => isOurs);
  if (!isFitting) return ours === undefined ? "not-needed" : "useless";
  if (first === undefined) return "missing";
  if (!first.isOurs) return ours === undefined ? "missing" : "shadowed";
  return first.text === ownPluginFile(name) ? "current" : "outdated";
}
