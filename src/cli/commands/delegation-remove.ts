// `countersign delegation remove GUN ROLE`: take keys or paths from a delegation, or the delegation away.
import { parseGun } from "../../bytes/index.ts";
import { parseCanonicalKeyId } from "../../keys/index.ts";
import type { Change } from "../../publish/index.ts";
import { usage } from "../arguments.ts";
import { runChanges } from "../change-command.ts";
import type { Command, CommandSpec } from "../command.ts";
import { delegatedRole } from "../delegated-role.ts";
import { publishOptions } from "../publish-options.ts";
import { stageOption, trustDirectoryOption, vanishOption } from "../workplace.ts";

const spec: CommandSpec = {
  name: "delegation remove",
  usage: ["GUN ROLE --key KEY-ID... [options]", "GUN ROLE --path PREFIX... [options]", "GUN ROLE --whole [options]"],
  about: [
    "Takes keys or paths from a delegation, or removes it with all its targets. Who still may sign the delegation signs it again in the same publish, if the key is here.",
    "A change after which the delegation's tags would vanish is refused, with what to do first; --whole says that they shall vanish.",
  ],
  positionals: { min: 2, max: 2 },
  options: [
    { name: "key", value: "KEY-ID", multiple: true, text: "take this key out" },
    { name: "path", value: "PREFIX", multiple: true, text: "names that begin so may no longer be signed" },
    { name: "all-paths", text: "no name may be signed any more" },
    { name: "whole", text: "remove the delegation, everything below it and all their targets" },
    vanishOption,
    stageOption,
    trustDirectoryOption,
    ...publishOptions,
  ],
  examples: [
    ["countersign delegation remove registry.example.com/team/app releases --key KEY-ID", "one signer less"],
    ["countersign delegation remove registry.example.com/team/app qa --whole", "the whole delegation"],
  ],
  json: ['{"gun": "...", "published": [...], "behind": [], "findings": [], "attempts": 1}'],
};

export const delegationRemove: Command = {
  spec,
  async run(context) {
    const { args } = context;
    const [gunText = "", roleText = ""] = args.positionals;
    const gun = parseGun(gunText);
    const role = delegatedRole(roleText);
    const removeKeys = args.values("key").map(parseCanonicalKeyId);
    const removePaths = args.values("path");
    const clears = args.flag("all-paths");
    const isPart = removeKeys.length > 0 || removePaths.length > 0 || clears;
    if (isPart === args.flag("whole")) throw usage(spec, "say what goes: --key, --path or --all-paths; or --whole");
    const vanishing = args.flag("vanish") ? ({ mayVanish: true } as const) : {};
    const change: Change = isPart
      ? { kind: "delegate", role, removeKeys, removePaths, ...(clears ? { clearsPaths: true } : {}), ...vanishing }
      : { kind: "undelegate", role };
    const parts = [
      ...removeKeys.map((id) => `key ${id}`),
      ...removePaths.map((path) => `path ${JSON.stringify(path)}`),
      ...(clears ? ["every path"] : []),
    ];
    const said = isPart ? `${role}: removed ${parts.join(", ")}` : `removed ${role}`;
    return runChanges(context, gun, [change], said);
  },
};
