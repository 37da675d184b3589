// `countersign reset GUN`: drop staged changes.
import { CountersignError, parseGun } from "../../bytes/index.ts";
import type { ChangeList } from "../../home/index.ts";
import { usage } from "../arguments.ts";
import type { Command, CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { stagedChanges, trustDirectoryOption } from "../workplace.ts";

const spec: CommandSpec = {
  name: "reset",
  usage: ["GUN --all [options]", "GUN NUMBER... [options]"],
  about: [
    "Drops staged changes: all of them, or those with the numbers that countersign status shows. Nothing is contacted.",
  ],
  positionals: { min: 1, max: 1001 },
  options: [{ name: "all", text: "drop every staged change, also one that cannot be read" }, trustDirectoryOption],
  examples: [
    ["countersign reset registry.example.com/team/app --all", "drop everything"],
    ["countersign reset registry.example.com/team/app 0 2", "drop the first and the third"],
  ],
  json: ['{"gun": "...", "dropped": 2}'],
};

export const reset: Command = {
  spec,
  async run(context) {
    const { args, terminal } = context;
    const [gunText = "", ...numbers] = args.positionals;
    const gun = parseGun(gunText);
    if (args.flag("all") === numbers.length > 0) throw usage(spec, "say which: --all, or the numbers of status");
    const list = stagedChanges(context, gun);
    const dropped = args.flag("all") ? await list.clear() : await dropSome(list, numbers);
    terminal.value({ gun, dropped });
    terminal.line(`dropped ${dropped} staged change${dropped === 1 ? "" : "s"}`);
    return exitCodes.done;
  },
};

async function dropSome(list: ChangeList, numbers: readonly string[]): Promise<number> {
  const staged = await list.list();
  const ids = numbers.map((text) => {
    const found = /^[0-9]{1,6}$/.test(text) ? staged[Number(text)] : undefined;
    if (found !== undefined) return found.id;
    throw new CountersignError(
      "usage.invalid",
      `there is no staged change ${text.slice(0, 20)}: ${staged.length} are staged`,
    );
  });
  await list.remove([...new Set(ids)]);
  return new Set(ids).size;
}
