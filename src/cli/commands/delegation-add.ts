// `countersign delegation add GUN ROLE KEY...`: let somebody else sign a part of the collection.
import { CountersignError, parseGun } from "../../bytes/index.ts";
import { readPublicKeyFile } from "../../flows/index.ts";
import type { SetDelegation } from "../../publish/index.ts";
import { usage } from "../arguments.ts";
import { runChanges } from "../change-command.ts";
import type { Command, CommandSpec } from "../command.ts";
import { delegatedRole } from "../delegated-role.ts";
import { publishOptions } from "../publish-options.ts";
import { stageOption, trustDirectoryOption } from "../workplace.ts";

const spec: CommandSpec = {
  name: "delegation add",
  usage: ["GUN ROLE [KEY-FILE...] [options]"],
  about: [
    "Creates a delegation, or adds keys and paths to one: whoever holds one of the keys may sign the targets whose names begin with one of the paths. A new one without a path may sign nothing. A key file is a public key or a certificate in PEM.",
    "ROLE is targets/NAME; NAME alone is taken for it. docker reads targets/releases. A delegation below another one is targets/NAME/NAME and is signed by the holders of the upper one.",
  ],
  positionals: { min: 2, max: 66 },
  options: [
    {
      name: "path",
      value: "PREFIX",
      multiple: true,
      text: "names that begin so may be signed; several times for several",
    },
    { name: "all-paths", text: "every name may be signed" },
    { name: "threshold", value: "N", text: "so many of the keys have to sign; 1 for a new delegation" },
    stageOption,
    trustDirectoryOption,
    ...publishOptions,
  ],
  examples: [
    [
      "countersign delegation add registry.example.com/team/app releases alice.pem --all-paths",
      "alice may sign any tag",
    ],
    ["countersign delegation add registry.example.com/team/app qa bob.pem --path test-", "bob may sign test-... only"],
  ],
  json: [
    '{"gun": "...", "published": [{"dialect": "tuf1", "role": "targets", "version": 3}], "behind": [], "findings": [],',
    ' "attempts": 1}, with --stage {"gun": "...", "staged": ["..."]}',
  ],
};

export const delegationAdd: Command = {
  spec,
  async run(context) {
    const { args, clock } = context;
    const [gunText = "", roleText = "", ...files] = args.positionals;
    const gun = parseGun(gunText);
    const role = delegatedRole(roleText);
    const addPaths = [...args.values("path"), ...(args.flag("all-paths") ? [""] : [])];
    const threshold = thresholdOf(args.value("threshold"));
    if (files.length === 0 && addPaths.length === 0 && threshold === undefined) {
      throw usage(spec, "nothing to add: name a key file, --path PREFIX or --all-paths");
    }
    const keys = await Promise.all(files.map((file) => readPublicKeyFile(file, clock())));
    const addKeys = keys.map(({ publicKey }) => publicKey);
    const change: SetDelegation = {
      kind: "delegate",
      role,
      addKeys,
      addPaths,
      ...(threshold === undefined ? {} : { threshold }),
    };
    const added = [...addKeys.map(({ id }) => `key ${id}`), ...addPaths.map(pathText)];
    return runChanges(context, gun, [change], `${role}: added ${added.join(", ") || `threshold ${threshold}`}`);
  },
};

function pathText(prefix: string): string {
  return prefix === "" ? "every path" : `path ${JSON.stringify(prefix)}`;
}

/** @throws usage.invalid */
export function thresholdOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text);
  throw new CountersignError("usage.invalid", "--threshold needs a number of keys, 1 or more");
}
