// Putting changes on Notary's own list, and publishing at once where -p says so. What could never be published is refused here, before
// it can stand in the way of every later publish (notary-v1, 14-Q).
import { type Gun, parseRoleName } from "../../bytes/index.ts";
import { stageChanges, stagedChange } from "../../flows/index.ts";
import type { StagedEntry } from "../../home/index.ts";
import type { Change } from "../../publish/index.ts";
import type { NotaryContext } from "./front-context.ts";

/** The roles of -r; `targets` unless told. @throws role.invalid */
export function rolesOf(context: NotaryContext) {
  const named = context.flags.values("roles");
  return (named.length === 0 ? ["targets"] : named).map(parseRoleName);
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

/** With -p. */
export async function publishIfAsked(context: NotaryContext, gun: Gun): Promise<void> {
  if (!context.flags.flag("publish")) return;
  context.say(`Auto-publishing changes to ${gun}\n`);
  const { publishAll } = await import("./publishing.ts");
  await publishAll(context, gun);
  context.say(`Successfully published changes for repository ${gun}\n`);
}
