// `countersign rotate GUN ROLE...`: change who signs the roles of the root.
import { CountersignError, isTopRole, parseGun, type TopRole } from "../../bytes/index.ts";
import {
  type NewKeys,
  type RoleRotation,
  type RotateReport,
  readPublicKeyFile,
  requireRootCertificate,
  rotateKeys,
} from "../../flows/index.ts";
import { readSmallFile } from "../../home/index.ts";
import { parseCanonicalKeyId } from "../../keys/index.ts";
import { parseRecoveryKit, type RecoveryKit } from "../../signers/index.ts";
import { usage } from "../arguments.ts";
import { connectionsOf } from "../collection-options.ts";
import type { Command, CommandSpec, Context } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { newKitPassphrase } from "../kit-passphrase.ts";
import { publishedJson, publishOptions, showPublished } from "../publish-options.ts";
import { printable } from "../terminal.ts";
import { openWorkplace, trustDirectoryOption } from "../workplace.ts";
import { thresholdOf } from "./delegation-add.ts";

const spec: CommandSpec = {
  name: "rotate",
  usage: ["GUN ROLE... [options]"],
  about: [
    "Changes who signs root, targets, snapshot or timestamp; several roles share one new root. Unless told otherwise a new key is made here for targets, a new main key for root, and the server makes new keys for snapshot and timestamp.",
    "The new root is signed by the old keys and the new ones, so readers with an old cache follow it. A change after which somebody could not read or sign any more is refused before a key is opened.",
    "New keys are on disk before the server hears of them, and no key is ever deleted. If the command is interrupted, run it again: it goes on with the same keys.",
  ],
  positionals: { min: 2, max: 5 },
  options: [
    { name: "to", value: "HOLDER", text: "who holds the snapshot key from now on: server or local" },
    { name: "key", value: "KEY-ID", multiple: true, text: "take this key, which is here, instead of making one" },
    {
      name: "add",
      value: "FILE",
      isFile: true,
      multiple: true,
      text: "take somebody's public key; for root a certificate",
    },
    {
      name: "replace",
      value: "KEY-ID",
      multiple: true,
      text: "the key that goes, instead of all others (root: of the main key)",
    },
    { name: "keep", text: "no key goes but those of --replace: new ones come beside the old ones" },
    { name: "threshold", value: "N", text: "so many of the role's keys have to sign from now on" },
    { name: "certificate", text: "root: new certificates for the root keys that are here, which stay the same keys" },
    { name: "recovery-kit", value: "FILE", isFile: true, text: "root: make a new recovery kit and write it there" },
    {
      name: "sign-with-kit",
      value: "FILE",
      isFile: true,
      text: "let a recovery kit sign, without storing its key here",
    },
    { name: "add-tuf1", text: "start the tuf1 side of a collection that Notary made" },
    trustDirectoryOption,
    ...publishOptions,
  ],
  examples: [
    ["countersign rotate registry.example.com/team/app targets", "a new targets key"],
    ["countersign rotate registry.example.com/team/app snapshot timestamp", "the server has lost its keys"],
    [
      "countersign rotate registry.example.com/team/app root --sign-with-kit app.recovery-kit.txt",
      "the main root key is lost",
    ],
    ["countersign rotate registry.example.com/team/app root --keep --add bob.crt --threshold 2", "a team root"],
  ],
  json: [
    '{"gun": "...", "roles": [{"role": "targets", "holder": "publisher", "added": ["..."], "removed": ["..."], "keys": ["..."],',
    ' "threshold": 1}], "resumed": false, "published": [...], "behind": [], "findings": [], "attempts": 1}',
  ],
};

export const rotate: Command = {
  spec,
  async run(context) {
    const { args } = context;
    const [gunText = "", ...roleTexts] = args.positionals;
    const gun = parseGun(gunText);
    const roles = roleTexts.map(topRole);
    const plain = ["key", "add", "replace"].every((name) => args.values(name).length === 0) && !args.flag("keep");
    if (roles.length > 1 && !(plain && args.value("threshold") === undefined)) {
      throw usage(spec, "--key, --add, --replace, --keep and --threshold go with one role at a time");
    }
    const connections = connectionsOf(context);
    try {
      const { ports, places, pins, passphrases } = await openWorkplace(context, connections, gun);
      const rotations: RoleRotation[] = [];
      for (const role of roles) rotations.push(await rotationOf(context, role, gunText));
      const report = await rotateKeys(ports, {
        gun,
        pins,
        places,
        passphrases,
        roles: rotations,
        kit: await kitOf(args.value("sign-with-kit"), gun),
        startsTuf1: args.flag("add-tuf1"),
      });
      show(context, gun, report);
      return exitCodes.done;
    } finally {
      connections.close();
    }
  },
};

