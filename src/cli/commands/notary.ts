// `countersign notary ...`: the place of the `notary` command line in our own table, for help and completion. The command line itself is
// Notary's and is parsed by notary/front.ts (docs/notary-command.md).
import { CountersignError } from "../../bytes/index.ts";
import type { Command } from "../command.ts";

export const notary: Command = {
  spec: {
    name: "notary",
    usage: ["COMMAND [arguments]"],
    about: [
      "The command line of Docker's notary: its commands, flags, configuration file, environment variables, prompts and output, on its own directories (~/.notary, or -d DIR), which both tools can use in turn. countersign notary help lists the commands.",
      "A symbolic link to this program under the name notary is the same: ln -s $(command -v countersign) /usr/local/bin/notary.",
      "What differs from Notary, and why, is in docs/notary-command.md.",
    ],
    positionals: { min: 0, max: 1000 },
    options: [],
    examples: [
      ["countersign notary -s https://trust.example.com list registry.example.com/team/app", "what is signed"],
      ["countersign notary add -p registry.example.com/team/app v1 file", "sign a file at once"],
    ],
    json: ["none: it prints what notary prints"],
  },
  run() {
    throw new CountersignError("bug.unexpected", "the command line of notary was parsed as one of ours");
  },
};
