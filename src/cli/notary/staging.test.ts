// What is staged in Notary's list, from the `notary` command line: what no publish could ever use is refused at once, and a publish that one bad
// change stops says how to drop it (notary-v1, 14-Q).
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { formatPem } from "../../bytes/index.ts";
import { generateSigner } from "../../keys/index.ts";
import { openFrontWorld } from "./front-world.ts";

const gun = "ex/app";

it("14-Q: a publish that one bad change stops says how to see and drop it, and drops nothing by itself", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  const file = join(owner.home, "file");
  assert.equal((await owner.run("init", "-p", gun)).status, 0);
  writeFileSync(file, "hello");
  assert.equal((await owner.run("add", gun, "good", file)).status, 0);
  assert.equal((await owner.run("add", gun, "bad", file, "-r", "targets/nobody")).status, 0);
  for (const words of [["publish", gun] as const, ["witness", "-p", gun, "targets/none"] as const]) {
    const { status, out, err } = await owner.run(...words);
    assert.equal(status, 1);
    assert.match(out, /\* fatal: /);
    assert.match(err, /still staged: notary status ex\/app shows it, notary reset ex\/app --all drops it/);
  }
  assert.match((await owner.run("status", gun)).out, /good\n[\s\S]*bad\n/);
  assert.equal((await owner.run("reset", gun, "-n", "1,2")).status, 0);
  assert.equal((await owner.run("publish", gun)).status, 0);
  assert.match((await owner.run("list", gun)).out, /^good /m);
});

it("a list of changes that cannot be read says how to get rid of it", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  assert.equal((await owner.run("init", "-p", gun)).status, 0);
  assert.equal((await owner.run("delegation", "add", gun, "targets/qa", "--all-paths")).status, 0);
  writeFileSync(join(owner.home, ".notary/tuf/ex/app/changelist/zz.change"), "half a change");
  const { status, err } = await owner.run("publish", gun);
  assert.equal(status, 1);
  assert.match(err, /what is staged cannot be read: notary reset ex\/app --all drops it/);
  assert.equal((await owner.run("reset", gun, "--all")).status, 0);
  assert.equal((await owner.run("publish", gun)).status, 0);
});

it("targets of a role that holds none, and a timestamp to witness, are refused before they stand in the way", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  const file = join(owner.home, "file");
  assert.equal((await owner.run("init", "-p", gun)).status, 0);
  writeFileSync(file, "hello");
  for (const role of ["root", "snapshot", "nonsense"]) {
    for (const words of [["add", gun, "v1", file] as const, ["remove", gun, "v1"] as const]) {
      const { status, out } = await owner.run(...words, "-r", role);
      assert.deepEqual([status, out], [1, `\n* fatal: tuf: invalid role ${role}. cannot add targets to this role\n`]);
    }
  }
  assert.equal((await owner.run("witness", gun, "targets", "timestamp")).status, 1);
  assert.match((await owner.run("status", gun)).out, /No unpublished changes/);
});

it("keys first and paths later, as Notary's users do it, earns no word about the delegation in between", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  const certificate = join(owner.home, "alice.pem");
  const { publicKey } = await generateSigner();
  assert.equal((await owner.run("init", "-p", gun)).status, 0);
  writeFileSync(certificate, formatPem("PUBLIC KEY", publicKey.spki));
  const keys = await owner.run("delegation", "add", "-p", gun, "targets/qa", certificate);
  assert.equal(keys.status, 0);
  assert.doesNotMatch(keys.err, /no path|--path/);
  assert.equal((await owner.run("delegation", "add", "-p", gun, "targets/qa", "--all-paths")).status, 0);
  assert.match((await owner.run("delegation", "list", gun)).out, /targets\/qa +"" <all paths>/);
});
