// `countersign collection lifetime GUN --days N`: how long what is signed for a collection is good.
import { CountersignError, parseGun } from "../../bytes/index.ts";
import { maxLifetimeDays } from "../../publish/index.ts";
import { usage } from "../arguments.ts";
import { publishNow } from "../change-command.ts";
import type { Command, CommandSpec } from "../command.ts";
import { publishOptions } from "../publish-options.ts";
import { trustDirectoryOption } from "../workplace.ts";

const spec: CommandSpec = {
  name: "collection lifetime",
  usage: ["GUN --days N|usual [options]"],
  about: [
    "Says, signed and for every machine that publishes, how long targets, delegations and bins are good that are signed from now on: usually three years. The shorter, the sooner a machine that is cut off stops trusting what was withdrawn, and the sooner nobody can verify anything if nobody publishes.",
    "targets is signed anew at once, everything else when it is signed next: countersign witness and collection layout --bins same do that on purpose. Each publish renews what has less than a third of its life left and whose key is at hand, and warns of the rest. Roots keep their ten years; snapshot and timestamp are the server's to renew. Old clients of Notary sign for three years whatever is said here.",
  ],
  positionals: { min: 1, max: 1 },
  options: [
    { name: "days", value: "N", text: `from 1 to ${maxLifetimeDays}; usual takes it back` },
    trustDirectoryOption,
    ...publishOptions,
  ],
  examples: [
    ["countersign collection lifetime files.example.com/team/tools --days 90", "a job publishes every week"],
    ["countersign collection lifetime files.example.com/team/tools --days usual", "three years again"],
  ],
  json: ['{"gun": "...", "published": [...], "behind": [], "findings": [], "attempts": 1}'],
};

export const collectionLifetime: Command = {
  spec,
  async run(context) {
    const said = context.args.value("days");
    if (said === undefined) throw usage(spec, "--days says how long");
    const days = daysOf(said);
    const gun = parseGun(context.args.positionals[0] ?? "");
    const words = days === undefined ? "signed for the usual time from now on" : `signed for ${days} days from now on`;
    return publishNow(context, gun, [{ kind: "lifetime", days }], words);
  },
};

/** @throws usage.invalid */
function daysOf(text: string): number | undefined {
  if (text === "usual") return undefined;
  const days = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : Number.NaN;
  if (days <= maxLifetimeDays) return days;
  throw new CountersignError("usage.invalid", `--days takes 1 to ${maxLifetimeDays}, or usual`);
}
