// `countersign tuf refresh`: bring the trusted documents of a TUF repository up to date.
import { openTufRepository } from "../../tuf-client/index.ts";
import type { Command } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { advised } from "../tuf-advice.ts";
import { repositoryOf, repositoryOptions, requiredPlace, transportTo, versionsText } from "../tuf-options.ts";

export const tufRefresh: Command = {
  spec: {
    name: "tuf refresh",
    usage: ["--metadata-url URL [options]"],
    about: [
      "Brings the top-level documents of any TUF 1.0 repository up to date: roots one by one, timestamp, snapshot, targets, each verified before it is kept. The first time, --root says what to trust.",
    ],
    positionals: { min: 0, max: 0 },
    options: repositoryOptions,
    examples: [
      ["countersign tuf refresh --metadata-url https://example.com/metadata/ --root root.json", "the first time"],
    ],
    json: ['{"root": 3, "timestamp": 41, "snapshot": 40, "targets": 12}'],
  },
  run: advised(async (context) => {
    using transport = transportTo(context, [requiredPlace(context, "metadata-url")]);
    const versions = await openTufRepository(await repositoryOf(context, transport)).refresh();
    context.terminal.value({ ...versions });
    context.terminal.line(`up to date: ${versionsText(versions)}`);
    return exitCodes.done;
  }),
};
