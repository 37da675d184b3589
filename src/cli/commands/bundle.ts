// `countersign bundle GUN`: the whole chain as one file for machines without a network.
import { parseGun } from "../../bytes/index.ts";
import { saveBundle } from "../../flows/index.ts";
import { encodeFileName, replaceFile } from "../../home/index.ts";
import { connectionsOf, readOptions, readRequest } from "../collection-options.ts";
import type { Command } from "../command.ts";
import { humanDate, isoDate } from "../dates.ts";
import { exitCodes } from "../exit-codes.ts";
import { offerPinning } from "../first-use.ts";

export const bundle: Command = {
  spec: {
    name: "bundle",
    usage: ["GUN [--output FILE] [options]"],
    about: [
      "Saves a collection's whole chain, verified, as one file. countersign verify --bundle FILE judges it on a machine without a network exactly as if it had been fetched, until the chain expires.",
    ],
    positionals: { min: 1, max: 1 },
    options: [
      {
        name: "output",
        short: "o",
        value: "FILE",
        isFile: true,
        text: "where to; the collection's last name with .bundle unless given",
      },
      ...readOptions,
    ],
    examples: [["countersign bundle registry.example.com/team/app -o app.bundle", "save the chain of a collection"]],
    json: ['{"file": "app.bundle", "gun": "...", "dialect": "tuf1", "bytes": 4321, "until": "..."}'],
  },
  async run(context) {
    const { args, terminal } = context;
    const gun = parseGun(args.positionals[0] ?? "");
    const file = args.value("output") ?? `${encodeFileName(gun.slice(gun.lastIndexOf("/") + 1))}.bundle`;
    const request = readRequest(args, gun);
    const connections = connectionsOf(context);
    try {
      const ports = await connections.portsFor(gun);
      await offerPinning(context, ports, request);
      const saved = await saveBundle(ports, request);
      await replaceFile(file, saved.bytes);
      const { collection, bytes } = saved;
      const { root, timestamp, snapshot, targets } = collection;
      const until = Math.min(...[root, timestamp, snapshot, targets].map((facts) => facts.expires.at));
      terminal.value({ file, gun, dialect: collection.dialect, bytes: bytes.length, until: isoDate(until) });
      terminal.line(`saved ${file} (${bytes.length} bytes), which verifies until ${humanDate(until)}`);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};
