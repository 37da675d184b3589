// `countersign trust add`: pin a root key.
import { resolve } from "node:path";
import { CountersignError } from "../../bytes/index.ts";
import { openHome, parseNamePattern, parsePinText, readAuthorities } from "../../home/index.ts";
import { formatPin } from "../../updater/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";

export const trustAdd: Command = {
  spec: {
    name: "trust add",
    usage: ["GUN KEY-ID... [options]", "GUN --authority FILE... [options]"],
    about: [
      "Pins root keys: from now on a collection of this name is believed only if one of these keys vouches for its root. Ask the publisher for the key id over a channel you trust.",
      "GUN is a collection's name, or a prefix such as registry.example.com/team/* for every collection below it. The exact name wins over prefixes, a longer prefix over a shorter one.",
      "KEY-ID is the 64 hex digits of a root key, as inspect and init print it, or certificate:HEX for the id of a Notary root certificate. With --authority root certificates count that one of the authorities in FILE has issued, as Notary's ca pins.",
    ],
    positionals: { min: 1, max: 64 },
    options: [
      { name: "authority", value: "FILE", isFile: true, multiple: true, text: "pin certificate authorities (PEM)" },
      { name: "note", value: "TEXT", text: "why, or who said so; kept with the pin" },
      { name: "replace", text: "replace the pin that this name has" },
    ],
    examples: [
      ["countersign trust add registry.example.com/team/app 5f2c...", "pin one collection"],
      ["countersign trust add 'registry.example.com/team/*' 5f2c... --note 'from the team page'", "pin all of a team"],
    ],
    json: ['{"name": "...", "keys": ["..."], "added": "2026-11-22T12:00:00Z", "note": "..."}'],
  },
  async run({ args, terminal, env, clock }) {
    const [pattern = "", ...ids] = args.positionals;
    const name = parseNamePattern(pattern);
    const files = args.values("authority").map((file) => resolve(file));
    const pins = [...ids.map(parsePinText), ...(await Promise.all(files.map(readAuthorities)))];
    if (pins.length === 0) {
      throw new CountersignError("usage.invalid", "nothing to pin", { hints: ["name a KEY-ID, or --authority FILE"] });
    }
    const added = new Date(clock()).toISOString();
    const note = args.value("note");
    await openHome(env).pins.add({ name, pins, added, note }, { replace: args.flag("replace") });
    terminal.value({ name, keys: pins.map(formatPin), added, ...(note === undefined ? {} : { note }) });
    terminal.line(`pinned ${name}`);
    for (const pin of pins) terminal.line(`  ${formatPin(pin)}`);
    return exitCodes.done;
  },
};
