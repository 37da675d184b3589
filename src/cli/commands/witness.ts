// `countersign witness GUN ROLE...`: sign roles again as they are.
import { CountersignError, parseGun, parseRoleName } from "../../bytes/index.ts";
import type { RenewRole } from "../../publish/index.ts";
import { runChanges } from "../change-command.ts";
import type { Command, CommandSpec } from "../command.ts";
import { publishOptions } from "../publish-options.ts";
import { stageOption, trustDirectoryOption } from "../workplace.ts";

const dayMs = 24 * 60 * 60 * 1000;

const spec: CommandSpec = {
  name: "witness",
  usage: ["GUN ROLE... [options]"],
  about: [
    "Signs roles again with a fresh expiry, their content unchanged: root, targets, a delegation such as targets/releases, or snapshot where its key is here. It heals what has expired, and a delegation whose keys were replaced.",
    "A delegation that carries no signature that counts is signed again only with --accept-unsigned: nobody but the server vouches for what is in it.",
  ],
  positionals: { min: 2, max: 64 },
  options: [
    { name: "days", value: "N", text: "let it expire in so many days instead of the usual lifetime" },
    { name: "accept-unsigned", text: "also what nobody counted has signed: you have looked at its targets" },
    stageOption,
    trustDirectoryOption,
    ...publishOptions,
  ],
  examples: [
    ["countersign witness registry.example.com/team/app targets", "targets is about to expire"],
    ["countersign witness registry.example.com/team/app targets/releases", "a new key holder takes over"],
  ],
  json: ['{"gun": "...", "published": [...], "behind": [], "findings": [], "attempts": 1}'],
};

export const witness: Command = {
  spec,
  async run(context) {
    const { args, clock } = context;
    const [gunText = "", ...roles] = args.positionals;
    const days = daysOf(args.value("days"));
    const changes = roles.map((text): RenewRole => {
      const role = parseRoleName(text);
      if (role === "timestamp") {
        throw new CountersignError("role.invalid", "the timestamp is the server's: it signs it by itself");
      }
      return {
        kind: "renew",
        role,
        ...(days === undefined ? {} : { expiresAt: clock() + days * dayMs }),
        ...(args.flag("accept-unsigned") ? { acceptsUnsigned: true } : {}),
      };
    });
    return runChanges(context, parseGun(gunText), changes, `signed again: ${roles.join(", ")}`);
  },
};

function daysOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9][0-9]{0,4}$/.test(text)) return Number(text);
  throw new CountersignError("usage.invalid", "--days needs a number of days, 1 or more");
}
