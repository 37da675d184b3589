// `docker trust signer remove NAME REPOSITORY...`: takes a signer away, and says that it has.
import { CountersignError, isCountersignError } from "../../bytes/index.ts";
import { planRemoval, type Repository, removeSigner } from "../../docker-trust/index.ts";
import { failureText, prefixed } from "./failure.ts";
import { say, type TrustCommand, type TrustContext } from "./trust-command.ts";
import { confirm, inRepository, noTrustData } from "./trust-place.ts";

export const trustSignerRemove: TrustCommand = {
  spec: {
    words: ["signer", "remove"],
    usage: "[OPTIONS] NAME REPOSITORY [REPOSITORY...]",
    summary: "Remove a signer",
    names: { min: 2 },
    options: [
      {
        name: "force",
        short: "f",
        text: ["Do not prompt for confirmation before removing the most", "recent signer"],
      },
    ],
  },
  async run(context) {
    const { args, streams } = context;
    const [name = "", ...repositories] = args.names;
    const failed: string[] = [];
    for (const text of repositories) {
      say(streams, `Removing signer "${name}" from ${text}...`);
      try {
        await inRepository(context, text, (repository) => removeFrom(context, repository, name));
      } catch (error) {
        if (!isCountersignError(error)) throw error;
        streams.err(`${failureText(error)}\n`);
        failed.push(text);
      }
    }
    if (failed.length === 0) return 0;
    throw new CountersignError("usage.invalid", `error removing signer from: ${failed.join(", ")}`);
  },
};

async function removeFrom({ args, streams }: TrustContext, repository: Repository, name: string): Promise<void> {
  const { text } = repository.image;
  const signer = { name, repository: text };
  if (name === "releases") {
    throw new CountersignError("usage.invalid", "releases is a reserved keyword and cannot be removed");
  }
  const collection = await repository.read({ offline: false });
  if (collection === undefined) {
    throw prefixed(`error retrieving signers for ${text}`, noTrustData(repository));
  }
  const ring = await repository.ring();
  const removal = await planRemoval(collection, signer, ring.ids());
  if (removal.isLastSigner && !args.flag("force")) {
    const question =
      `The signer "${name}" signed the last released version of ${text}. Removing this signer will make ${text} ` +
      "unpullable. Are you sure you want to continue?";
    if (!(await confirm(streams, question))) {
      repository.notify(`${name} stays a signer of ${text}`);
      return;
    }
  }
  await removeSigner(repository, removal);
  if (removal.renewsReleases) {
    repository.notify(`what ${name} released is signed again with a key of this machine: look through it`);
  }
  say(streams, `Successfully removed ${name} from ${text}\n`);
}
