// Our client against Debian's notary-server: an operator who has not moved yet. One document at a time, notary1 only.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { countersignClient } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { addImage, makeLayout, readBlob, setTag } from "./peers/images.ts";
import { notaryClient } from "./peers/notary-client.ts";
import { startNotaryMemory, startNotaryPostgres } from "./peers/notary-server.ts";
import { scratch } from "./peers/scratch.ts";
import { verdict } from "./peers/stage.ts";

const servers = { memory: startNotaryMemory, PostgreSQL: startNotaryPostgres };
const peers = ["notary", "notary-server", "notary-signer", "postgres", "openssl", "umoci", "busybox"] as const;

for (const [backend, start] of Object.entries(servers)) {
  peerTest(
    `verify trusts what notary published to notary-server on ${backend}, and refuses what it did not`,
    peers,
    async () => {
      using directory = scratch("real-notary");
      await using server = await start(directory, { tls: true });
      const { url, authority } = server;
      const gun = "registry.example.com/team/app";
      const layout = await makeLayout(directory);
      const good = await addImage(directory, layout, "1.0", "hello");
      const other = await addImage(directory, layout, "other", "goodbye");
      writeFileSync(directory.at("manifest"), readBlob(layout, good.digest));
      const notary = notaryClient({ url, authority, trustDirectory: directory.at("trust") });
      await notary.ok("init", gun);
      await notary.ok("add", "-p", gun, "1.0", directory.at("manifest"));

      const client = countersignClient({ url, authority, home: directory.at("home") });
      const image = [`oci:${layout}:1.0`, "--as", `${gun}:1.0`] as const;
      const cold = await verdict(client, ...image, "--trust-on-first-use");
      assert.equal(cold.status, 0, JSON.stringify(cold.reasons));
      assert.equal(cold.signed?.digest, good.digest);
      const warm = await verdict(client, ...image);
      assert.equal(warm.status, 0, JSON.stringify(warm.reasons));
      setTag(layout, "1.0", other);
      const refused = await verdict(client, ...image);
      assert.equal(refused.status, 1);
      assert.equal(refused.reasons[0]?.code, "image.mismatch");
      const unknown = await client.json("tags", "registry.example.com/team/none", "--trust-on-first-use");
      assert.equal(unknown.status, 3, unknown.text);
      assert.match(unknown.text, /collection\.missing/);
    },
  );
}

peerTest("what we publish to a real notary-server is trusted by notary and by ourselves", peers, async () => {
  using directory = scratch("real-notary-publish");
  await using server = await startNotaryPostgres(directory, { tls: true });
  const { url, authority } = server;
  const gun = "registry.example.com/team/app";
  const layout = await makeLayout(directory);
  const good = await addImage(directory, layout, "1.0", "hello");
  const publisher = countersignClient({ url, authority, home: directory.at("publisher") });
  await publisher.ok("init", gun, "--no-recovery-kit");
  const image = [`oci:${layout}:1.0`, "--as", `${gun}:1.0`] as const;
  await publisher.ok("sign", ...image);
  const notary = notaryClient({ url, authority, trustDirectory: directory.at("trust") });
  const hex = good.digest.slice("sha256:".length);
  assert.equal((await notary.ok("lookup", gun, "1.0")).stdout.trim(), `1.0 sha256:${hex} ${good.size}`);
  assert.equal((await verdict(publisher, ...image)).signed?.digest, good.digest);

  // It hands out older versions by number, and they verify.
  const alice = directory.at("alice.pem");
  await publisher.ok("key", "generate", "alice", "--public-key", alice);
  await publisher.ok("delegation", "add", gun, "releases", alice, "--all-paths");
  await publisher.ok("sign", ...image, "--role", "targets");
  assert.match((await publisher.ok("status", gun)).stdout, /here as alice, since targets 3\)/);
  assert.match((await publisher.ok("delegation", "list", gun)).stdout, /^targets\/releases .* targets 3 /m);
});
