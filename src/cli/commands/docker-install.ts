// `countersign docker install`: puts the plugins in place that fit the docker found.
import type { Command } from "../command.ts";
import { findDocker } from "../docker/find-docker.ts";
import { pluginNames } from "../docker/plugin.ts";
import { pluginsNamed, removePlugin, writePlugin } from "../docker/plugin-directories.ts";
import { ownPluginFile, placeOf, pluginsFor, systemOption } from "../docker/plugin-places.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";

export const dockerInstall: Command = {
  spec: {
    name: "docker install",
    usage: ["[options]"],
    about: [
      "Makes docker know us: docker countersign, with docker countersign trust in docker's own words, and from docker 29 on, which has lost it, docker trust. Up to docker 28 the built-in trust would win, so only docker countersign is put in place.",
      "The files call this program by its full path: run this again after it has moved, or after docker has changed from 28 to 29.",
    ],
    positionals: { min: 0, max: 0 },
    options: [
      systemOption,
      { name: "trust", text: "docker trust too, whatever docker is found (an image that gets its docker later)" },
      { name: "force", text: "replace a plugin of that name that is somebody else's" },
    ],
    examples: [
      ["countersign docker install", "for this user"],
      ["sudo countersign docker install --system", "for everybody here"],
    ],
    json: ['{"docker": {"path": "...", "version": "29.0.0"}, "installed": ["..."], "removed": ["..."]}'],
  },
  async run({ args, env, terminal }) {
    const docker = await findDocker(env);
    const directory = placeOf(env, args.flag("system"));
    const wanted = pluginsFor(docker, args.flag("trust"));
    const installed: string[] = [];
    const removed: string[] = [];
    for (const name of pluginNames) {
      const path = `${directory}/docker-${name}`;
      if (wanted.includes(name)) {
        await writePlugin(directory, name, ownPluginFile(name), args.flag("force"));
        installed.push(path);
      } else if (await removePlugin(directory, name)) {
        removed.push(path);
      }
    }
    terminal.value({
      docker: docker === undefined ? null : { path: docker.path, version: docker.version ?? null },
      installed,
      removed,
    });
    for (const path of installed) terminal.line(`installed: ${printable(path)}`);
    for (const path of removed) terminal.line(`removed: ${printable(path)} (this docker has its own)`);
    if (docker === undefined) terminal.note("no docker was found; run this again when there is one");
    else if (docker.version === undefined) terminal.warning(`${printable(docker.path)} does not say its version`);
    for (const name of wanted) {
      const [first] = await pluginsNamed(env, name);
      if (first !== undefined && !first.isOurs) terminal.warning(`docker takes ${printable(first.path)} before ours`);
    }
    const call = wanted.includes("trust") ? "docker trust inspect IMAGE" : "docker countersign trust inspect IMAGE";
    terminal.note(`try it: ${call}`);
    return exitCodes.done;
  },
};
