// `countersign tuf download PATH...`: verified targets of a TUF repository as files.
import { CountersignError, type JsonObject } from "../../bytes/index.ts";
import { type DownloadedTarget, openTufRepository } from "../../tuf-client/index.ts";
import type { Command, Context } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";
import { advised } from "../tuf-advice.ts";
import { withMap } from "../tuf-map.ts";
import { repositoryOf, repositoryOptions, requiredPlace, targetJson, transportTo } from "../tuf-options.ts";

export const tufDownload: Command = {
  spec: {
    name: "tuf download",
    usage: ["PATH... --metadata-url URL --targets-url URL [options]", "PATH... --map FILE [options]"],
    about: [
      "Downloads targets of any TUF 1.0 repository, checks length and hashes, and puts each into one directory under its percent-encoded path. What is there already and right is not asked for again. Stops at the first that fails.",
    ],
    positionals: { min: 1, max: 1000 },
    options: [
      ...repositoryOptions,
      { name: "targets-url", value: "URL", text: "where the repository's targets are; a directory of a copy too" },
      {
        name: "target-dir",
        value: "DIR",
        isFile: true,
        text: "put the files there; the current directory unless told",
      },
      { name: "map", value: "FILE", isFile: true, text: "ask the repositories of this map.json instead of one" },
    ],
    examples: [
      [
        "countersign tuf download dist/app.tar --metadata-url https://example.com/metadata/ --targets-url https://example.com/targets/",
        "dist%2Fapp.tar, verified",
      ],
    ],
    json: [
      '{"files": [{"path": "dist/app.tar", "length": 1234, "hashes": {"sha256": "..."}, "chain": ["targets"], "file": "dist%2Fapp.tar", "cached": false}]}',
    ],
  },
  run: advised(async (context) => {
    const files = await downloadAll(context);
    context.terminal.value({ files: files.map(fileJson) });
    for (const { file, isCached } of files)
      context.terminal.line(`${printable(file)}${isCached ? " (was there)" : ""}`);
    return exitCodes.done;
  }),
};

async function downloadAll(context: Context): Promise<readonly DownloadedTarget[]> {
  const { args } = context;
  const directory = args.value("target-dir") ?? ".";
  const files: DownloadedTarget[] = [];
  const map = args.value("map");
  if (map !== undefined) {
    return withMap(context, map, async (repositories) => {
      for (const path of args.positionals) {
        const found = await repositories.lookup(path);
        const [name] = found?.repositories ?? [];
        if (name === undefined) throw missing(path);
        files.push(await (await repositories.open(name)).download(path, directory));
      }
      return files;
    });
  }
  const targetsUrl = requiredPlace(context, "targets-url");
  using transport = transportTo(context, [requiredPlace(context, "metadata-url"), targetsUrl]);
  const repository = openTufRepository({ ...(await repositoryOf(context, transport)), targetsUrl });
  for (const path of args.positionals) files.push(await repository.download(path, directory));
  return files;
}

function fileJson({ target, file, isCached }: DownloadedTarget): JsonObject {
  return { ...targetJson(target), file, cached: isCached };
}

function missing(path: string): CountersignError {
  return new CountersignError(
    "target.missing",
    `the repositories agree on no target ${JSON.stringify(path.slice(0, 200))}`,
  );
}
