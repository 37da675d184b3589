// Accidents on the publisher's machine, seen from the `notary` command line: a full disk, damaged key files, two programs at once.
import assert from "node:assert/strict";
import { chmodSync, promises, readdirSync, statSync, writeFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { it, mock } from "node:test";
import { type FrontMachine, openFrontWorld, type Run } from "./front-world.ts";

const gun = "ex/app";

async function ok(machine: FrontMachine, ...argv: readonly string[]): Promise<Run> {
  const run = await machine.run(...argv);
  assert.equal(run.status, 0, `notary ${argv.join(" ")}: ${run.out}${run.err}`);
  return run;
}

/** From the file of number `first` on every new file takes half of what is written, then the disk is full. */
async function onFullDisk<T>(first: number, work: () => Promise<T>): Promise<T> {
  const { open } = promises;
  let files = 0;
  const opening = mock.method(promises, "open", async (...args: Parameters<typeof open>): Promise<FileHandle> => {
    const handle = await open(...args);
    if (args[1] !== "wx" || ++files < first) return handle;
    const { writeFile } = handle;
    handle.writeFile = async (data) => {
      const text = Buffer.from(typeof data === "string" ? data : "");
      await writeFile.call(handle, text.subarray(0, text.length / 2));
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    return handle;
  });
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    opening.mock.restore();
    syncBuiltinESMExports();
  }
}

it("a full disk in the middle of key import: whole keys or none, the old ones untouched, and the same command ends it", async () => {
  await using world = await openFrontWorld();
  const donor = world.machine("donor");
  await ok(donor, "init", "-p", gun);
  const exported = join(donor.home, "all.pem");
  await ok(donor, "key", "export", "-o", exported);
  const owner = world.machine("owner");
  await ok(owner, "key", "generate", "ecdsa", "-r", "alice");
  const before = owner.keys();
  const failed = await onFullDisk(2, () => owner.run("key", "import", exported));
  assert.equal(failed.status, 1);
  assert.match(failed.out, /\* fatal: no space left/);
  assert.match(failed.err, /\[disk.full\]\n {2}- free some space/);
  const after = owner.keys();
  assert.equal(after.size, before.size + 1, "the first came in, the others did not, and no temporary file stayed");
  for (const [name, text] of before) assert.equal(after.get(name), text);
  for (const [name, text] of after) if (!before.has(name)) assert.equal(text, donor.keys().get(name));
  await ok(owner, "key", "import", exported);
  assert.equal(owner.keys().size, before.size + donor.keys().size);
});

it("a full disk while keys are made: no half key, and the next init uses those that were whole", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  const failed = await onFullDisk(1, () => owner.run("key", "generate", "ecdsa", "-r", "alice"));
  assert.equal(failed.status, 1);
  assert.match(failed.err, /\[disk.full\]/);
  assert.deepEqual(owner.keys(), new Map());
  const begun = await onFullDisk(2, () => owner.run("init", gun));
  assert.equal(begun.status, 1);
  await ok(owner, "init", "-p", gun);
  assert.equal(owner.keys().size, 3, "the key that was whole is used, not a second one made");
});

for (const [what, damage] of [
  ["half written", (text: string) => text.slice(0, text.length / 2)],
  ["emptied by a crash", () => ""],
] as const) {
  it(`a key file ${what} is told by its path, at publish and at import, and a backup comes back after it is moved away`, async () => {
    await using world = await openFrontWorld();
    const owner = world.machine("owner");
    await ok(owner, "init", "-p", gun);
    const backup = join(owner.home, "backup.pem");
    await ok(owner, "key", "export", "-o", backup);
    const [name = "", text = ""] = [...owner.keys()].find(([, each]) => each.includes("role: targets")) ?? [];
    const path = join(owner.home, ".notary/private", name);
    writeFileSync(path, damage(text));
    await ok(owner, "witness", gun, "targets");
    const published = await owner.run("publish", gun);
    assert.equal(published.status, 1);
    assert.match(published.out, /\* fatal: could not find necessary signing keys/);
    const way = `${path} is damaged: move it away, then bring the key from a backup with notary key import FILE`;
    assert.ok(published.err.includes(way), published.err);
    const imported = await owner.run("key", "import", backup);
    assert.equal(imported.status, 1);
    assert.ok(imported.err.includes(way), imported.err);
    await promises.rename(path, `${path}.damaged`);
    await ok(owner, "key", "import", backup);
    assert.match((await ok(owner, "publish", gun)).out, /Successfully published/);
  });
}

