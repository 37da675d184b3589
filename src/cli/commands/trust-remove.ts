// `countersign trust remove`: forget a pin.
import { CountersignError } from "../../bytes/index.ts";
import { openHome, parseNamePattern } from "../../home/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";

export const trustRemove: Command = {
  spec: {
    name: "trust remove",
    usage: ["GUN [options]"],
    about: [
      "Removes the pin of exactly this name or prefix. The collection is refused afterwards, unless another prefix speaks for it.",
    ],
    positionals: { min: 1, max: 1 },
    options: [],
    examples: [["countersign trust remove registry.example.com/team/app", "forget the key of one collection"]],
    json: ['{"removed": "registry.example.com/team/app"}'],
  },
  async run({ args, terminal, env }) {
    const name = parseNamePattern(args.positionals[0] ?? "");
    if (!(await openHome(env).pins.remove(name))) {
      throw new CountersignError("pin.missing", `${name} has no pin of its own`, {
        hints: ["countersign trust list shows every pin"],
      });
    }
    terminal.value({ removed: name });
    terminal.line(`removed the pin of ${name}`);
    return exitCodes.done;
  },
};
