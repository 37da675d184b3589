// Where docker looks for plugins, in its order: the user's directory, what config.json adds, the system's. The first file of a name wins.
import { promises } from "node:fs";
import { join } from "node:path";
import { CountersignError, isJsonObject, parseJson } from "../../bytes/index.ts";
import { dockerDirectory } from "../../docker-trust/index.ts";
import { diskError, type Environment, readSmallFile, removeFile, systemCode } from "../../home/index.ts";
import type { PluginName } from "./plugin.ts";
import { isOurPlugin } from "./plugin-file.ts";

/** Where `--system` installs; docker looks there before the directories of distributions. */
export const systemDirectory = "/usr/local/lib/docker/cli-plugins";

const systemDirectories = [
  systemDirectory,
  "/usr/local/libexec/docker/cli-plugins",
  "/usr/lib/docker/cli-plugins",
  "/usr/libexec/docker/cli-plugins",
];

const maxConfigBytes = 4 * 1024 * 1024;
const maxPluginBytes = 64 * 1024;

export function userDirectory(env: Environment): string {
  return join(dockerDirectory(env), "cli-plugins");
}

/** Of this user's docker. A config.json that cannot be read adds nothing here; other commands complain of it. */
export async function pluginDirectories(env: Environment): Promise<readonly string[]> {
  return [userDirectory(env), ...(await extraDirectories(env)), ...systemDirectories];
}

async function extraDirectories(env: Environment): Promise<readonly string[]> {
  try {
    const bytes = await readSmallFile(join(dockerDirectory(env), "config.json"), { maxBytes: maxConfigBytes });
    const config = bytes === undefined ? undefined : parseJson(bytes, { numbers: "integral" });
    if (config === undefined || !isJsonObject(config) || !Object.hasOwn(config, "cliPluginsExtraDirs")) return [];
    const extra = config.cliPluginsExtraDirs;
    return Array.isArray(extra) ? extra.filter((entry) => typeof entry === "string") : [];
  } catch (error) {
    if (error instanceof CountersignError) return [];
    throw error;
  }
}

export interface FoundPlugin {
  readonly name: PluginName;
  readonly path: string;
  readonly isOurs: boolean;
  /** What is in it, if it is ours. */
  readonly text: string | undefined;
}

/** What stands under the plugin's name in a directory; undefined: nothing. @throws disk.unreadable */
export async function pluginIn(directory: string, name: PluginName): Promise<FoundPlugin | undefined> {
  const path = join(directory, `docker-${name}`);
  try {
    // A program of somebody else's may be of any size: only as much is read as a file of ours can have.
    const file = await promises.open(path);
    try {
      const { size } = await file.stat();
      const text = size > maxPluginBytes ? "" : await file.readFile("utf8");
      const isOurs = isOurPlugin(text);
      return { name, path, isOurs, text: isOurs ? text : undefined };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (systemCode(error) === "ENOENT" || systemCode(error) === "ENOTDIR") return undefined;
    throw diskError(error, "read", path);
  }
}

/** Every file of that name that docker could find, the one it takes first. @throws disk.unreadable */
export async function pluginsNamed(env: Environment, name: PluginName): Promise<readonly FoundPlugin[]> {
  const found: FoundPlugin[] = [];
  for (const directory of await pluginDirectories(env)) {
    const plugin = await pluginIn(directory, name);
    if (plugin !== undefined) found.push(plugin);
  }
  return found;
}

/** Writes a plugin; docker never sees half of one. @throws disk.read_only, disk.full; usage.invalid over somebody else's file */
export async function writePlugin(directory: string, name: PluginName, text: string, replaces: boolean): Promise<void> {
  const present = await pluginIn(directory, name);
  const path = join(directory, `docker-${name}`);
  if (present !== undefined && !present.isOurs && !replaces) {
    throw new CountersignError("usage.invalid", `${path} is there already and is not ours`, {
      hints: ["look what it is; to put ours in its place, add --force"],
    });
  }
  const temporary = join(directory, `.new-docker-${name}-${process.pid}`);
  try {
    await promises.mkdir(directory, { recursive: true, mode: 0o755 });
    await promises.writeFile(temporary, text, { mode: 0o755 });
    await promises.chmod(temporary, 0o755);
    await promises.rename(temporary, path);
  } catch (error) {
    throw diskError(error, "write", path);
  } finally {
    await promises.rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** Removes our own file; false: there was none of ours. @throws disk.read_only */
export async function removePlugin(directory: string, name: PluginName): Promise<boolean> {
  const present = await pluginIn(directory, name);
  if (present?.isOurs !== true) return false;
  await removeFile(present.path);
  return true;
}
