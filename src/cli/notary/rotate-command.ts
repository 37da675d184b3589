// `notary key rotate GUN ROLE...`: new keys, published at once. Several roles share one root, which heals a server that has lost both its
// keys (notary-v1, 14-H). New keys are on disk before the server hears of them; no key file is ever deleted, where Notary deletes the old
// one before anything is uploaded (14-X).
import { CountersignError, isTopRole, type TopRole } from "../../bytes/index.ts";
import { type RoleRotation, type RotateReport, rotateKeys } from "../../flows/index.ts";
import { printable } from "../terminal.ts";
import { NotaryUsage } from "./command-line.ts";
import { type Desk, gunArgument, openDesk } from "./desk.ts";
import type { NotaryCommand, NotaryContext } from "./front-context.ts";
import { importOneKey } from "./key-import.ts";
import { pinsToPublish, tell } from "./publishing.ts";

export const keyRotate: NotaryCommand = async (context) => {
  const { flags, args, say } = context;
  const gun = gunArgument(context, "Must specify a GUN and a key role to rotate", 2);
  const isServers = flags.flag("server-managed");
  const roles = args.slice(1).map((text) => topRole(text, isServers));
  const files = flags.values("key");
  if (files.length > 0 && roles.length > 1) throw new NotaryUsage("-k goes with one role at a time");
  if (roles.includes("root") && !(await confirmRoot(context))) {
    say("\nAborting action.\n");
    return;
  }
  using desk = await openDesk(context, gun);
  const rotations: RoleRotation[] = [];
  for (const role of roles) rotations.push(await rotationOf(context, desk, role, files));
  const pins = await pinsToPublish(context, desk);
  const { places, ports } = desk;
  const request = { gun, pins, places, passphrases: context.passphrases, roles: rotations };
  const report = await rotateKeys(ports, request).catch((error: unknown) => sayItGoesOn(desk, error));
  if (Number(flags.value("legacy") ?? "0") > 0) {
    context.log("warning", "-l is not needed: readers with old caches follow the chain of roots");
  }
  if (report.resumed) context.note("an interrupted rotation was completed, with its keys");
  tell(context, gun, report.findings);
  for (const role of roles) say(`Successfully rotated ${role} key for repository ${gun}\n`);
};

/** After a failure in the middle nobody knows what the server did: what to do next is the same either way. */
async function sayItGoesOn({ gun, ports }: Desk, error: unknown): Promise<RotateReport> {
  if (!(error instanceof CountersignError)) throw error;
  if ((await ports.home.unfinished(gun, "rotate").read()) === undefined) throw error;
  const next = "no key was deleted; when this is mended run the same command again: it goes on with the same new keys";
  throw new CountersignError(error.code, error.message, { cause: error, hints: [next, ...error.hints] });
}

function topRole(text: string, isServers: boolean): TopRole {
  if (!isTopRole(text)) throw new NotaryUsage(`notary does not currently permit rotating the ${printable(text)} key`);
  if (isServers && (text === "root" || text === "targets")) {
    throw new NotaryUsage(`notary does not permit the server managing the ${text} key`);
  }
  if (!isServers && text === "timestamp") {
    throw new NotaryUsage("notary does not permit the client managing the timestamp key");
  }
  return text;
}

async function confirmRoot({ say, ask }: NotaryContext): Promise<boolean> {
  say("Warning: you are about to rotate your root key.\n\nYou must use your old key to sign this root rotation.\n");
  const answer = (await ask("Are you sure you want to proceed?  (yes/no)  "))?.trim().toLowerCase();
  return answer === "y" || answer === "yes";
}

async function rotationOf(
  context: NotaryContext,
  desk: Desk,
  role: TopRole,
  files: readonly string[],
): Promise<RoleRotation> {
  if (context.flags.flag("server-managed")) return { role, keys: [{ kind: "server" }], removes: "others" };
  if (files.length === 0) return { role, keys: [{ kind: "generate" }], removes: role === "root" ? "main" : "others" };
  const ids = [];
  for (const file of files) ids.push(await importOneKey(context, desk.places.vault, file, role, desk.gun));
  return { role, keys: [{ kind: "held", ids }], removes: role === "root" ? "main" : "others" };
}
