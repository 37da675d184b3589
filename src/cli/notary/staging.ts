// Putting changes on Notary's own list, and publishing at once where -p says so. What could never be published is refused here, before
// it can stand in the way of every later publish (notary-v1, 14-Q).
import { type Gun, isCountersignError, parseRoleName, type RoleName } from "../../bytes/index.ts";
import { stageChanges, stagedChange } from "../../flows/index.ts";
import type { ChangeList, StagedEntry } from "../../home/index.ts";
import type { Change } from "../../publish/index.ts";
import { printable } from "../terminal.ts";
import { NotaryUsage } from "./command-line.ts";
import type { NotaryContext } from "./front-context.ts";

/** The roles of -r; `targets` unless told. @throws NotaryUsage for one that holds no targets */
export function rolesOf(context: NotaryContext): readonly RoleName[] {
  const named = context.flags.values("roles");
  return (named.length === 0 ? ["targets"] : named).map(targetsRole);
}

function targetsRole(text: string): RoleName {
  try {
    const role = parseRoleName(text);
    if (role === "targets" || role.startsWith("targets/")) return role;
  } catch (error) {
    if (!isCountersignError(error, "role.invalid")) throw error;
  }
  throw new NotaryUsage(`tuf: invalid role ${printable(text)}. cannot add targets to this role`);
}

/** @throws name.invalid, role.invalid, disk.* */
export async function stage(context: NotaryContext, gun: Gun, changes: readonly Change[]): Promise<void> {
  await stageChanges(context.directory.changes(gun), changes);
}

/** @throws config.invalid for an entry that no publish could use */
export async function stageEntry(context: NotaryContext, gun: Gun, entry: StagedEntry): Promise<void> {
  stagedChange(entry, true);
  await context.directory.changes(gun).add([entry]);
}

/** For after a publish that failed: one bad change stands in the way of all others until it is dropped (notary-v1, 14-Q). */
export async function adviceOnStaged(gun: Gun, list: ChangeList): Promise<readonly string[]> {
  const ways = `notary status ${gun} shows it, notary reset ${gun} --all drops it`;
  try {
    return (await list.list()).length === 0 ? [] : [`what was staged is still staged: ${ways}`];
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return [`what is staged cannot be read: notary reset ${gun} --all drops it`];
  }
}

/** With -p. */
export async function publishIfAsked(context: NotaryContext, gun: Gun): Promise<void> {
  if (!context.flags.flag("publish")) return;
  context.say(`Auto-publishing changes to ${gun}\n`);
  const { publishAll } = await import("./publishing.ts");
  await publishAll(context, gun);
  context.say(`Successfully published changes for repository ${gun}\n`);
}
