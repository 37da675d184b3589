// Old clients and us on one server, in both directions: Debian's notary and the docker client read what `countersign sign` published,
// our verify reads what `notary add -p` published, and neither locks the other out.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dockerClient } from "./peers/docker-client.ts";
import { startFakeEngine } from "./peers/fake-engine.ts";
import { peerTest } from "./peers/find.ts";
import { openStage, stagePeers, verdict } from "./peers/stage.ts";

peerTest(
  "notary lists, looks up, verifies and shows the status of what countersign signed",
  [...stagePeers, "notary"],
  async () => {
    await using stage = await openStage("notary-reads");
    const { gun, good, registry } = stage;
    await stage.publisher.ok("sign", `${gun}:1.0`);
    const notary = stage.notary("reader");
    const hex = good.digest.slice("sha256:".length);
    assert.match((await notary.ok("list", gun)).stdout, new RegExp(`^1\\.0 +${hex} +${good.size} +targets`, "m"));
    assert.equal((await notary.ok("lookup", gun, "1.0")).stdout.trim(), `1.0 sha256:${hex} ${good.size}`);
    const { bytes } = await registry.manifest("team/app", "1.0");
    writeFileSync(stage.directory.at("manifest"), bytes);
    await notary.ok("verify", "-q", "-i", stage.directory.at("manifest"), gun, "1.0");
    writeFileSync(stage.directory.at("altered"), Buffer.concat([bytes, Buffer.from(" ")]));
    const altered = await notary.run("verify", "-q", "-i", stage.directory.at("altered"), gun, "1.0");
    assert.equal(altered.status, 1, "notary itself refuses an altered manifest");
    assert.match((await notary.ok("status", gun)).stdout, /No unpublished changes/);
  },
);

peerTest(
  "notary follows our later publishes and our revocation with its cache from before",
  [...stagePeers, "notary"],
  async () => {
    await using stage = await openStage("notary-follows");
    const { gun } = stage;
    const notary = stage.notary("reader");
    await stage.publisher.ok("sign", `${gun}:1.0`);
    await notary.ok("list", gun);
    await stage.registry.push(stage.layout, "other", "team/app", "2.0");
    await stage.publisher.ok("sign", `${gun}:2.0`);
    assert.match((await notary.ok("list", gun)).stdout, /^2\.0 /m);
    await stage.publisher.ok("revoke", `${gun}:1.0`);
    assert.doesNotMatch((await notary.ok("list", gun)).stdout, /^1\.0 /m);
  },
);

peerTest(
  "docker trust inspect shows the signed tag, and a trusted pull pulls by the signed digest",
  [...stagePeers, "docker-trust"],
  async () => {
    await using stage = await openStage("docker-reads");
    const image = `${stage.gun}:1.0`;
    await stage.publisher.ok("sign", image);
    await using engine = await startFakeEngine();
    const docker = dockerClient({
      trustServer: stage.server.url,
      directory: stage.directory.at("docker"),
      engine: engine.host,
    });
    const inspect = await docker.run("trust", "inspect", image);
    assert.equal(inspect.status, 0, inspect.stdout + inspect.stderr);
    const [told] = JSON.parse(inspect.stdout);
    assert.deepEqual(
      told.SignedTags.map(({ SignedTag, Digest, Signers }: Record<string, unknown>) => ({
        SignedTag,
        Digest,
        Signers,
      })),
      [{ SignedTag: "1.0", Digest: stage.good.digest.slice("sha256:".length), Signers: ["Repo Admin"] }],
    );
    const pull = await docker.run("pull", image);
    assert.equal(pull.status, 0, pull.stdout + pull.stderr);
    const pulled = engine.requests.map(decodeURIComponent).filter((request) => request.includes("/images/create"));
    assert.ok(pulled.length === 1 && pulled[0]?.includes(stage.good.digest), engine.requests.join("\n"));
    const unsigned = await docker.run("pull", `${stage.gun}:never-signed`);
    assert.equal(unsigned.status, 1);
    assert.match(unsigned.stderr, /No valid trust data|does not have trust data|No trust data/i);
  },
);

peerTest("what notary published into our server is trusted by our verify", [...stagePeers, "notary"], async () => {
  await using stage = await openStage("notary-writes");
  const gun = `${stage.registry.host}/team/old`;
  await stage.registry.push(stage.layout, "good", "team/old", "1.0");
  const { bytes } = await stage.registry.manifest("team/old", "1.0");
  writeFileSync(stage.directory.at("manifest"), bytes);
  const notary = stage.notary("publisher");
  await notary.ok("init", gun);
  await notary.ok("add", "-p", gun, "1.0", stage.directory.at("manifest"));
  const reader = stage.reader("reader");
  const told = await verdict(reader, `${gun}:1.0`, "--trust-on-first-use");
  assert.equal(told.status, 0, JSON.stringify(told.reasons));
  assert.equal(told.signed?.digest, stage.good.digest);
  assert.equal(told.signed?.dialect, "notary1");
  // Freshness carries on from what was seen: the next publish by the old client is followed.
  await stage.registry.push(stage.layout, "other", "team/old", "1.0");
  writeFileSync(stage.directory.at("manifest"), (await stage.registry.manifest("team/old", "1.0")).bytes);
  assert.equal((await verdict(reader, `${gun}:1.0`)).status, 1);
  await notary.ok("add", "-p", gun, "1.0", stage.directory.at("manifest"));
  assert.equal((await verdict(reader, `${gun}:1.0`)).signed?.digest, stage.other.digest);
});

peerTest(
  "docker push with content trust signs into our server, and our verify trusts it",
  [...stagePeers, "docker-trust"],
  async () => {
    await using stage = await openStage("docker-writes");
    const name = `${stage.registry.host}/team/pushed`;
    await stage.registry.push(stage.layout, "good", "team/pushed", "v1");
    await using engine = await startFakeEngine({ v1: stage.good });
    const docker = dockerClient({
      trustServer: stage.server.url,
      directory: stage.directory.at("docker"),
      engine: engine.host,
    });
    const push = await docker.run("push", `${name}:v1`);
    assert.equal(push.status, 0, push.stdout + push.stderr);
    const told = await verdict(stage.reader("reader"), `${name}:v1`, "--trust-on-first-use");
    assert.equal(told.status, 0, JSON.stringify(told.reasons));
    assert.equal(told.signed?.digest, stage.good.digest);
  },
);
