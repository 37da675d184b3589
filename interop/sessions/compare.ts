// A script performed on two sides at once, and where what they printed differs.
import assert from "node:assert/strict";
import type { Observed } from "./differences.ts";
import type { Script } from "./notary-scripts.ts";
import { type Entry, Play, type Props, type Side } from "./play.ts";

export async function compare(
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
