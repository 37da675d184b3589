// kill -9 under load: 64 publishers with a collection each and 64 on one go on while what serves them is killed and started again, over
// and over. Afterwards every acknowledged publish is there, every collection verifies in both dialects for a fresh reader, and no
// outage was told as anything but 503. COUNTERSIGN_KILLS multiplies the kills (a thousand: 10).
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerOptions } from "../src/server/index.ts";
import { type LoadSize, startPublisherLoad } from "./kill-load.ts";
import { freePort, type RunningProcess, startProcess } from "./peers/process.ts";
import { type Scratch, scratch } from "./peers/scratch.ts";

const factor = Number(process.env.COUNTERSIGN_KILLS ?? 1);
const size: LoadSize = { distinct: 64, sharing: 64 };

test("the server on SQLite is killed again and again", { timeout: 90_000 * factor }, async (context) => {
  using directory = scratch("kill-sqlite");
  const options = { dataDir: directory.at("data"), port: await freePort(), tls: { kind: "off" } } as const;
  await using server = await startVictim(directory, options);
  await killUnderLoad(context, server.url, [{ name: "server", kills: 60, crash: server.crash }]);
});

/** Something that can be killed with -9; resolves when it serves again. */
interface Victim {
  readonly name: string;
  readonly kills: number;
  crash(): Promise<void>;
}

/** Kills the victims in turn, each at a random moment while publishes are being acknowledged. */
async function killUnderLoad(context: TestContext, url: string, victims: readonly Victim[]): Promise<void> {
  const load = await startPublisherLoad(url, "kill", size);
  const turns = victims.flatMap((victim) => Array.from({ length: victim.kills * factor }, () => victim));
  for (const [index, victim] of shuffled(turns).entries()) {
    await load.progress(20_000);
    await sleep(Math.random() * 200);
    await victim.crash();
    if (index % 20 === 19) context.diagnostic(`${index + 1} kills, ${JSON.stringify(load.count)}`);
  }
  await load.progress(20_000);
  const { collections, tags } = await load.finish();
  context.diagnostic(
    `${turns.length} kills, ${tags} tags in ${collections} collections: ${JSON.stringify(load.count)}`,
  );
  assert.equal(collections, size.distinct + 1);
  assert.ok(tags >= turns.length);
}

interface RunningVictim extends AsyncDisposable {
  readonly url: string;
  crash(): Promise<void>;
}

/** Our server as a process of its own, always at the same address. */
async function startVictim(directory: Scratch, options: ServerOptions): Promise<RunningVictim> {
  const url = `http://127.0.0.1:${options.port}`;
  const start = (): Promise<RunningProcess> =>
    startProcess({
      name: "server",
      command: process.execPath,
      args: [join(import.meta.dirname, "kill-child.ts"), JSON.stringify(options)],
      cwd: directory.path,
      ready: async (log) => log.includes(url),
    });
  let running = await start();
  return {
    url,
    crash: async () => {
      await running.kill();
      running = await start();
    },
    [Symbol.asyncDispose]: () => running.stop(),
  };
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
