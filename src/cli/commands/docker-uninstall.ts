// `countersign docker uninstall`: takes our plugins away, and nothing else.
import type { Command } from "../command.ts";
import { pluginNames } from "../docker/plugin.ts";
import { removePlugin } from "../docker/plugin-directories.ts";
import { placeOf, systemOption } from "../docker/plugin-places.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";

export const dockerUninstall: Command = {
  spec: {
    name: "docker uninstall",
    usage: ["[options]"],
    about: ["Removes the plugins that docker install wrote. Plugins of others, keys and trust data stay."],
    positionals: { min: 0, max: 0 },
    options: [systemOption],
    examples: [["countersign docker uninstall", "for this user"]],
    json: ['{"removed": ["..."]}'],
  },
  async run({ args, env, terminal }) {
    const directory = placeOf(env, args.flag("system"));
    const removed: string[] = [];
    for (const name of pluginNames) {
      if (await removePlugin(directory, name)) removed.push(`${directory}/docker-${name}`);
    }
    terminal.value({ removed });
    for (const path of removed) terminal.line(`removed: ${printable(path)}`);
    if (removed.length === 0) terminal.line(`no plugin of ours is in ${printable(directory)}`);
    return exitCodes.done;
  },
};