it("a key of a cipher that nobody reads is told by its path when it is to sign", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  await ok(owner, "init", "-p", gun);
  const [name = "", text = ""] = [...owner.keys()].find(([, each]) => each.includes("role: targets")) ?? [];
  const path = join(owner.home, ".notary/private", name);
  const [head = "", tail = ""] = [/^[\s\S]*?\n\n/.exec(text)?.[0], /-----END.*\n$/.exec(text)?.[0]];
  writeFileSync(path, `${head}${Buffer.alloc(64, 1).toString("base64")}\n${tail}`);
  const { status, out, err } = await owner.run("witness", "-p", gun, "targets");
  assert.equal(status, 1);
  assert.ok(out.includes(`* fatal: ${path}: key file is damaged`), out);
  assert.match(err, /\[key.format\]\n {2}- a file that was only half written ends early; restore it from a backup/);
});

it("keys that others may read work as with Notary, and what is imported from such a file may not be read by others", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  await ok(owner, "init", "-p", gun);
  const folder = join(owner.home, ".notary/private");
  for (const name of owner.keys().keys()) chmodSync(join(folder, name), 0o644);
  await ok(owner, "witness", "-p", gun, "targets");
  const backup = join(owner.home, "backup.pem");
  await ok(owner, "key", "export", "-o", backup);
  assert.equal(statSync(backup).mode & 0o777, 0o600);
  chmodSync(backup, 0o644);
  const other = world.machine("other");
  await ok(other, "key", "import", backup);
  const stored = join(other.home, ".notary/private");
  for (const name of other.keys().keys()) assert.equal(statSync(join(stored, name)).mode & 0o777, 0o600);
});

it("a role header that is wrong says nothing about what a key signs", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  await ok(owner, "init", "-p", gun);
  const [name = "", text = ""] = [...owner.keys()].find(([, each]) => each.includes("role: targets")) ?? [];
  writeFileSync(join(owner.home, ".notary/private", name), text.replace("role: targets", "role: alice"));
  await ok(owner, "witness", "-p", gun, "targets");
  await ok(owner, "list", gun);
});

it("two programs in one trust directory: every target is published, and nothing stays on the list", async () => {
  await using world = await openFrontWorld();
  const owner = world.machine("owner");
  const inits = await Promise.all([owner.run("init", "-p", gun), owner.run("init", "-p", gun)]);
  assert.ok(inits.some(({ status }) => status === 0));
  assert.equal(owner.keys().size, 3, "one set of keys");
  const file = join(owner.home, "file");
  writeFileSync(file, "hello");
  const names = ["1", "2", "3", "4"];
  const runs = await Promise.all(names.map((name) => owner.run("add", "-p", gun, name, file)));
  assert.deepEqual(
    runs.map(({ status }) => status),
    [0, 0, 0, 0],
  );
  const rotated = await Promise.all([
    owner.run("key", "rotate", gun, "targets"),
    owner.run("add", "-p", gun, "5", file),
  ]);
  for (const { status, out, err } of rotated) assert.equal(status, 0, out + err);
  const { out } = await ok(owner, "list", gun);
  for (const name of [...names, "5"]) assert.match(out, new RegExp(`^${name} `, "m"));
  assert.match((await ok(owner, "status", gun)).out, /No unpublished changes/);
  assert.deepEqual(
    readdirSync(join(owner.home, ".notary/private")).filter((name) => !name.endsWith(".key")),
    [],
  );
});
