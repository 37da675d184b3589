// One collection, two dialects, two kinds of things: notary and docker trust read the tags of images in notary1; TUF 1.0 clients that know
// nothing of containers read the same tags, and files beside them, in tuf1. Everything over the server's own TLS.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dockerClient } from "./peers/docker-client.ts";
import { peerTest } from "./peers/find.ts";
import { readBlob, type TestImage } from "./peers/images.ts";
import { openStage, stagePeers } from "./peers/stage.ts";
import { tufClientPeers, tufClients } from "./peers/tuf-clients.ts";
import { allRead } from "./tuf-clients/reading.ts";

peerTest(
  "notary, docker trust and four TUF clients follow the tags and the files of one collection",
  [...stagePeers, ...tufClientPeers, "notary", "docker-trust"],
  async () => {
    const clients = await tufClients();
    await using stage = await openStage("one-collection");
    const { gun, directory, publisher, server, good, other } = stage;
    const source = directory.at("source");
    mkdirSync(`${source}/dist`, { recursive: true });
    writeFileSync(`${source}/dist/app.txt`, "the first file");
    await publisher.ok("collection", "layout", gun, "--bins", "hash-prefixes:2");
    await publisher.ok("sign", `${gun}:1.0`);
    await publisher.ok("collection", "add", gun, source);
    await publisher.ok("export", gun, directory.at("tree"));
    const root = directory.at("tree/metadata/1.root.json");
    const notary = stage.notary("reader");
    const docker = dockerClient({ trustServer: server.url, directory: directory.at("docker") });

    const allFollow = async (tag: string, image: TestImage, file: string, gone: readonly string[]): Promise<void> => {
      const hex = image.digest.slice("sha256:".length);
      const listed = (await notary.ok("list", gun)).stdout;
      assert.match(listed, new RegExp(`^${tag.replaceAll(".", "\\.")} +${hex} +${image.size} +targets`, "m"));
      assert.doesNotMatch(listed, /app\.txt/, "files in bins are nothing that notary1 knows");
      const inspect = await docker.run("trust", "inspect", gun);
      assert.equal(inspect.status, 0, inspect.stderr);
      const [told] = JSON.parse(inspect.stdout);
      const tags = told.SignedTags.map(({ SignedTag, Digest }: Record<string, unknown>) => [SignedTag, Digest]);
      assert.deepEqual(tags, [[tag, hex]]);
      await allRead(
        clients,
        {
          root,
          url: `${server.url}/v2/${gun}/_trust/tuf1`,
          authority: server.authority,
          directory: directory.at("returning"),
        },
        {
          found: { [tag]: readBlob(stage.layout, image.digest).toString(), "dist/app.txt": file },
          absent: gone,
          beyond: { "go-tuf": ["dist/app.txt"] },
        },
      );
    };
    await allFollow("1.0", good, "the first file", ["2.0"]);

    await stage.registry.push(stage.layout, "other", "team/app", "2.0");
    await publisher.ok("sign", `${gun}:2.0`);
    await publisher.ok("revoke", `${gun}:1.0`);
    writeFileSync(`${source}/dist/app.txt`, "the second file");
    await publisher.ok("collection", "replace", gun, source);
    await allFollow("2.0", other, "the second file", ["1.0"]);
  },
);
