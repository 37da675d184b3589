// `countersign tuf lookup PATH...`: what a TUF repository, or several that have to agree, says of targets.
import { encodeHex } from "../../bytes/index.ts";
import { openTufRepository, type TufTarget } from "../../tuf-client/index.ts";
import type { Command, Context } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { printable } from "../terminal.ts";
import { advised } from "../tuf-advice.ts";
import { withMap } from "../tuf-map.ts";
import { repositoryOf, repositoryOptions, requiredPlace, targetJson, transportTo } from "../tuf-options.ts";

interface Answer {
  readonly path: string;
  readonly target: TufTarget | undefined;
  /** With a map: who agrees. */
  readonly repositories?: readonly string[];
}

export const tufLookup: Command = {
  spec: {
    name: "tuf lookup",
    usage: ["PATH... --metadata-url URL [options]", "PATH... --map FILE [options]"],
    about: [
      "Looks targets up in any TUF 1.0 repository, or with --map in several that have to agree (TAP 4), and shows length, hashes and the roles that decided. Nothing is downloaded but metadata.",
    ],
    positionals: { min: 1, max: 1000 },
    options: [
      ...repositoryOptions,
      { name: "map", value: "FILE", isFile: true, text: "ask the repositories of this map.json instead of one" },
    ],
    examples: [
      [
        "countersign tuf lookup dist/app.tar --metadata-url https://example.com/metadata/",
        "length and hashes of a file",
      ],
    ],
    json: [
      '{"targets": [{"path": "dist/app.tar", "length": 1234, "hashes": {"sha256": "..."}, "chain": ["targets", "dist"]}],',
      ' "missing": []}',
    ],
  },
  run: advised(async (context) => {
    const answers = await lookUp(context);
    show(context, answers);
    return answers.some(({ target }) => target === undefined) ? exitCodes.missing : exitCodes.done;
  }),
};

async function lookUp(context: Context): Promise<readonly Answer[]> {
  const { args } = context;
  const answers: Answer[] = [];
  const map = args.value("map");
  if (map !== undefined) {
    return withMap(context, map, async (repositories) => {
      for (const path of args.positionals) {
        const found = await repositories.lookup(path);
        answers.push({
          path,
          target: found?.target,
          ...(found === undefined ? {} : { repositories: found.repositories }),
        });
      }
      return answers;
    });
  }
  using transport = transportTo(context, [requiredPlace(context, "metadata-url")]);
  const repository = openTufRepository(await repositoryOf(context, transport));
  for (const path of args.positionals) answers.push({ path, target: await repository.lookup(path) });
  return answers;
}

function show({ terminal }: Context, answers: readonly Answer[]): void {
  terminal.value({
    targets: answers.flatMap(({ target, repositories }) =>
      target === undefined ? [] : [{ ...targetJson(target), ...(repositories === undefined ? {} : { repositories }) }],
    ),
    missing: answers.flatMap(({ path, target }) => (target === undefined ? [path] : [])),
  });
  for (const { path, target, repositories } of answers) {
    terminal.line(printable(path));
    if (target === undefined) terminal.line("  no such target");
    else {
      terminal.facts([
        ["length", String(target.length)],
        ...[...target.hashes].map(([algorithm, hash]) => [printable(algorithm), encodeHex(hash)] as const),
        ["decided by", target.chain.map(printable).join(" > ")],
        ["agreed by", repositories?.map(printable).join(", ")],
      ]);
    }
  }
}