function topRole(text: string): TopRole {
  if (isTopRole(text)) return text;
  throw usage(spec, `${text.slice(0, 60)} is no role of the root`, [
    "roles: root, targets, snapshot, timestamp",
    "the keys of a delegation are changed with countersign delegation add and remove",
  ]);
}

async function rotationOf(context: Context, role: TopRole, gunText: string): Promise<RoleRotation> {
  const { args } = context;
  const threshold = thresholdOf(args.value("threshold"));
  const keys = await newKeys(context, role, gunText);
  const replaced = args.values("replace").map(parseCanonicalKeyId);
  const removes = (): RoleRotation["removes"] => {
    if (replaced.length > 0 || args.flag("keep") || args.flag("certificate")) return replaced;
    if (role !== "root") return keys.length === 0 ? [] : "others";
    return keys.some(({ kind }) => kind === "generate") ? "main" : [];
  };
  return { role, keys, removes: removes(), ...(threshold === undefined ? {} : { threshold }) };
}

async function newKeys(context: Context, role: TopRole, gunText: string): Promise<readonly NewKeys[]> {
  const { args, clock } = context;
  const to = args.value("to");
  if (to !== undefined && to !== "server" && to !== "local") throw usage(spec, "--to is server or local");
  const isOnline = role === "timestamp" || role === "snapshot";
  if (isOnline && to !== "local" && args.values("key").length === 0) return [{ kind: "server" }];
  if (to === "server") return [{ kind: "server" }];
  const keys: NewKeys[] = [];
  const ids = args.values("key").map(parseCanonicalKeyId);
  if (ids.length > 0) keys.push({ kind: "held", ids });
  for (const path of args.values("add")) {
    const file = await readPublicKeyFile(path, clock());
    const certificate = role === "root" ? requireRootCertificate(file, parseGun(gunText), clock()) : undefined;
    keys.push({
      kind: "given",
      keys: [{ publicKey: file.publicKey, ...(certificate === undefined ? {} : { certificate }) }],
    });
  }
  const kitPath = args.value("recovery-kit");
  if (kitPath !== undefined && role === "root") {
    keys.push({ kind: "kit", path: kitPath, passphrase: () => newKitPassphrase(context) });
  }
  if (args.flag("certificate") && role === "root") keys.push({ kind: "recertify" });
  const isOnlyThreshold = args.value("threshold") !== undefined || args.values("replace").length > 0;
  return keys.length > 0 || (isOnlyThreshold && args.flag("keep")) ? keys : [{ kind: "generate" }];
}

async function kitOf(path: string | undefined, gun: string): Promise<RecoveryKit | undefined> {
  if (path === undefined) return undefined;
  const bytes = await readSmallFile(path, { maxBytes: 64 * 1024 });
  if (bytes === undefined) throw new CountersignError("disk.unreadable", `there is no file ${path}`);
  const kit = parseRecoveryKit(bytes);
  if (kit.gun === gun) return kit;
  throw new CountersignError("key.format", `${path} is the recovery kit of ${kit.gun}, not of ${gun}`);
}

function show({ terminal }: Context, gun: string, report: RotateReport): void {
  const roles = report.roles.map((one) => ({ ...one }));
  const kit = report.kitPath === undefined ? {} : { recoveryKit: report.kitPath };
  terminal.value({ gun, roles, resumed: report.resumed, ...kit, ...publishedJson(report) });
  terminal.line(`${terminal.paint("green", "rotated:")} ${printable(gun)}`);
  if (report.resumed) terminal.line("  an interrupted run was completed, with its keys");
  for (const { role, added, removed, holder, keys, threshold } of report.roles) {
    terminal.line(role);
    terminal.facts([
      ["held by", holder === "server" ? "the server" : "its publishers"],
      ...added.map((id) => ["new key", id] as const),
      ...removed.map((id) => ["out of use", id] as const),
      ["signed by", `${threshold} of ${keys.length} key${keys.length === 1 ? "" : "s"}`],
    ]);
  }
  terminal.facts([["recovery kit", report.kitPath]]);
  showPublished(terminal, report);
}
