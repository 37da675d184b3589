// `countersign collection list GUN`: the files of a collection by name.
import { parseGun } from "../../bytes/index.ts";
import { listTags } from "../../flows/index.ts";
import { connectionsOf, readOptions, readRequest } from "../collection-options.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { offerPinning } from "../first-use.ts";
import { printable } from "../terminal.ts";

export const collectionList: Command = {
  spec: {
    name: "collection list",
    usage: ["GUN [--under DIR] [options]"],
    about: ["Lists the files of a collection by name, each with its length, digest and the role that decides it."],
    positionals: { min: 1, max: 1 },
    options: [{ name: "under", value: "DIR", text: "only names below this directory" }, ...readOptions],
    examples: [["countersign collection list files.example.com/team/tools --under dist", "what lies below dist/"]],
    json: [
      '{"gun": "...", "dialect": "tuf1", "files": [{"name": "dist/app.tar", "length": 1234, "digest": "sha256:...", "role": "targets/files-2a"}]}',
    ],
  },
  async run(context) {
    const { args, terminal } = context;
    const gun = parseGun(args.positionals[0] ?? "");
    const request = readRequest(args, gun);
    const under = args.value("under")?.replace(/\/+$/, "");
    const connections = connectionsOf(context);
    try {
      const ports = await connections.portsFor(gun);
      await offerPinning(context, ports, request);
      const { dialect, tags, warnings } = await listTags(ports, request);
      const files = tags
        .filter(({ name }) => under === undefined || under === "" || name.startsWith(`${under}/`))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
      terminal.value({
        gun,
        dialect,
        files: files.map(({ name, length, digest, role }) => ({ name, length, digest, role })),
      });
      if (files.length === 0) terminal.note(`${gun} has no such files`);
      else {
        terminal.table(
          ["NAME", "LENGTH", "DIGEST", "ROLE"],
          files.map(({ name, length, digest, role }) => [printable(name), String(length), digest, printable(role)]),
        );
      }
      for (const warning of warnings) terminal.warning(`${printable(warning.message)} [${warning.code}]`);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};
