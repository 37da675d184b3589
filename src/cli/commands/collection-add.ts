// `countersign collection add GUN PATH...`: sign files and directories of any size and number.
import { addFilesJson, addFilesOptions, runAddFiles } from "../add-files-command.ts";
import type { Command } from "../command.ts";

export const collectionAdd: Command = {
  spec: {
    name: "collection add",
    usage: ["GUN PATH... [options]"],
    about: [
      "Signs files: a file under its own name, the files of a directory under their paths below it. They are hashed in a stream, several at once, and become visible together or not at all; only where they touch more of a large collection than an upload holds are they published in parts, and an interrupted run is run again. What is signed already with the same content is left alone; a name that has another content is refused (countersign collection replace).",
      "A file that changes or vanishes while it is hashed stops everything before anything is published. Links that lead out of a directory are refused.",
      "The server keeps contents up to 4 MiB each, as far as they fit into one publish; larger ones are signed, and handed out by an exported tree (countersign export) or whatever serves them today.",
    ],
    positionals: { min: 2, max: 10_000 },
    options: addFilesOptions,
    examples: [
      ["countersign collection add files.example.com/team/tools ./dist", "everything below ./dist"],
      ["countersign collection add files.example.com/team/tools model.bin --under models/v2", "as models/v2/model.bin"],
    ],
    json: addFilesJson,
  },
  run: (context) => runAddFiles(context, { replaces: false }),
};
