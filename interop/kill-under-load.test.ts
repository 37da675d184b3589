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
/** Only ends what hangs: a stall is told by the load, which knows how busy the machine is. */
const timeout = 900_000 * factor;
const size: LoadSize = { distinct: 64, sharing: 64 };

test("the server on SQLite, with keys of its own, is killed again and again", { timeout }, async (context) => {
  using directory = scratch("kill-sqlite");
  const options = await serverOptions(directory);
  await using server = await startVictim(directory, "server", options);
  await killUnderLoad(context, options, [{ name: "server", kills: 40, crash: server.crash }]);
});

test("server and signer are killed in turn, on SQLite", { skip: without("openssl"), timeout }, async (context) => {
  using directory = scratch("kill-sqlite-signer");
  await using signer = await startSigner(directory);
  const options = { ...(await serverOptions(directory)), signer: signer.seenByServer };
  await using server = await startVictim(directory, "server", options);
  await killUnderLoad(context, options, [
    { name: "server", kills: 10, crash: server.crash },
    { name: "signer", kills: 10, crash: signer.crash },
  ]);
});

const skip = without("postgres", "openssl");
test("server, database and signer are killed in turn, on PostgreSQL", { skip, timeout }, async (context) => {
  using directory = scratch("kill-postgres");
  await using postgres = await startPostgres(directory);
  await using signer = await startSigner(directory);
  const storage = { kind: "postgres", url: await postgres.createDatabase("collections") } as const;
  const options = { ...(await serverOptions(directory)), storage, signer: signer.seenByServer };
  await using server = await startVictim(directory, "server", options);
  const victims = [
    { name: "server", kills: 16, crash: server.crash },
    { name: "database", kills: 12, crash: () => postgres.crash() },
    { name: "signer", kills: 12, crash: signer.crash },
  ];
  await killUnderLoad(context, options, victims, async () => {
    const sessions = await postgres.query("postgres", sessionsOfOurs).catch(String);
    return `sessions:\n${sessions}\nthe database said:\n${postgres.process.log().slice(-2_000)}`;
  });
});

const sessionsOfOurs = `
  SELECT pid, application_name, state, wait_event_type, wait_event, now() - state_change AS since, left(query, 60)
  FROM pg_stat_activity WHERE application_name LIKE 'countersign%'`;

/** What is missing on this machine, as the reason to skip; in CI nothing may be. */
function without(...peers: readonly PeerName[]): string | false {
  const absent = peers.filter((name) => findPeer(name) === undefined);
  return absent.length > 0 && !process.env.CI ? `not installed: ${absent.join(", ")}` : false;
}

async function serverOptions(directory: Scratch): Promise<ServerOptions> {
  return { dataDir: directory.at("data"), port: await freePort(), tls: { kind: "off" } };
}

/** Something that can be killed with -9; resolves when it serves again. */
interface Victim {
  readonly name: string;
  readonly kills: number;
  crash(): Promise<void>;
}

/** Kills the victims in turn, each at a random moment while publishes are being acknowledged. `lookAround` says more about a stall. */
async function killUnderLoad(
  context: TestContext,
  { port }: ServerOptions,
  victims: readonly Victim[],
  lookAround: () => Promise<string> = async () => "",
): Promise<void> {
  await using load = await startPublisherLoad(`http://127.0.0.1:${port}`, "kill", size);
  let last = "start";
  const turns = victims.flatMap((victim) => Array.from({ length: victim.kills * factor }, () => victim));
  for (const [index, victim] of shuffled(turns).entries()) {
    await load.progress().catch(async (cause) => {
      const seen = await lookAround();
      throw new Error(`kill ${index}, after the ${last} was killed: ${String(cause)}\n${seen}`, { cause });
    });
    last = victim.name;
    await sleep(Math.random() * 200);
    const killed = performance.now();
    await victim.crash();
    if (performance.now() - killed > 1500)
      context.diagnostic(`TMP crash+start ${last} ${Math.round(performance.now() - killed)} ms`);
    if (index % 20 === 19) context.diagnostic(`${index + 1} kills: ${JSON.stringify(load.count)}`);
  }
  await load.progress();
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

interface RunningSigner extends RunningVictim {
  /** How a server finds it. */
  readonly seenByServer: NonNullable<ServerOptions["signer"]>;
}

async function startSigner(directory: Scratch): Promise<RunningSigner> {
  const { authority: caPath, certificate: certificatePath, key: keyPath } = await makeCertificate(directory, "signer");
  const port = await freePort();
  const settings = { directory: directory.at("keys"), port, certificatePath, keyPath, clientCaPath: caPath };
  const identity = { caPath, certificatePath, keyPath };
  return {
    ...(await startVictim(directory, "signer", settings)),
    seenByServer: { kind: "remote", host: "127.0.0.1", port, algorithm: "ecdsa", ...identity },
  };
}

function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
