// `notary completion`: start-up files of shells run what it prints.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { openFrontWorld } from "./front-world.ts";

it("a shell that sources the completion gets a script for notary, never a failure line to run", async () => {
  await using world = await openFrontWorld();
  const person = world.machine("person");
  const { status, out, err } = await person.run("completion", "bash");
  assert.deepEqual([status, err], [0, ""]);
  const ask = (...words: readonly string[]): string => {
    const line = `COMP_WORDS=(${words.join(" ")}); COMP_CWORD=${words.length - 1}; _notary; echo "\${COMPREPLY[*]}"`;
    const shell = spawnSync("bash", ["--norc", "-c", `${out}\n${line}`], { encoding: "utf8" });
    assert.equal(shell.stderr, "");
    return shell.stdout.trim();
  };
  assert.equal(ask("notary", "loo"), "lookup");
  assert.equal(ask("notary", "key", "ro"), "rotate");
  assert.equal(ask("notary", "list", "--ro"), "--roles");
  assert.match((await person.run("completion", "zsh")).out, /^#compdef notary\n/);
  assert.match((await person.run("completion", "fish")).out, /^complete -c notary .*-a lookup /m);
});
