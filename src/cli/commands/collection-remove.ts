// `countersign collection remove GUN NAME...`: withdraw files.
import { parseGun, parseRoleName, parseTargetName } from "../../bytes/index.ts";
import { removeFiles } from "../../collection-files/index.ts";
import { connectionsOf } from "../collection-options.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { publishedJson, publishOptions, showPublished } from "../publish-options.ts";
import { printable } from "../terminal.ts";
import { openWorkplace, trustDirectoryOption } from "../workplace.ts";

export const collectionRemove: Command = {
  spec: {
    name: "collection remove",
    usage: ["GUN NAME... [options]"],
    about: [
      "Withdraws files: no reader trusts them any more, and no reader that has seen the withdrawal accepts an older state again. All names or none, unless they are so many that a large collection takes them out in parts.",
    ],
    positionals: { min: 2, max: 10_000 },
    options: [
      { name: "role", value: "ROLE", text: "withdraw them from this role only, instead of every role that has them" },
      trustDirectoryOption,
      ...publishOptions,
    ],
    examples: [
      ["countersign collection remove files.example.com/team/tools dist/app.tar", "nobody is to use it any more"],
    ],
    json: [
      '{"gun": "...", "removed": ["dist/app.tar"], "published": [...], "behind": [], "findings": [], "attempts": 1}',
    ],
  },
  async run(context) {
    const { args, terminal } = context;
    const [gunText = "", ...texts] = args.positionals;
    const gun = parseGun(gunText);
    const names = [...new Set(texts.map(parseTargetName))];
    const roleText = args.value("role");
    const role = roleText === undefined ? undefined : parseRoleName(roleText);
    const connections = connectionsOf(context);
    try {
      const { ports, pins, ring } = await openWorkplace(context, connections, gun);
      const report = await removeFiles(ports, { gun, pins, ring: await ring(), role, names });
      terminal.value({ gun, removed: names, ...publishedJson(report) });
      for (const name of names) terminal.line(`${terminal.paint("green", "removed:")} ${printable(name)}`);
      showPublished(terminal, report);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};
