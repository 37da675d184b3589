// `countersign delegation purge GUN --key KEY-ID`: take a key out of every delegation.
import { parseGun } from "../../bytes/index.ts";
import { parseCanonicalKeyId } from "../../keys/index.ts";
import { usage } from "../arguments.ts";
import { runChanges } from "../change-command.ts";
import type { Command, CommandSpec } from "../command.ts";
import { publishOptions } from "../publish-options.ts";
import { stageOption, trustDirectoryOption, vanishOption } from "../workplace.ts";

const spec: CommandSpec = {
  name: "delegation purge",
  usage: ["GUN --key KEY-ID... [options]"],
  about: [
    "Takes keys out of every delegation that lists them, when somebody leaves or loses a key. A delegation that would be left without keys stops it: add another key or remove that delegation first.",
  ],
  positionals: { min: 1, max: 1 },
  options: [
    { name: "key", value: "KEY-ID", multiple: true, text: "the key to take out" },
    vanishOption,
    stageOption,
    trustDirectoryOption,
    ...publishOptions,
  ],
  examples: [["countersign delegation purge registry.example.com/team/app --key KEY-ID", "alice has left"]],
  json: ['{"gun": "...", "published": [...], "behind": [], "findings": [], "attempts": 1}'],
};

export const delegationPurge: Command = {
  spec,
  async run(context) {
    const gun = parseGun(context.args.positionals[0] ?? "");
    const keys = context.args.values("key").map(parseCanonicalKeyId);
    if (keys.length === 0) throw usage(spec, "no key is named");
    const vanishing = context.args.flag("vanish") ? ({ mayVanish: true } as const) : {};
    return runChanges(
      context,
      gun,
      [{ kind: "purge", keys, ...vanishing }],
      `taken out of every delegation: ${keys.join(", ")}`,
    );
  },
};
