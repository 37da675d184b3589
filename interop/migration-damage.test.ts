// What had happened to collections before they moved, and what their owners can do about it at the new home: keys of the server that nobody
// can open any more, and a collection that Notary bricked by hashing bytes it did not store (notary-v1, section 14, H and R).
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { systemClock } from "../src/bytes/index.ts";
import { TestPublisher } from "../src/server/test-publisher.ts";
import { countersignClient, sourceProgram, startOurServer } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { notaryClient, testPassphrase } from "./peers/notary-client.ts";
import { startNotaryDeployment } from "./peers/notary-database.ts";
import { run } from "./peers/process.ts";
import { scratch } from "./peers/scratch.ts";

const [oneKeyGone, bothKeysGone, bricked] = ["example.com/one", "example.com/both", "example.com/bricked"] as const;

peerTest(
  "owners mend at the new server what the old one had lost or broken, and old clients read it",
  ["notary", "notary-server", "notary-signer", "postgres", "openssl"],
  async () => {
    using directory = scratch("migration-damage");
    await using notary = await startNotaryDeployment(directory, "PostgreSQL");
    const trustDirectory = directory.at("owner");
    const file = directory.at("file");
    writeFileSync(file, "content");
    const before = notaryClient({ ...notary, trustDirectory });
    for (const gun of [oneKeyGone, bothKeysGone]) {
      await before.ok("init", "-p", gun);
      await before.ok("key", "rotate", gun, "snapshot", "-r");
      await before.ok("add", "-p", gun, "v1", file);
    }
    const owner = await TestPublisher.create(bricked, fetch, systemClock, notary.plainUrl);
    const first = (await owner.initial()).filter(({ dialect }) => dialect === "notary1");
    assert.equal((await owner.publishNotary(first)).status, 200);
    const [targets = assert.fail()] = await owner.nextTargets("v1", "content", ["notary1"]);
    const bytes = Buffer.concat([targets.bytes, Buffer.from("\n")]);
    assert.equal((await owner.post("tuf/", [{ filename: "targets", bytes }])).status, 200);
    assert.match((await before.run("list", bricked)).stdout, /trust data unavailable/);
    await notary.changeKeys(`UPDATE private_keys SET passphrase_alias = 'forgotten'
      WHERE (gun = '${oneKeyGone}' AND role = 'timestamp') OR gun = '${bothKeysGone}'`);
    await notary.stopNotary();

    const place = ["--signer-config", notary.signerConfig, "--own-keys", "--data", directory.at("new")];
    const moved = await run(process.execPath, [sourceProgram, "migrate", "notary-db", ...place], {
      env: { HOME: directory.path, COUNTERSIGN_SERVER_DB: notary.serverDb, ...notary.passphrases },
    });
    assert.equal(moved.status, 1, moved.stderr);
    assert.match(moved.stdout, /3 times: .*alias forgotten.*\[key\.unopened\]/);
    assert.match(moved.stdout, /example\.com\/bricked targets: .* \[document\.unreachable\]/);

    await using server = await startOurServer(directory, { name: "new", tls: false });
    const after = notaryClient({ ...server, trustDirectory });
    await after.ok("key", "rotate", oneKeyGone, "timestamp", "-r");
    await after.ok("add", "-p", oneKeyGone, "v2", file);

    assert.notEqual((await after.run("key", "rotate", bothKeysGone, "timestamp", "-r")).status, 0);
    const env = { NOTARY_ROOT_PASSPHRASE: testPassphrase, NOTARY_TARGETS_PASSPHRASE: testPassphrase };
    const ours = countersignClient({ ...server, home: directory.at("ours"), env });
    await ours.ok("rotate", bothKeysGone, "timestamp", "snapshot", "--trust-dir", trustDirectory);
    await after.ok("add", "-p", bothKeysGone, "v2", file);

    const { gun, rootSigner, targetsSigner } = owner;
    const there = new TestPublisher(gun, fetch, systemClock, server.url, rootSigner, targetsSigner);
    there.accepted([...first, targets]);
    assert.equal((await there.publishNotary(await there.nextTargets("v2", "content", ["notary1"]))).status, 200);

    for (const reader of [after, notaryClient({ ...server, trustDirectory: directory.at("fresh") })]) {
      for (const name of [oneKeyGone, bothKeysGone, bricked]) {
        assert.match((await reader.ok("list", name)).stdout, /^v2\s/m, name);
      }
    }
  },
);
