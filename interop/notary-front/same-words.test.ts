// The scripts of interop/sessions, played once by Debian's `notary` and once by ours under the same name, each against a server of its
// own: stdout and exit statuses are equal but for what is listed in front-differences.ts. What we add stands on stderr.
import { symlinkSync } from "node:fs";
import process from "node:process";
import { sourceProgram, startOurServer } from "../peers/countersign.ts";
import { peerTest } from "../peers/find.ts";
import { startNotaryMemory } from "../peers/notary-server.ts";
import { type Scratch, scratch } from "../peers/scratch.ts";
import { compare } from "../sessions/compare.ts";
import { assertOnlyWanted } from "../sessions/differences.ts";
import { notaryScripts } from "../sessions/notary-scripts.ts";
import type { Side } from "../sessions/play.ts";
import { makeProps } from "../sessions/props.ts";
import { frontDifferences } from "./front-differences.ts";
import { frontScript } from "./front-script.ts";

const peers = ["notary", "notary-server", "openssl"] as const;

/** The kinds of server share the scripts, so that the suite stays short. */
const scriptsOf = { "notary-server": ["front", "delegations"], ours: ["rotation", "deletion"] } as const;

for (const kind of ["notary-server", "ours"] as const) {
  peerTest(`our notary says what Debian's says, on ${kind}`, peers, async (context) => {
    using directory = scratch(`front-${kind}`);
    await using stack = new AsyncDisposableStack();
    const start = async (name: string) =>
      stack.use(
        kind === "ours" ? await startOurServer(directory, { name, tls: true }) : await startNotary(directory, name),
      );
    const [left, right] = [await start("left"), await start("right")];
    // Under the name `notary`, as an operator would link it.
    const link = directory.at("notary");
    symlinkSync(sourceProgram, link);
    const sides: readonly [Side, Side] = [
      { name: "Debian's notary", letter: "a", url: left.url, authority: left.authority, withoutStderr: true },
      {
        name: "ours",
        letter: "b",
        url: right.url,
        authority: right.authority,
        withoutStderr: true,
        notaryProgram: [process.execPath, link],
      },
    ];
    const props = makeProps(directory);
    for (const script of [frontScript, ...notaryScripts].filter(({ key }) =>
      (scriptsOf[kind] as readonly string[]).includes(key),
    )) {
      await context.test(script.name, async () => {
        assertOnlyWanted(
          await compare(script, sides, props),
          frontDifferences.map(({ topic, where }) => ({
            topic,
            where: where.filter((place) => place.startsWith(`${script.key}: `)),
          })),
        );
      });
    }
  });
}

function startNotary(directory: Scratch, name: string) {
  return startNotaryMemory(directory, { tls: true }, name);
}
