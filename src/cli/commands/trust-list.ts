// `countersign trust list`: which root keys this machine believes.
import { openHome } from "../../home/index.ts";
import { formatPin } from "../../updater/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";

export const trustList: Command = {
  spec: {
    name: "trust list",
    usage: ["[options]"],
    about: ["Lists the pins: which root keys are believed for which collections, since when and why."],
    positionals: { min: 0, max: 0 },
    options: [],
    examples: [["countersign trust list", "every pin"]],
    json: ['{"pins": [{"name": "...", "keys": ["..."], "added": "...", "note": "..."}]}'],
  },
  async run({ terminal, env }) {
    const entries = await openHome(env).pins.list();
    terminal.value({
      pins: entries.map(({ name, pins, added, note }) => {
        return { name, keys: pins.map(formatPin), added, ...(note === undefined ? {} : { note }) };
      }),
    });
    if (entries.length === 0) terminal.note("no pins; add one with: countersign trust add GUN KEY-ID");
    for (const entry of entries) {
      terminal.line(terminal.paint("bold", entry.name));
      terminal.facts([
        ...entry.pins.map((pin) => ["key", formatPin(pin)] as const),
        ["added", entry.added === "" ? undefined : printable(entry.added)],
        ["note", entry.note === undefined ? undefined : printable(entry.note)],
      ]);
    }
    return exitCodes.done;
  },
};
