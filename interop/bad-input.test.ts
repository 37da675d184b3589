// What goes wrong for people, against the real programs: each gives one coded error that names the thing and the next step, the exit
// status of its kind, and nothing is lost. No secret appears in any answer.
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { countersignClient, type OurClient, startOurServer } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { testPassphrase } from "./peers/notary-client.ts";
import { freePort } from "./peers/process.ts";
import { startRegistry } from "./peers/registry.ts";
import { scratch } from "./peers/scratch.ts";
import { openStage, stagePeers, verdict } from "./peers/stage.ts";

/** Exit statuses by kind, as docs/cli.md lists them. */
const exit = { untrusted: 1, usage: 2, missing: 3, network: 4, denied: 5, key: 6, conflict: 7, local: 8 } as const;

const registryPassword = "correct horse battery staple";
const registryUser = "reader:$2b$05$3WHcEODWmMtHLZQ8Fbs5DOVZ7aCZna0K/XCC/5o2R0vJZdCfOEAeG";

/** Fails unless the command fails in the one way it should, in words and as JSON, and keeps the secrets to itself. */
async function refused(client: OurClient, status: number, code: string, names: string, ...args: readonly string[]) {
  const { status: plain, stdout, stderr } = await client.run(...args);
  const words = stdout + stderr;
  assert.equal(plain, status, `${args.join(" ")}\n${words}`);
  assert.ok(words.includes(`[${code}]`), words);
  assert.ok(words.includes(names), `${words}\n... names ${names}`);
  assert.match(words, /^ +- /m, `${words}\n... says what to do next`);
  const json = await client.json(...args);
  assert.equal(json.status, status);
  assert.ok(json.text.includes(`"${code}"`), json.text);
  for (const secret of [testPassphrase, registryPassword, "wrong passphrase"]) {
    assert.ok(!(words + json.text).includes(secret), "a secret is shown");
  }
}

peerTest("passphrases: missing or wrong, and the collection is as it was", stagePeers, async () => {
  await using stage = await openStage("passphrases");
  const { gun, directory, server } = stage;
  const image = `${gun}:1.0`;
  await stage.publisher.ok("sign", image);
  const as = (passphrase: string) =>
    countersignClient({
      url: server.url,
      authority: server.authority,
      home: directory.at("publisher"),
      env: { COUNTERSIGN_PASSPHRASE: passphrase },
    });
  await refused(as(""), exit.key, "key.passphrase_missing", "COUNTERSIGN_", "sign", image);
  await refused(as("wrong passphrase"), exit.key, "key.passphrase_wrong", "key", "sign", image);
  assert.equal((await verdict(stage.publisher, image)).status, 0);
  await stage.publisher.ok("sign", image);
});

peerTest("unknown tags and collections, and names that no registry would allow", stagePeers, async () => {
  await using stage = await openStage("unknown");
  const { gun, registry, publisher } = stage;
  await publisher.ok("sign", `${gun}:1.0`);
  await registry.push(stage.layout, "other", "team/app", "unsigned");
  await refused(publisher, exit.missing, "target.missing", "unsigned", "verify", `${gun}:unsigned`);
  await refused(publisher, exit.missing, "image.missing", "nowhere", "sign", `${gun}:nowhere`);
  const nobody = `${registry.host}/team/nobody`;
  await refused(publisher, exit.missing, "collection.missing", nobody, "tags", nobody, "--trust-on-first-use");
  for (const name of [
    `${registry.host}/UPPER/case:1.0`,
    `${registry.host}/a//b:1.0`,
    `${gun}:-no`,
    `${gun}:${"x".repeat(10_000)}`,
    "..",
    "",
  ]) {
    const done = await publisher.json("verify", name);
    assert.equal(done.status, exit.usage, `${name.slice(0, 60)}\n${done.text.slice(0, 500)}`);
    assert.ok(done.text.length < 4_000, "an error does not repeat 10 kB");
  }
});

