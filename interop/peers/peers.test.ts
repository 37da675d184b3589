// The peers among themselves, without us: when one of these fails, the fault is in the set-up and not in Countersign.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dockerClient } from "./docker-client.ts";
import { startFakeEngine } from "./fake-engine.ts";
import { peerTest } from "./find.ts";
import { addImage, addIndex, makeLayout, readBlob } from "./images.ts";
import { notaryClient } from "./notary-client.ts";
import { startNotaryMemory, startNotaryPostgres } from "./notary-server.ts";
import { startRegistry } from "./registry.ts";
import { scratch } from "./scratch.ts";

peerTest(
  "umoci, skopeo and the registry: an image of two layers and an index keep their digests",
  ["umoci", "busybox", "skopeo", "docker-registry"],
  async () => {
    using directory = scratch("images");
    const layout = await makeLayout(directory);
    const amd64 = await addImage(directory, layout, "amd64", "hello");
    const arm64 = await addImage(directory, layout, "arm64", "hello, arm", "arm64");
    const index = addIndex(layout, "multi", [
      { image: amd64, architecture: "amd64" },
      { image: arm64, architecture: "arm64" },
    ]);
    assert.equal(JSON.parse(readBlob(layout, amd64.digest).toString()).layers.length, 2);
    await using registry = await startRegistry(directory);
    await registry.push(layout, "amd64", "team/app", "1.0");
    await registry.push(layout, "multi", "team/app", "multi");
    assert.equal((await registry.manifest("team/app", "1.0")).digest, amd64.digest);
    assert.equal((await registry.manifest("team/app", "multi")).digest, index.digest);
  },
);

peerTest(
  "notary publishes to and reads from its own server on memory and on PostgreSQL",
  ["notary", "notary-server", "notary-signer", "postgres", "openssl"],
  async () => {
    using directory = scratch("notary");
    writeFileSync(directory.at("file"), "content");
    await using memory = await startNotaryMemory(directory, { tls: true });
    await using postgres = await startNotaryPostgres(directory, { tls: true });
    for (const [name, { url, authority }] of Object.entries({ memory, postgres })) {
      const client = notaryClient({ url, authority, trustDirectory: directory.at(`trust-${name}`) });
      await client.ok("init", "example.com/team/app");
      await client.ok("add", "-p", "example.com/team/app", "v1", directory.at("file"));
      assert.match((await client.ok("list", "example.com/team/app")).stdout, /^v1 +[0-9a-f]{64} +7 +targets/m);
    }
  },
);

peerTest(
  "docker trust signs, inspects and pulls by digest through the fake engine",
  ["docker-trust", "notary-server", "openssl"],
  async () => {
    using directory = scratch("docker");
    const image = { digest: `sha256:${"ab".repeat(32)}`, size: 528 };
    await using server = await startNotaryMemory(directory, { tls: true });
    await using engine = await startFakeEngine({ v1: image });
    const docker = dockerClient({ trustServer: server.url, directory: directory.at("docker"), engine: engine.host });
    const name = "127.0.0.1:5999/team/app:v1";
    const push = await docker.run("push", name);
    assert.equal(push.status, 0, push.stdout + push.stderr);
    const inspect = await docker.run("trust", "inspect", name);
    assert.match(inspect.stdout, new RegExp("ab".repeat(32)));
    const pull = await docker.run("pull", name);
    assert.equal(pull.status, 0, pull.stdout + pull.stderr);
    assert.ok(
      engine.requests.some((request) => decodeURIComponent(request).includes(image.digest)),
      engine.requests.join("\n"),
    );
  },
);
