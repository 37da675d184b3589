// `docker trust revoke IMAGE[:TAG]`: takes the signatures of a tag, or of all tags, away.
import { CountersignError } from "../../bytes/index.ts";
import { revokeTags } from "../../docker-trust/index.ts";
import { prefixed } from "./failure.ts";
import { say, type TrustCommand } from "./trust-command.ts";
import { confirm, inRepository, noTrustData } from "./trust-place.ts";

export const trustRevoke: TrustCommand = {
  spec: {
    words: ["revoke"],
    usage: "[OPTIONS] IMAGE[:TAG]",
    summary: "Remove trust for an image",
    names: { exactly: 1 },
    options: [{ name: "yes", short: "y", text: ["Do not prompt for confirmation"] }],
  },
  async run(context) {
    const { args, streams } = context;
    const [text = ""] = args.names;
    return inRepository(context, text, async (repository) => {
      const { tag, digest } = repository.image.reference;
      if (digest !== undefined) {
        throw new CountersignError("usage.invalid", "cannot use a digest reference for IMAGE:TAG");
      }
      const question = `Confirm you would like to delete all signature data for ${text}?`;
      if (tag === undefined && !args.flag("yes") && !(await confirm(streams, question))) return 0;
      try {
        if ((await repository.read({ offline: false })) === undefined) {
          throw noTrustData(repository);
        }
        const { left } = await revokeTags(repository, tag);
        for (const [signer, tags] of left) {
          repository.notify(`the entry of ${signer} for ${tags.join(", ")} stays; docker does not look at it`);
        }
      } catch (error) {
        throw prefixed(`could not remove signature for ${text}`, error);
      }
      say(streams, `Successfully deleted signature for ${text}`);
      return 0;
    });
  },
};
