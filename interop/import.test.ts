// Bringing two hundred collections home from a real notary-server: killed in the middle, the old server stopped and started again under it,
// some collections broken in the ways of notary-v1, section 14. Afterwards the old server is gone, and everybody reads on.
import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseGun } from "../src/bytes/index.ts";
import { breakSome, damages, host, makeAll, many, teamOf } from "./import-fill.ts";
import { OurReaders, readFresh } from "./migration-readers.ts";
import { countersignClient, sourceProgram, startOurServer } from "./peers/countersign.ts";
import { dockerClient } from "./peers/docker-client.ts";
import { needPeer, peerTest } from "./peers/find.ts";
import { notaryClient, testPassphrase } from "./peers/notary-client.ts";
import { startNotaryDeployment } from "./peers/notary-database.ts";
import { run, startProcess } from "./peers/process.ts";
import { scratch } from "./peers/scratch.ts";

interface Outcome {
  readonly gun: string;
  readonly outcome: string;
  readonly code?: string;
  readonly evidence?: { readonly isExpired: boolean; readonly firstRoot: number; readonly lastRoot: number };
}

interface Report {
  readonly counts: Readonly<Record<string, number>>;
  readonly collections: readonly Outcome[];
}

interface Check {
  readonly collections: readonly { readonly verified: boolean; readonly restsOnRecord: boolean }[];
}

async function accepts(url: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(Number(new URL(url).port), "127.0.0.1", () => resolve(true));
  socket.once("error", () => resolve(false));
  const isOpen = await promise;
  socket.destroy();
  return isOpen;
}

const peers = ["notary", "notary-server", "notary-signer", "openssl", "postgres", "docker-trust"] as const;

