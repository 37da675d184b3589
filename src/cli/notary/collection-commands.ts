// `notary init` and `notary delete`: the beginning and the end of a collection on this machine.
import { CountersignError } from "../../bytes/index.ts";
import { forgetBeside, gunArgument, openDesk, whileChanging } from "./desk.ts";
import { beginCollection } from "./first-documents.ts";
import type { NotaryCommand } from "./front-context.ts";
import { publishIfAsked } from "./staging.ts";

export const init: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Must specify a GUN");
  const begun = await whileChanging(context, gun, async () => {
    using desk = await openDesk(context, gun);
    return beginCollection(context, desk, context.say);
  });
  if (!begun) context.log("warning", `${gun} has been begun here already and waits for its first publish`);
  await publishIfAsked(context, gun);
};

export const deleteCollection: NotaryCommand = async (context) => {
  const gun = gunArgument(context, "Must specify a GUN");
  const isRemote = context.flags.flag("remote");
  context.say(`Deleting trust data for repository ${gun}\n`);
  if (isRemote) {
    using desk = await openDesk(context, gun);
    await desk.ports.server.removeCollection();
  }
  // Local data goes last: until the server has confirmed it is what a second try starts from.
  try {
    await context.directory.forget(gun);
    await forgetBeside(context, gun);
  } catch (error) {
    if (!(error instanceof CountersignError) || !isRemote) throw error;
    context.note("the remote data is gone; the local data is not");
    throw error;
  }
  context.say(`Successfully deleted local${isRemote ? " and remote" : ""} trust data for repository ${gun}\n`);
};
