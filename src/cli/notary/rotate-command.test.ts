// `notary key rotate` when all goes well; bad-servers.test.ts has the accidents.
import assert from "node:assert/strict";
import { it } from "node:test";
import { openFrontWorld } from "./front-world.ts";

const gun = "ex/app";

it("a single root key: the rotation names the command that makes a second one, for this directory and this server", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  assert.equal((await owner.run("init", "-p", gun)).status, 0);
  const { status, err } = await owner.run("key", "rotate", gun, "targets");
  assert.equal(status, 0);
  const where = `--trust-dir ${owner.home}/.notary --server ${world.url}`;
  assert.ok(err.includes(`  - countersign rotate ex/app root --recovery-kit FILE ${where}\n`), err);
});

it("14-H: several roles share one root, and every role is told", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  assert.equal((await owner.run("init", "-p", gun)).status, 0);
  world.requests.length = 0;
  const { out } = await owner.run("key", "rotate", gun, "snapshot", "timestamp", "-r");
  assert.equal(
    out,
    `Successfully rotated snapshot key for repository ${gun}\nSuccessfully rotated timestamp key for repository ${gun}\n`,
  );
  assert.equal(world.requests.filter((request) => request.endsWith("/publish")).length, 1);
});
