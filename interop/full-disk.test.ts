// A disk without space, for real: a small file system of its own, on the reader's side and on the server's. One coded error, and nothing
// that was trusted or acknowledged is lost. Mounting needs root; where it is not allowed the test fails in CI.
import assert from "node:assert/strict";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { countersignClient, startOurServer } from "./peers/countersign.ts";
import { peerTest } from "./peers/find.ts";
import { run } from "./peers/process.ts";
import { scratch } from "./peers/scratch.ts";
import { openStage, stagePeers, verdict } from "./peers/stage.ts";

/** A file system of `size` on a directory; undefined, and the test is skipped by name, where this machine does not allow one. */
async function smallDisk(context: TestContext, directory: string, size: string): Promise<AsyncDisposable | undefined> {
  mkdirSync(directory);
  const mounted = await run("mount", ["-t", "tmpfs", "-o", `size=${size},mode=0700`, "tmpfs", directory]);
  if (mounted.status !== 0) {
    if (process.env.CI) throw new Error(`cannot mount a small file system: ${mounted.stderr}`);
    context.skip("this machine does not let us mount a small file system");
    return undefined;
  }
  return {
    async [Symbol.asyncDispose]() {
      await run("umount", [directory]);
    },
  };
}

peerTest(
  "a reader whose disk is full: disk.full, and nothing that was trusted is lost",
  stagePeers,
  async (context) => {
    await using stage = await openStage("full");
    const image = `${stage.gun}:1.0`;
    await stage.publisher.ok("sign", image);
    const home = stage.directory.at("tiny");
    await using disk = await smallDisk(context, home, "16k");
    if (disk === undefined) return;
    writeFileSync(join(home, "ballast"), Buffer.alloc(8192));
    const refused = await stage.reader("tiny").json("verify", image, "--trust-on-first-use");
    assert.equal(refused.status, 8, refused.text);
    assert.match(refused.text, /"disk\.full"/);
    assert.equal((await verdict(stage.publisher, image)).status, 0);
  },
);

test("a server whose disk is full refuses the publish, keeps what it has, and goes on when there is space", async (context) => {
  using directory = scratch("full-server");
  const data = directory.at("trust-server");
  await using disk = await smallDisk(context, data, "2m");
  if (disk === undefined) return;
  await using server = await startOurServer(directory);
  const client = countersignClient({
    url: server.url,
    authority: server.authority,
    home: directory.at("publisher"),
  });
  const gun = "registry.example.com/team/app";
  const signed = (name: string) => ["sign", `${gun}:${name}`, "--digest", `sha256:${"ab".repeat(32)}`, "--length", "7"];
  const verified = (name: string) => client.run("verify", `${gun}:${name}`, "--digest", `sha256:${"ab".repeat(32)}`);
  await client.ok("init", gun, "--recovery-kit", directory.at("kit.txt"));
  await client.ok(...signed("1.0"));

  const { bavail, bsize } = statfsSync(data);
  writeFileSync(join(data, "ballast"), Buffer.alloc(bavail * bsize));
  const refused = await client.json(...signed("2.0"));
  // The client learns that the server cannot store now; what is wrong with the server's disk is for its operator.
  assert.equal(refused.status, 4, refused.text);
  assert.match(refused.text, /"code": "storage\.unavailable"/);
  assert.match(server.process.log(), /disk\.full/);
  assert.equal((await verified("1.0")).status, 0, "what was acknowledged is served");
  assert.equal((await verified("2.0")).status, 3, "what was refused is not there");

  rmSync(join(data, "ballast"));
  await client.ok(...signed("2.0"));
  assert.equal((await verified("1.0")).status, 0);
  assert.equal((await verified("2.0")).status, 0);
});
