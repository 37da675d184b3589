// `countersign export GUN DIR`: the collection as a tree that any web server or bucket can serve.
import { parseGun } from "../../bytes/index.ts";
import { checkTree, exportTree } from "../../collection-files/index.ts";
import { usage } from "../arguments.ts";
import { connectionsOf, pinOptions, pinsOf, serverOptions } from "../collection-options.ts";
import type { Command, CommandSpec, Context } from "../command.ts";
import { humanDate, isoDate } from "../dates.ts";
import { exitCodes } from "../exit-codes.ts";

const spec: CommandSpec = {
  name: "export",
  usage: ["GUN DIR [--targets [--from DIR] [--allow-missing]] [options]", "GUN DIR --check [--targets] [options]"],
  about: [
    "Writes a collection as a plain TUF 1.0 repository: metadata/ and, with --targets, targets/. Any web server or bucket can serve it to any TUF client; no trust server is needed by readers.",
    "Run it again and only what is new is written. Readers get the old state whole or the new one whole, whenever the machine stops: the switch is the renaming of timestamp.json, last of all. Files of an old state go once no client can still be led to them.",
    "The timestamp in the tree expires as the server's does: export again before that, from a timer, at least every few days.",
    "Contents come from --from DIR by their names, else from the server, which keeps those up to 4 MiB that were sent along. Images stay in their registry: export without --targets, or with --allow-missing.",
  ],
  positionals: { min: 2, max: 2 },
  options: [
    { name: "targets", text: "contents too, not metadata alone" },
    { name: "from", value: "DIR", isFile: true, text: "take contents from here, by their names" },
    { name: "allow-missing", text: "go on without contents that are nowhere to be had" },
    { name: "check", text: "write nothing: verify the tree as somebody who comes for the first time" },
    ...serverOptions,
    ...pinOptions.filter(({ name }) => name === "pin"),
  ],
  examples: [
    ["countersign export files.example.com/team/tools /srv/www/tools --targets --from ./dist", "metadata and contents"],
    [
      "countersign export files.example.com/team/tools /srv/www/tools --check --targets",
      "is all of it there and right?",
    ],
  ],
  json: [
    '{"gun": "...", "written": 4, "kept": 1030, "removed": 2, "timestamp": 17, "until": "...", "contents": {"written": 1, "kept": 99,',
    ' "missing": []}}; with --check {"gun": "...", "roles": 1025, "targets": 100, "contents": 100, "timestamp": 17, "until": "..."}',
  ],
};

export const exportCommand: Command = {
  spec,
  async run(context) {
    const { args } = context;
    const wantsTargets = args.flag("targets");
    if (!wantsTargets && (args.value("from") !== undefined || args.flag("allow-missing"))) {
      throw usage(spec, "--from and --allow-missing go with --targets");
    }
    return args.flag("check") ? check(context) : write(context);
  },
};

async function write(context: Context): Promise<number> {
  const { args, terminal } = context;
  const [gunText = "", directory = ""] = args.positionals;
  const gun = parseGun(gunText);
  const connections = connectionsOf(context);
  try {
    const report = await exportTree(await connections.portsFor(gun), {
      gun,
      pins: pinsOf(args),
      directory,
      targets: args.flag("targets")
        ? { from: args.value("from"), allowsMissing: args.flag("allow-missing") }
        : undefined,
    });
    const { written, kept, removed, artifacts, timestampVersion, expiresAt } = report;
    terminal.value({
      gun,
      written,
      kept,
      removed,
      timestamp: timestampVersion,
      until: isoDate(expiresAt),
      ...(artifacts === undefined ? {} : { contents: { ...artifacts } }),
    });
    terminal.line(`${terminal.paint("green", "exported:")} ${gun} to ${directory}`);
    const contents = artifacts === undefined ? undefined : `${artifacts.written} written, ${artifacts.kept} kept`;
    terminal.facts([
      ["documents", `${written} written, ${kept} kept, ${removed} old files removed`],
      ["contents", contents],
      ["verifies until", humanDate(expiresAt)],
    ]);
    if ((artifacts?.missing.length ?? 0) > 0)
      terminal.warning(`${artifacts?.missing.length} contents are not in the tree`);
    return exitCodes.done;
  } finally {
    connections.close();
  }
}

async function check(context: Context): Promise<number> {
  const { args, terminal, clock } = context;
  const [gunText = "", directory = ""] = args.positionals;
  const gun = parseGun(gunText);
  const connections = connectionsOf(context);
  try {
    const given = pinsOf(args);
    const pins = given.length > 0 ? given : ((await connections.home.pins.find(gun))?.pins ?? []);
    const report = await checkTree({
      gun,
      pins,
      directory,
      checksTargets: args.flag("targets"),
      allowsMissing: args.flag("allow-missing"),
      now: clock(),
      progress: (step) => terminal.progress(`${step} ...`),
    });
    const { roles, targets, contents, timestampVersion, expiresAt } = report;
    terminal.value({ gun, roles, targets, contents, timestamp: timestampVersion, until: isoDate(expiresAt) });
    terminal.line(
      `${terminal.paint("green", "verified:")} ${targets} targets in ${roles} roles, until ${humanDate(expiresAt)}`,
    );
    return exitCodes.done;
  } finally {
    connections.close();
  }
}
