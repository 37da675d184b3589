// `countersign signer` in the place of a notary-signer that keeps its keys in MariaDB, which cannot hold ours: the keys go to SQLite, and
// the old database may be switched off when they are there, not before.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { countersignClient } from "./peers/countersign.ts";
import { eventually } from "./peers/eventually.ts";
import { peerTest } from "./peers/find.ts";
import { notaryClient } from "./peers/notary-client.ts";
import { startNotaryDeployment } from "./peers/notary-database.ts";
import { startOurSigner } from "./peers/our-signer.ts";
import { scratch } from "./peers/scratch.ts";

const gun = "registry.example.com/team/app";

peerTest(
  "a signer that leaves Notary's MariaDB starts with all of its keys or not at all, and without that database later",
  ["notary", "notary-server", "notary-signer", "mariadbd", "openssl"],
  async () => {
    using directory = scratch("signer-mariadb");
    await using notary = await startNotaryDeployment(directory, "MariaDB");
    const { url, authority, signerConfig, passphrases: env } = notary;
    const client = notaryClient({ url, authority, trustDirectory: directory.at("publisher") });
    writeFileSync(directory.at("file"), "content");
    await client.ok("init", "-p", gun);
    await client.ok("key", "rotate", gun, "snapshot", "-r");
    await notary.stopSigner();

    const operator = countersignClient({ url: "", authority: undefined, home: directory.at("operator"), env });
    const place = ["--config", signerConfig, "--data", directory.at("keys")];
    const nowhere = await operator.run("signer", "--config", signerConfig);
    assert.match(nowhere.stderr, /countersign signer import --config .* --data DIR/);
    const early = await operator.run("signer", ...place);
    assert.equal(early.status, 6, early.stderr);
    assert.match(early.stderr, new RegExp(`countersign signer import --config \\S+ --data ${directory.at("keys")}`));
    await operator.ok("signer", "import", ...place);
    const started = () => startOurSigner(directory, { args: place, env });
    {
      await using _signer = await started();
      await client.ok("add", gun, "v1", directory.at("file"));
      await eventually(async () => (await client.run("publish", gun)).status === 0);
      await client.ok("key", "rotate", gun, "timestamp", "-r");
    }
    await notary.stopDatabase();
    await using signer = await started();
    assert.match(signer.process.log(), /whether all of Notary's keys were brought over is not known: .*MySQL/);
  },
);
