// kill -9 under load: 64 publishers with a collection each and 64 on one go on while what serves them is killed and started again, over
// and over. Afterwards every acknowledged publish is there, every collection verifies in both dialects for a fresh reader, and no
// outage was told as anything but 503. COUNTERSIGN_KILLS multiplies the kills (a thousand: 10).
import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ServerOptions } from "../src/server/index.ts";
import type { SignerSettings } from "./kill-child.ts";
import { type LoadSize, startPublisherLoad } from "./kill-load.ts";
import { makeCertificate } from "./peers/certificates.ts";
import { findPeer, type PeerName } from "./peers/find.ts";
import { startPostgres } from "./peers/postgres.ts";
import { freePort, type RunningProcess, startProcess } from "./peers/process.ts";
import { type Scratch, scratch } from "./peers/scratch.ts";

const factor = Number(process.env.COUNTERSIGN_KILLS ?? 1);
const size: LoadSize = { distinct: 64, sharing: 64 };

test("the server on SQLite is killed again and again", { timeout: 240_000 * factor }, async (context) => {
  using directory = scratch("kill-sqlite");
  const options: ServerOptions = { dataDir: directory.at("data"), port: await freePort(), tls: { kind: "off" } };
  await using server = await startVictim(directory, "server", options);
  await killUnderLoad(context, options, [{ name: "server", kills: 60, crash: server.crash }]);
});

const needed: readonly PeerName[] = ["postgres", "openssl"];
const absent = needed.filter((name) => findPeer(name) === undefined);
const skip = absent.length > 0 && !process.env.CI ? `not installed: ${absent.join(", ")}` : false;
const timeout = 300_000 * factor;
test("server, database and signer are killed in turn, on PostgreSQL", { skip, timeout }, async (context) => {
  using directory = scratch("kill-postgres");
  await using postgres = await startPostgres(directory);
  const { authority: caPath, certificate: certificatePath, key: keyPath } = await makeCertificate(directory, "signer");
  const signerSettings = { directory: directory.at("keys"), port: await freePort(), certificatePath, keyPath };
  await using signer = await startVictim(directory, "signer", { ...signerSettings, clientCaPath: caPath });
  const identity = { caPath, certificatePath, keyPath };
  const options: ServerOptions = {
    dataDir: directory.at("data"),
    port: await freePort(),
    tls: { kind: "off" },
    storage: { kind: "postgres", url: await postgres.createDatabase("collections") },
    signer: { kind: "remote", host: "127.0.0.1", port: signerSettings.port, algorithm: "ecdsa", ...identity },
  };
  await using server = await startVictim(directory, "server", options);
  await killUnderLoad(context, options, [
    { name: "server", kills: 16, crash: server.crash },
    { name: "database", kills: 12, crash: () => postgres.crash() },
    { name: "signer", kills: 12, crash: signer.crash },
  ]);
});

/** Something that can be killed with -9; resolves when it serves again. */
interface Victim {
  readonly name: string;
  readonly kills: number;
  crash(): Promise<void>;
}

/** Kills the victims in turn, each at a random moment while publishes are being acknowledged. */
async function killUnderLoad(context: TestContext, { port }: ServerOptions, victims: readonly Victim[]): Promise<void> {
  await using load = await startPublisherLoad(`http://127.0.0.1:${port}`, "kill", size);
  let last = "start";
  const turns = victims.flatMap((victim) => Array.from({ length: victim.kills * factor }, () => victim));
  for (const [index, victim] of shuffled(turns).entries()) {
    await load.progress(20_000).catch((cause) => {
      throw new Error(`kill ${index}, after the ${last} was killed: ${String(cause)}`, { cause });
    });
    last = victim.name;
    await sleep(Math.random() * 200);
    await victim.crash();
    if (index % 20 === 19) context.diagnostic(`${index + 1} kills: ${JSON.stringify(load.count)}`);
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
  crash(): Promise<void>;
}

/** A server or a signer of ours as a process of its own, with the same settings after each crash. */
async function startVictim(
  directory: Scratch,
  kind: "server" | "signer",
  settings: ServerOptions | SignerSettings,
): Promise<RunningVictim> {
  const start = (): Promise<RunningProcess> =>
    startProcess({
      name: kind,
      command: process.execPath,
      args: [join(import.meta.dirname, "kill-child.ts"), kind, JSON.stringify(settings)],
      cwd: directory.path,

      ready: async (log) => log.includes("ready\n"),
    });
  let running = await start();
  return {
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
