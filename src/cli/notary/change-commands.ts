// `notary publish`, `status`, `reset`, `witness`: the list of staged changes, which Notary's tools and ours share.
import { parseRoleName } from "../../bytes/index.ts";
import { printable } from "../terminal.ts";
import { columns } from "./columns.ts";
import { NotaryUsage } from "./command-line.ts";
import { gunArgument } from "./desk.ts";
import type { NotaryCommand } from "./front-context.ts";
import { publishIfAsked, stage } from "./staging.ts";

export const publishCommand: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Must specify a GUN");
  context.say(`Pushing changes to ${gun}\n`);
  const { publishAll } = await import("./publishing.ts");
  await publishAll(context, gun);
  context.say(`Successfully published changes for repository ${gun}\n`);
};

export const status: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Must specify a GUN");
  const staged = await context.directory.changes(gun).list();
  if (staged.length === 0) {
    context.say(`No unpublished changes for ${gun}\n`);
    return;
  }
  const rows = staged.map(({ entry }, at) => [
    String(at),
    entry.action,
    printable(entry.scope),
    entry.kind,
    printable(entry.path),
  ]);
  context.say(`Unpublished changes for ${gun}:\n\n${columns(["#", "ACTION", "SCOPE", "TYPE", "PATH"], rows)}`);
};

export const reset: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Must specify a GUN");
  const numbers = context.flags.values("number").map(Number);
  const all = context.flags.flag("all");
  if (!all && numbers.length === 0)
    throw new NotaryUsage("Must specify changes to reset with -n or the --all flag", true);
  const list = context.directory.changes(gun);
  // --all also drops what cannot be read, which is what stands in the way.
  if (all) await list.clear();
  else {
    const staged = await list.list();
    // As Notary: a number that is not there is passed over.
    await list.remove(staged.flatMap(({ id }, at) => (numbers.includes(at) ? [id] : [])));
  }
  context.say(`Successfully reset specified changes for repository ${gun}\n`);
};

export const witness: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Please provide a GUN and at least one role to witness", 2);
  const roles = context.args.slice(1).map(parseRoleName);
  if (roles.some((role) => role === "timestamp")) {
    throw new NotaryUsage("the timestamp cannot be witnessed: the server signs it, anew every few days");
  }
  await stage(
    context,
    gun,
    roles.map((role) => ({ kind: "renew", role })),
  );
  context.say("The following roles were successfully marked for witnessing on the next publish:\n");
  for (const role of roles) context.say(`\t- ${role}\n`);
  await publishIfAsked(context, gun);
};