peerTest("the registry or the trust server is down, or its certificate is not trusted", stagePeers, async () => {
  await using stage = await openStage("down");
  const { gun, directory, server, publisher, registry } = stage;
  const image = `${gun}:1.0`;
  await publisher.ok("sign", image);
  const closed = `127.0.0.1:${await freePort()}`;
  const nowhere = countersignClient({
    url: `https://${closed}`,
    authority: server.authority,
    home: directory.at("publisher"),
  });
  await refused(nowhere, exit.network, "download.unreachable", closed, "verify", image);
  const doubtful = countersignClient({ url: server.url, authority: undefined, home: directory.at("publisher") });
  await refused(doubtful, exit.network, "tls.untrusted", new URL(server.url).host, "verify", image);
  await registry.process.stop();
  await refused(publisher, exit.network, "download.unreachable", registry.host, "verify", image);
  await refused(publisher, exit.network, "download.unreachable", registry.host, "sign", image);
});

peerTest(
  "a registry that asks for a password: refused without one and with a wrong one, served with the right one",
  stagePeers,
  async () => {
    await using stage = await openStage("password");
    const { directory, server } = stage;
    const image = `${stage.gun}:1.0`;
    await stage.publisher.ok("sign", image);
    await using guarded = await startRegistry(directory, { name: "guarded", htpasswd: registryUser });
    const digest = stage.good.digest;
    const withPassword = (password: string | undefined) => {
      const config = directory.at(`docker-${password?.length ?? 0}`);
      mkdirSync(config, { recursive: true });
      const auth = Buffer.from(`reader:${password}`).toString("base64");
      const auths = password === undefined ? {} : { [guarded.host]: { auth } };
      writeFileSync(`${config}/config.json`, JSON.stringify({ auths }), { mode: 0o600 });
      const { url, authority } = server;
      return countersignClient({ url, authority, home: directory.at("publisher"), env: { DOCKER_CONFIG: config } });
    };
    const guardedImage = `${guarded.host}/team/app:1.0`;
    await refused(withPassword(undefined), exit.denied, "registry.denied", guarded.host, "sign", guardedImage);
    await refused(withPassword("wrong passphrase"), exit.denied, "registry.denied", guarded.host, "sign", guardedImage);
    // With the right password the answer is about the image, not about the door.
    await refused(
      withPassword(registryPassword),
      exit.missing,
      "image.missing",
      guardedImage.split(":")[0] ?? "",
      "sign",
      guardedImage,
    );
    assert.ok(digest.startsWith("sha256:"));
  },
);

peerTest("a directory that cannot be written", stagePeers, async () => {
  await using stage = await openStage("read-only");
  const image = `${stage.gun}:1.0`;
  await stage.publisher.ok("sign", image);
  // Not by permissions, which do not bind root: where the directory should be there is a file.
  writeFileSync(stage.directory.at("not-a-directory"), "");
  const done = await stage.reader("not-a-directory").json("verify", image, "--trust-on-first-use");
  assert.equal(done.status, exit.local, done.text);
  assert.match(done.text, /disk\.(read_only|unreadable)/);
});

test("a second server on the same data directory is refused at once, and the first goes on", async () => {
  using directory = scratch("second");
  await using first = await startOurServer(directory);
  await assert.rejects(startOurServer(directory), /storage\.locked/);
  await first.process.kill();
  // A killed server leaves no lock behind.
  await using again = await startOurServer(directory);
  assert.ok(again.url);
});

test("a damaged database is refused at start, by name and with the next step", async () => {
  using directory = scratch("damaged");
  const first = await startOurServer(directory);
  await first.process.stop();
  const name = readdirSync(first.dataDirectory).find((file) => /\.(db|sqlite3?)$/.test(file));
  assert.ok(name);
  writeFileSync(`${first.dataDirectory}/${name}`, Buffer.alloc(statSync(`${first.dataDirectory}/${name}`).size, "x"));
  await assert.rejects(startOurServer(directory), /storage\.corrupt/);
});

peerTest("two publishers at once: both tags are signed in the end", stagePeers, async () => {
  await using stage = await openStage("race");
  const { gun, registry, publisher } = stage;
  const tags = ["1.0", "2.0", "3.0", "4.0"];
  for (const tag of tags) await registry.push(stage.layout, "good", "team/app", tag);
  const done = await Promise.all(tags.map((tag) => publisher.run("sign", `${gun}:${tag}`)));
  for (const [index, tag] of tags.entries()) {
    // Whoever lost the race either tried again by itself or said so, and then trying again helps.
    if (done[index]?.status !== 0) {
      assert.match(`${done[index]?.stderr}`, /conflict\.lost_race/);
      await publisher.ok("sign", `${gun}:${tag}`);
    }
    assert.equal((await verdict(publisher, `${gun}:${tag}`)).status, 0, tag);
  }
});