peerTest(
  "two hundred collections come home from a notary-server that is stopped in the middle, and everybody reads on",
  peers,
  async (context) => {
    using directory = scratch("import");
    await using notary = await startNotaryDeployment(directory, "PostgreSQL");
    using team = await teamOf(directory, "importer", notary);
    using strangers = await teamOf(directory, "strangers", notary);
    const guns = many(200);
    const lapsing = parseGun(`${host}/broken/expired`);
    await team.make(lapsing, 1, 10_000);
    await makeAll(team, guns);
    const broken = await breakSome(team, notary);
    const foreign = parseGun(`${host}/broken/other-keys`);
    await strangers.make(foreign);
    const everything = [...guns, lapsing, ...broken, foreign];
    writeFileSync(directory.at("names.txt"), `# all of them\n${everything.join("\n")}\n`);

    const byHand = `${host}/team/by-hand`;
    const owner = (to: { url: string; authority: string | undefined }) =>
      notaryClient({ ...to, trustDirectory: directory.at("owner") });
    await owner(notary).ok("init", "-p", byHand);
    await owner(notary).ok("add", "-p", byHand, "v1", directory.at("names.txt"));
    const ownersList = (await owner(notary).ok("list", byHand)).stdout;

    const rotated = guns[0] ?? foreign;
    const sample = [rotated, guns[1] ?? foreign, guns[199] ?? foreign];
    const readers = new OurReaders();
    const before = await readers.readAll({ url: notary.plainUrl, authority: undefined }, guns);
    const oldNotary = (to: { url: string; authority: string | undefined }, name = "old-reader") =>
      notaryClient({ ...to, trustDirectory: directory.at(name) });
    const oldDocker = (url: string, name = "old-docker") =>
      dockerClient({ trustServer: url, directory: directory.at(name) });
    const seen = new Map<string, readonly [string, string]>();
    const show = async (to: { url: string; authority: string | undefined }, gun: string, suffix = "") => {
      const listed = (await oldNotary(to, `old-reader${suffix}`).ok("list", gun)).stdout;
      const inspected = await oldDocker(to.url, `old-docker${suffix}`).run("trust", "inspect", gun);
      assert.equal(inspected.status, 0, inspected.stderr);
      return [listed, inspected.stdout] as const;
    };
    for (const gun of sample) seen.set(gun, await show(notary, gun));

    await using home = await startOurServer(directory, { name: "home" });
    const archive = directory.at("evidence");
    const client = countersignClient({ ...home, home: directory.at("importer"), env: { COUNTERSIGN_TLS_CA: "" } });
    const common = ["--archive", archive, "--pin", team.root.publicKey.id];
    const source = ["--from", notary.url, "--from-tls-ca", notary.authority ?? "", "--list", directory.at("names.txt")];
    const toHome = ["--server", home.url, "--tls-ca", home.authority ?? "", "--patience", "60", "--parallel", "4"];
    const kept = () => (existsSync(archive) ? readdirSync(archive).filter((name) => name !== ".lock").length : 0);
    const args = [sourceProgram, "import", ...source, ...common, ...toHome, "--json"];
    const env = {
      HOME: directory.path,
      COUNTERSIGN_HOME: directory.at("importer"),
      COUNTERSIGN_PASSPHRASE: testPassphrase,
    };

    await context.test("killed in the middle, what is done stays whole", async () => {
      const half = await startProcess({
        name: "import to be killed",
        command: process.execPath,
        args,
        cwd: directory.path,
        env,
        ready: async () => kept() >= 40,
      });
      await half.kill();
      const done = kept();
      assert.ok(done < guns.length, `${done} were done already`);
      const { status, answer, text } = await client.json("import", "--check", archive, "--pin", team.root.publicKey.id);
      assert.equal(status, 0, text);
      const { collections } = answer as Check;
      assert.ok(collections.length >= 36 && collections.every(({ verified }) => verified));
    });

    await context.test("the old server stops and comes back, and the next run goes on", async () => {
      const found = kept();
      const going = run(process.execPath, args, { cwd: directory.path, env });
      while (kept() < found + 40) await Promise.race([sleep(20), going]);
      await notary.stopServer();
      await sleep(2_000);
      await using _again = await startProcess({
        name: "notary-server again",
        command: needPeer("notary-server"),
        args: ["-config", notary.serverConfig],
        cwd: directory.path,
        ready: () => accepts(notary.url),
      });
      const { stdout, stderr, status } = await going;
      assert.equal(status, 1, stderr);
      const report: Report = JSON.parse(stdout);
      const { counts, collections } = report;
      const failed = collections.filter(({ outcome }) => !["carriedOn", "already"].includes(outcome));
      const expected = new Map<string, string>([
        ...damages.map(([name, , code]) => [`${host}/broken/${name}`, code] as const),
        [foreign, "pin.mismatch"],
      ]);
      assert.deepEqual(
        new Map(failed.map(({ gun, code }) => [gun, code])),
        expected,
        JSON.stringify(failed, undefined, 1),
      );
      assert.equal((counts.carriedOn ?? 0) + (counts.already ?? 0), guns.length + 1);
      assert.ok((counts.already ?? 0) >= 30 && (counts.carriedOn ?? 0) >= 60, JSON.stringify(counts));
      const [expired, chain] = [lapsing, rotated].map((gun) => collections.find((each) => each.gun === gun)?.evidence);
      assert.equal(expired?.isExpired, true);
      assert.deepEqual([chain?.firstRoot, chain?.lastRoot], [1, 3]);
    });

    await notary.stopNotary();

    await context.test(
      "readers with old caches and fresh ones, ours, notary's and docker's, see what they saw",
      async () => {
        assert.deepEqual(await readers.readAll(home, guns), before);
        assert.deepEqual(await readFresh(home, guns), before);
        for (const gun of sample) {
          assert.deepEqual(await show(home, gun), seen.get(gun), `${gun}, old caches`);
          assert.deepEqual(await show(home, gun, "-fresh"), seen.get(gun), `${gun}, fresh`);
          const tags = await client.json(
            "tags",
            gun,
            "--pin",
            team.root.publicKey.id,
            "--server",
            home.url,
            "--tls-ca",
            home.authority ?? "",
          );
          assert.deepEqual([tags.status, JSON.stringify(tags.answer).includes('"tuf1"')], [0, true], tags.text);
        }
      },
    );

    await context.test("what is broken left nothing behind, and the evidence verifies offline", async () => {
      for (const gun of [...broken, foreign]) {
        assert.equal((await oldNotary(home, "nobody").run("list", gun)).status === 0, false, gun);
      }
      const { status, answer, text } = await client.json("import", "--check", archive, "--pin", team.root.publicKey.id);
      assert.equal(status, 0, text);
      assert.equal((answer as Check).collections.length, guns.length + 1);
    });

    await context.test(
      "notary's own directory has all that is needed: its owner goes on here with the old client",
      async () => {
        const args = ["--from-cache", directory.at("owner"), "--archive", directory.at("owners"), ...toHome];
        const { status, answer, text } = await client.json("import", ...args);
        assert.equal(status, 0, text);
        assert.deepEqual((answer as Report).counts, { carriedOn: 1 });
        assert.equal((await owner(home).ok("list", byHand)).stdout, ownersList);
        await owner(home).ok("add", "-p", byHand, "v2", directory.at("names.txt"));
        assert.match((await oldNotary(home, "nobody").ok("list", byHand)).stdout, /v1[\s\S]*v2/);
      },
    );

    await context.test("a docker client's cache is enough, with the server gone", async () => {
      const cache = directory.at("old-docker", "trust");
      const args = ["--from-cache", cache, "--verify-only", "--archive", directory.at("from-cache")];
      const { status, answer, text } = await client.json("import", ...args);
      assert.equal(status, 0, text);
      assert.deepEqual((answer as Report).counts, { verified: sample.length });
    });
  },
);
