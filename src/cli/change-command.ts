// What commands that change a collection share: publish at once and tell what was published, or put the changes on the staged list.
import type { Gun, JsonObject } from "../bytes/index.ts";
import { publishChanges, stageChanges } from "../flows/index.ts";
import type { Change } from "../publish/index.ts";
import { connectionsOf } from "./collection-options.ts";
import type { Context } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { publishedJson, showPublished } from "./publish-options.ts";
import { openWorkplace, stagedChanges } from "./workplace.ts";

/** `said`: one line about what was done. Options needed: publishOptions, --trust-dir, --stage. */
export async function runChanges(
  context: Context,
  gun: Gun,
  changes: readonly Change[],
  said: string,
): Promise<number> {
  const { args, terminal } = context;
  if (args.flag("stage")) {
    const ids = await stageChanges(stagedChanges(context, gun), changes);
    terminal.value({ gun, staged: ids });
    terminal.line(`staged: ${said}`);
    terminal.note(`to publish it: countersign publish ${gun} --staged`);
    return exitCodes.done;
  }
  return publishNow(context, gun, changes, said);
}

/** runChanges for what cannot wait. Options needed: publishOptions, --trust-dir. */
export async function publishNow(
  context: Context,
  gun: Gun,
  changes: readonly Change[],
  said: string,
): Promise<number> {
  const { terminal } = context;
  const connections = connectionsOf(context);
  try {
    const { ports, pins, ring } = await openWorkplace(context, connections, gun);
    const report = await publishChanges(ports, {
      gun,
      pins,
      changes: () => changes,
      blobs: new Map(),
      publisher: undefined,
      ring: await ring(),
    });
    const told: JsonObject = { gun, ...publishedJson(report) };
    terminal.value(told);
    terminal.line(`${terminal.paint("green", "done:")} ${said}`);
    showPublished(terminal, report);
    return exitCodes.done;
  } finally {
    connections.close();
  }
}
