// The same sessions against Debian's notary-server (with notary-signer and PostgreSQL) and against ours, with the clients people have:
// outputs and exit statuses are equal but for what is listed in session-differences.ts.
import assert from "node:assert/strict";
import { startOurServer } from "../peers/countersign.ts";
import { peerTest } from "../peers/find.ts";
import { startNotaryPostgres } from "../peers/notary-server.ts";
import { scratch } from "../peers/scratch.ts";
import { assertOnlyWanted, type Observed } from "./differences.ts";
import { dockerScripts } from "./docker-scripts.ts";
import { notaryScripts, type Script } from "./notary-scripts.ts";
import { type Entry, Play, type Props, type Side } from "./play.ts";
import { makeProps } from "./props.ts";
import { sessionDifferences } from "./session-differences.ts";

const peers = ["notary", "notary-server", "notary-signer", "postgres", "openssl", "docker-trust"] as const;

peerTest("clients see the same on notary-server and on ours", peers, async (context) => {
  using directory = scratch("sessions");
  await using stack = new AsyncDisposableStack();
  const [theirs, ours] = await Promise.all([
    startNotaryPostgres(directory, { tls: true }).then((server) => stack.use(server)),
    startOurServer(directory, { tls: true }).then((server) => stack.use(server)),
  ]);
  const sides = [
    { name: "notary-server", letter: "a", url: theirs.url, authority: theirs.authority },
    { name: "ours", letter: "b", url: ours.url, authority: ours.authority },
  ] as const;
  const props = makeProps(directory);
  for (const script of [...notaryScripts, ...dockerScripts]) {
    await context.test(script.name, async () => {
      const observed = await compare(script, sides, props);
      assertOnlyWanted(
        observed,
        sessionDifferences.map(({ topic, where }) => ({
          topic,
          where: where.filter((place) => place.startsWith(`${script.key}: `)),
        })),
      );
    });
  }
});

async function compare(
  script: Script,
  [left, right]: readonly [Side, Side],
  props: Props,
): Promise<readonly Observed[]> {
  const [theirs, ours] = await Promise.all([
    perform(script, { side: left, elsewhere: right, props, name: script.key }),
    perform(script, { side: right, elsewhere: left, props, name: script.key }),
  ]);
  assert.deepEqual(
    ours.map(({ command }) => command),
    theirs.map(({ command }) => command),
  );
  const times = new Map<string, number>();
  return theirs.flatMap((entry, index) => {
    const time = (times.get(entry.command) ?? 0) + 1;
    times.set(entry.command, time);
    const where = `${script.key}: ${entry.command}${time === 1 ? "" : ` (${time})`}`;
    const other = ours[index]?.output ?? "";
    return other === entry.output ? [] : [{ where, theirs: entry.output, ours: other }];
  });
}

async function perform(script: Script, options: ConstructorParameters<typeof Play>[0]): Promise<readonly Entry[]> {
  await using play = new Play(options);
  await script.run(play, options.props);
  return play.entries;
}
