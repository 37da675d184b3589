// `countersign publish GUN --staged`: publish what was staged, here or with Notary's own tools.
import { parseGun } from "../../bytes/index.ts";
import { describeStaged, publishStaged } from "../../flows/index.ts";
import { usage } from "../arguments.ts";
import { connectionsOf } from "../collection-options.ts";
import type { Command, CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { publishedJson, publishOptions, showPublished } from "../publish-options.ts";
import { printable } from "../terminal.ts";
import { openWorkplace, trustDirectoryOption, vanishOption } from "../workplace.ts";

const spec: CommandSpec = {
  name: "publish",
  usage: ["GUN --staged [options]", "GUN --add-tuf1 [options]"],
  about: [
    "Publishes all staged changes together; they leave the list when a fresh reader has read them back. With --trust-dir the list is the one that notary and docker keep.",
    "A collection that Notary made is written in its dialect only. --add-tuf1 adds the other one, which every TUF client reads, from what is signed now; the server has to be a Countersign server, and every key that has signed has to be here.",
  ],
  positionals: { min: 1, max: 1 },
  options: [
    { name: "staged", text: "publish the staged changes" },
    { name: "add-tuf1", text: "start the tuf1 side of a collection that Notary made" },
    {
      name: "accept-unsigned",
      text: "witness also delegations that nobody counted has signed: you have looked at their targets",
    },
    vanishOption,
    trustDirectoryOption,
    ...publishOptions,
  ],
  examples: [
    ["countersign publish registry.example.com/team/app --staged", "what sign --stage and others have put down"],
    [
      "countersign publish registry.example.com/team/app --staged --trust-dir ~/.docker/trust",
      "what docker or notary staged",
    ],
  ],
  json: [
    '{"gun": "...", "staged": [{"action": "create", "role": "targets", "what": "target 1.0"}], "published": [...],',
    ' "behind": [], "findings": [], "attempts": 1}',
  ],
};

export const publish: Command = {
  spec,
  async run(context) {
    const { args, terminal } = context;
    const gun = parseGun(args.positionals[0] ?? "");
    const startsTuf1 = args.flag("add-tuf1");
    if (!args.flag("staged") && !startsTuf1) throw usage(spec, "say what to publish: --staged");
    const connections = connectionsOf(context);
    try {
      const { ports, changes, pins, ring } = await openWorkplace(context, connections, gun);
      const none = { list: async () => [], remove: async () => undefined, add: async () => [], clear: async () => 0 };
      const report = await publishStaged(ports, {
        gun,
        list: args.flag("staged") ? changes : none,
        pins,
        ring: await ring(),
        acceptsUnsigned: args.flag("accept-unsigned"),
        mayVanish: args.flag("vanish"),
        startsTuf1,
      });
      const staged = report.staged.map(describeStaged);
      terminal.value({ gun, staged: staged.map((one) => ({ ...one })), ...publishedJson(report) });
      if (report.published.length === 0) terminal.line("nothing to publish");
      else terminal.line(`${terminal.paint("green", "published:")} ${printable(gun)}`);
      for (const { action, role, what } of staged)
        terminal.line(`  ${action} ${printable(what)} in ${printable(role)}`);
      showPublished(terminal, report);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};
