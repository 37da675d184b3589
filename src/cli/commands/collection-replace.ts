// `countersign collection replace GUN PATH...`: sign new contents of names that are there.
import { addFilesJson, addFilesOptions, runAddFiles } from "../add-files-command.ts";
import type { Command } from "../command.ts";

export const collectionReplace: Command = {
  spec: {
    name: "collection replace",
    usage: ["GUN PATH... [options]"],
    about: [
      "As countersign collection add, and names that are signed with another content get the new one. Readers that have seen it never accept the old content again.",
    ],
    positionals: { min: 2, max: 10_000 },
    options: addFilesOptions,
    examples: [
      ["countersign collection replace files.example.com/team/tools ./dist", "whatever is new or has changed"],
    ],
    json: addFilesJson,
  },
  run: (context) => runAddFiles(context, { replaces: true }),
};
