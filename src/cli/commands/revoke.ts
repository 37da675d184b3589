// `countersign revoke`: withdraw a tag.
import { CountersignError, type Gun, parseRoleName, type TargetName } from "../../bytes/index.ts";
import { parseQualifiedName, revokeTargets } from "../../flows/index.ts";
import { runChanges } from "../change-command.ts";
import { connectionsOf } from "../collection-options.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { publishedJson, publishOptions, showPublished } from "../publish-options.ts";
import { printable } from "../terminal.ts";
import { openWorkplace, stageOption, trustDirectoryOption } from "../workplace.ts";

export const revoke: Command = {
  spec: {
    name: "revoke",
    usage: ["GUN:NAME... [options]"],
    about: [
      "Withdraws signed targets: no reader trusts them any more, and no reader that has seen the withdrawal accepts an older state again. The image in the registry stays as it is.",
    ],
    positionals: { min: 1, max: 500 },
    options: [
      {
        name: "role",
        value: "ROLE",
        multiple: true,
        text: "withdraw it from this role only, instead of every role that has it",
      },
      stageOption,
      trustDirectoryOption,
      ...publishOptions,
    ],
    examples: [["countersign revoke registry.example.com/team/app:1.4.1", "nobody is to run 1.4.1 any more"]],
    json: ['{"gun": "...", "revoked": ["1.4.1"], "published": [...], "behind": [], "findings": [], "attempts": 1}'],
  },
  async run(context) {
    const { args, terminal } = context;
    const { gun, names } = parseNames(args.positionals);
    const roles = args.values("role").map(parseRoleName);
    if (args.flag("stage")) {
      // Nothing is read, so the roles that have it are not known.
      const from = roles.length === 0 ? [parseRoleName("targets")] : roles;
      const changes = names.flatMap((name) => from.map((role) => ({ kind: "remove", name, role }) as const));
      return runChanges(
        context,
        gun,
        changes,
        `withdrawal of ${names.map(printable).join(", ")} from ${from.join(", ")}`,
      );
    }
    const connections = connectionsOf(context);
    try {
      const { ports, pins, ring } = await openWorkplace(context, connections, gun);
      const report = await revokeTargets(ports, { gun, names, roles, ring: await ring(), pins });
      terminal.value({ gun, revoked: names, ...publishedJson(report) });
      for (const name of names) terminal.line(`${terminal.paint("green", "revoked:")} ${printable(`${gun}:${name}`)}`);
      showPublished(terminal, report);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};

/** @throws usage.invalid for a missing name or several collections */
function parseNames(texts: readonly string[]): { readonly gun: Gun; readonly names: readonly TargetName[] } {
  const parsed = texts.map(parseQualifiedName);
  const gun = parsed[0]?.gun;
  const names = parsed.flatMap(({ name }) => name ?? []);
  if (gun === undefined || names.length !== parsed.length) {
    throw new CountersignError("usage.invalid", "revoke needs GUN:NAME", {
      hints: ["a whole collection cannot be revoked; name each target"],
    });
  }
  const stranger = parsed.find((one) => one.gun !== gun);
  if (stranger !== undefined) {
    throw new CountersignError("usage.invalid", `one collection at a time: ${gun} and ${stranger.gun}`);
  }
  return { gun, names };
}
