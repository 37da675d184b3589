// `countersign init GUN`: start a collection.
import { type Gun, parseGun } from "../../bytes/index.ts";
import { type InitReport, initCollection, keyPlaces } from "../../flows/index.ts";
import { encodeFileName } from "../../home/index.ts";
import { parseCanonicalKeyId } from "../../keys/index.ts";
import { usage } from "../arguments.ts";
import { connectionsOf, serverOptions } from "../collection-options.ts";
import type { Command, CommandSpec, Context } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { newKitPassphrase } from "../kit-passphrase.ts";
import { passphraseOptions, passphraseProvider } from "../passphrases.ts";
import { findingsJson, showFindings } from "../show-findings.ts";
import { printable } from "../terminal.ts";

const spec: CommandSpec = {
  name: "init",
  usage: ["GUN [options]"],
  about: [
    "Starts a collection: makes its keys, publishes its first documents in both dialects, reads them back as anybody would, and pins it on this machine.",
    "A collection is born with a second root key, the recovery kit: a printable, encrypted text. With it the loss of this machine is not the loss of the name. Print it and keep it, and its passphrase, away from the machines that sign.",
    "The root key is the only one on this machine, the one --key names, or a new one. If the command is interrupted, run it again: it completes what was begun.",
  ],
  positionals: { min: 1, max: 1 },
  options: [
    { name: "key", value: "KEY-ID", text: "the root key to use, when there are several" },
    {
      name: "recovery-kit",
      value: "FILE",
      isFile: true,
      text: "where the recovery kit goes; NAME.recovery-kit.txt here unless given",
    },
    { name: "no-recovery-kit", text: "make none: losing the root key then means losing the collection" },
    {
      name: "tuf1-only",
      text: "files for TUF 1.0 clients alone: no notary1, so that all of them may lie in hashed bins",
    },
    ...passphraseOptions,
    ...serverOptions,
  ],
  examples: [
    ["countersign init registry.example.com/team/app", "start a collection, with questions on a terminal"],
    ["COUNTERSIGN_PASSPHRASE=... countersign init registry.example.com/team/app --recovery-kit kit.txt", "in a script"],
  ],
  json: [
    '{"gun": "...", "dialects": ["tuf1", "notary1"], "rootKeys": ["..."], "targetsKeys": ["..."], "recoveryKit": "kit.txt",',
    ' "pinned": true, "resumed": false, "findings": []}',
  ],
};

export const init: Command = {
  spec,
  async run(context) {
    const { args, terminal, env } = context;
    const gun = parseGun(args.positionals[0] ?? "");
    const keyText = args.value("key");
    const rootKey = keyText === undefined ? undefined : parseCanonicalKeyId(keyText);
    const connections = connectionsOf(context);
    try {
      const report = await initCollection(await connections.portsFor(gun), {
        gun,
        places: keyPlaces(connections.home.locations, env),
        passphrases: passphraseProvider(args, env, terminal),
        rootKey,
        isTuf1Only: args.flag("tuf1-only"),
        kit: kitRequest(context, gun),
      });
      show(context, report);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};

function kitRequest(context: Context, gun: Gun): Parameters<typeof initCollection>[1]["kit"] {
  const { args } = context;
  const file = args.value("recovery-kit");
  if (args.flag("no-recovery-kit")) {
    if (file !== undefined) throw usage(spec, "--recovery-kit and --no-recovery-kit exclude each other");
    return undefined;
  }
  const path = file ?? `${encodeFileName(gun.slice(gun.lastIndexOf("/") + 1))}.recovery-kit.txt`;
  return { path, passphrase: () => newKitPassphrase(context) };
}

function show({ terminal }: Context, report: InitReport): void {
  const { gun, dialects, rootKeys, targetsKeys, kitPath, resumed } = report;
  terminal.value({
    gun,
    dialects,
    rootKeys,
    targetsKeys,
    ...(kitPath === undefined ? {} : { recoveryKit: kitPath }),
    pinned: true,
    resumed,
    findings: findingsJson(report.findings),
  });
  terminal.line(`${terminal.paint("green", resumed ? "completed:" : "started:")} ${gun}`);
  terminal.facts([
    ...rootKeys.map((id, index) => [index === 0 ? "root key" : "recovery key", id] as const),
    ...targetsKeys.map((id) => ["targets key", id] as const),
    ["recovery kit", kitPath === undefined ? "none" : printable(kitPath)],
    ["dialects", dialects.join(", ")],
  ]);
  showFindings(terminal, report.findings);
  terminal.line();
  terminal.line("it is pinned on this machine. Readers pin it with:");
  terminal.line(`  countersign trust add ${gun} ${rootKeys.join(" ")}`);
  if (kitPath !== undefined) terminal.line("print the recovery kit, and keep it away from this machine.");
}
