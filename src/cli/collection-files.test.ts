// Files of a collection against the real server as a function: bins, layouts, races, and the exported tree. Named after what would go wrong.
import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { parseTargetName } from "../bytes/index.ts";
import { addFiles, checkTree, exportTree, findFiles, hashFiles, removeFiles } from "../collection-files/index.ts";
import {
  contentOfBytes,
  initCollection,
  openKeyRing,
  publishChanges,
  type ReadPorts,
  verifyTarget,
} from "../flows/index.ts";
import type { BinLayout, Change } from "../publish/index.ts";
import { code, gun, type Machine, openWorld, passphrases, sign, start } from "./publishing-world.ts";

async function temporary() {
  const path = await mkdtemp(join(tmpdir(), "countersign-files-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function add(machine: Machine, directory: string, files: Readonly<Record<string, string>>, replaces = false) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(directory, name, ".."), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  const names = new Set(Object.keys(files));
  const found = (await findFiles([directory])).filter(({ name }) => names.has(name));
  const ring = await openKeyRing(machine.places, passphrases);
  const request = {
    gun,
    pins: [],
    ring,
    role: undefined,
    files: await hashFiles(found),
    replaces,
    sendsContents: true,
  };
  return addFiles(machine.ports, { ...request, publisher: undefined });
}

function layOut(machine: Machine, layout: BinLayout) {
  return change(machine, { kind: "bins", layout });
}

async function change(machine: Machine, wanted: Change) {
  const ring = await openKeyRing(machine.places, passphrases);
  return publishChanges(machine.ports, {
    gun,
    pins: [],
    changes: () => [wanted],
    blobs: new Map(),
    bins: "all",
    publisher: undefined,
    ring,
  });
}

async function verdict(ports: ReadPorts, name: string, text: string) {
  const request = { gun, dialect: "tuf1", pins: [], trustOnFirstUse: false, offline: "never" } as const;
  const content = async () => contentOfBytes(name, Buffer.from(text));
  return (await verifyTarget(ports, { ...request, name: parseTargetName(name), content })).trusted;
}

function startFiles(machine: Machine) {
  const request = { gun, places: machine.places, passphrases, rootKey: undefined, kit: undefined, isTuf1Only: true };
  return initCollection(machine.ports, request);
}

const files = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`dist/${index}.bin`, `content ${index}`]));

it("every layout verifies, from one to the next, and one more file touches one bin", async () => {
  await using world = await openWorld();
  await using directory = await temporary();
  const machine = world.machine("owner");
  await startFiles(machine);
  await add(machine, directory.path, files);
  const layouts: readonly BinLayout[] = [
    { kind: "succinct", bitLength: 3 },
    { kind: "hash-prefixes", bitLength: 2 },
    { kind: "flat" },
    { kind: "succinct", bitLength: 7 },
  ];
  for (const layout of layouts) {
    await layOut(machine, layout);
    for (const name of ["dist/0.bin", "dist/13.bin"]) {
      assert.ok(await verdict(machine.ports, name, files[name] ?? ""), `${name} in ${layout.kind}`);
    }
  }
  const asked: string[] = [];
  const tuf1 = machine.ports.server.tuf1Source();
  const watching: ReadPorts = {
    ...machine.ports,
    server: {
      ...machine.ports.server,
      tuf1Source: () => ({
        ...tuf1,
        fetchTargets(role, ...rest) {
          asked.push(role);
          return tuf1.fetchTargets(role, ...rest);
        },
      }),
      fetchBundle: () => Promise.reject(new Error("everything was asked for at once")),
    },
  };
  const report = await add({ ...machine, ports: watching }, directory.path, { "one-more": "x" });
  assert.equal(report.publish.published.length, 1);
  assert.deepEqual([...new Set(asked)].length, 2, "targets and one bin");
  assert.ok(await verdict(machine.ports, "one-more", "x"));
});

it("a bin published alone leaves notary1 level, and a tag signed afterwards goes to both dialects", async () => {
  await using world = await openWorld();
  await using directory = await temporary();
  const machine = world.machine("owner");
  await start(world, machine);
  await sign(machine, "1.0");
  await layOut(machine, { kind: "hash-prefixes", bitLength: 4 });
  const report = await add(machine, directory.path, { "dist/app.tar": "app" });
  assert.deepEqual(report.publish.behind, []);
  assert.deepEqual([...new Set(report.publish.published.map(({ dialect }) => dialect))], ["tuf1"]);
  const signed = await sign(machine, "2.0");
  assert.deepEqual(new Set(signed.published.map(({ dialect }) => dialect)), new Set(["notary1", "tuf1"]));
  assert.ok(await verdict(machine.ports, "dist/app.tar", "app"));
  assert.ok(await verdict(machine.ports, "1.0", "1.0"));
});

it("what is signed already is not signed again, other content is not overwritten by add, and removed is gone", async () => {
  await using world = await openWorld();
  await using directory = await temporary();
  const machine = world.machine("owner");
  await startFiles(machine);
  await layOut(machine, { kind: "succinct", bitLength: 2 });
  await add(machine, directory.path, { a: "1", b: "1" });
  const again = await add(machine, directory.path, { a: "1", b: "1" });
  assert.equal(again.unchanged, 2);
  assert.deepEqual(again.publish.published, []);
  await assert.rejects(add(machine, directory.path, { a: "2", c: "1" }), code("target.exists"));
  assert.ok(!(await verdict(machine.ports, "c", "1")), "nothing of a refused publish is there");
  const replaced = await add(machine, directory.path, { a: "2" }, true);
  assert.deepEqual(replaced.replaced, ["a"]);
  assert.ok((await verdict(machine.ports, "a", "2")) && !(await verdict(machine.ports, "a", "1")));
  const ring = await openKeyRing(machine.places, passphrases);
  const remove = { gun, pins: [], ring, role: undefined };
  await removeFiles(machine.ports, { ...remove, names: [parseTargetName("a")] });
  assert.ok(!(await verdict(machine.ports, "a", "2")));
  const both = [parseTargetName("b"), parseTargetName("nothing")];
  await assert.rejects(removeFiles(machine.ports, { ...remove, names: both }), code("target.missing"));
  assert.ok(await verdict(machine.ports, "b", "1"), "all or none");
});

it("two publishers add to one bin at once: both files are there", async () => {
  await using world = await openWorld();
  await using directory = await temporary();
  const first = world.machine("owner");
  await startFiles(first);
  await layOut(first, { kind: "succinct", bitLength: 1 });
  const home = { ...first.ports.home, whilePublishing: <T>(_: unknown, work: () => Promise<T>) => work() };
  const second: Machine = { ...first, ports: { ...first.ports, home } };
  const one = join(directory.path, "one");
  const other = join(directory.path, "other");
  await Promise.all([add(second, one, { a: "1", b: "1", c: "1" }), add(second, other, { d: "1", e: "1", f: "1" })]);
  for (const name of "abcdef") assert.ok(await verdict(first.ports, name, "1"), name);
});

it("an exported tree verifies, is updated by what changed alone, and keeps what an old timestamp leads to until it has expired", async () => {
  await using world = await openWorld();
  await using directory = await temporary();
  const machine = world.machine("owner");
  const tree = join(directory.path, "tree");
  await startFiles(machine);
  await layOut(machine, { kind: "succinct", bitLength: 3 });
  await add(machine, join(directory.path, "src"), files);
  const request = { gun, pins: [], directory: tree, targets: { from: undefined, allowsMissing: false } };
  const pins = (await machine.ports.home.pins.find(gun))?.pins ?? [];
  const check = () =>
    checkTree({
      gun,
      pins,
      directory: tree,
      checksTargets: true,
      allowsMissing: false,
      now: world.clock.now(),
      progress: () => {},
    });
  const first = await exportTree(machine.ports, request);
  assert.equal(first.artifacts?.written, 20);
  assert.equal((await check()).contents, 20);
  await add(machine, join(directory.path, "src"), { "dist/0.bin": "new" }, true);
  const second = await exportTree(machine.ports, request);
  assert.equal(second.artifacts?.written, 1);
  assert.equal(second.written, 3, "a bin, snapshot, timestamp");
  assert.equal(second.removed, 0);
  assert.ok(
    (await readdir(join(tree, "metadata"))).some((name) => /^3\.snapshot/.test(name)),
    "old states stay",
  );
  await check();
  world.clock.advance(8 * 24 * 60 * 60 * 1000);
  await assert.rejects(check(), code("metadata.expired"));
  await add(machine, join(directory.path, "src"), { late: "x" });
  const third = await exportTree(machine.ports, request);
  assert.ok(third.removed > 0);
  assert.equal((await check()).contents, 21);
  const old = (await readdir(join(tree, "targets/dist"))).filter((name) => name.endsWith(".0.bin"));
  assert.equal(old.length, 1, "the replaced content went");
});

it("a tree has contents where tough asks for them while the collection must serve it, and no longer", async () => {
  await using world = await openWorld();
  await using directory = await temporary();
  const machine = world.machine("owner");
  const tree = join(directory.path, "tree");
  await startFiles(machine);
  await change(machine, { kind: "serve", readers: ["tough"] });
  await add(machine, join(directory.path, "src"), { "dist/deep/app": "content", top: "top" });
  const targets = { from: undefined, allowsMissing: false };
  const request = { gun, pins: [], directory: tree, targets };
  const first = await exportTree(machine.ports, request);
  const folders = async () =>
    (await readdir(join(tree, "targets"))).filter((name) => /^[0-9a-f]{64}\.dist$/.test(name));
  assert.equal(first.artifacts?.written, 3, "dist/deep/app twice, top once: there both names are one");
  const [folder = ""] = await folders();
  assert.equal(await readFile(join(tree, "targets", folder, "deep/app"), "utf8"), "content");
  const pins = (await machine.ports.home.pins.find(gun))?.pins ?? [];
  const check = () => {
    const now = world.clock.now();
    return checkTree({
      gun,
      pins,
      directory: tree,
      checksTargets: true,
      allowsMissing: false,
      now,
      progress: () => {},
    });
  };
  assert.equal((await check()).contents, 3);
  await rm(join(tree, "targets", folder, "deep/app"));
  await assert.rejects(check(), code("target.missing"));
  await exportTree(machine.ports, request);
  await change(machine, { kind: "serve", readers: [] });
  await exportTree(machine.ports, request);
  assert.equal((await check()).contents, 2);
  assert.equal((await readdir(join(tree, "targets", folder, "deep"))).length, 1, "led to by the old timestamp");
  world.clock.advance(8 * 24 * 60 * 60 * 1000);
  assert.ok((await exportTree(machine.ports, request)).removed > 0);
  assert.deepEqual(await readdir(join(tree, "targets", folder, "deep")), []);
});

it("an export that ends after any document leaves the old state or the new one, and the next run completes it", async () => {
  await using world = await openWorld();
  await using directory = await temporary();
  const machine = world.machine("owner");
  await startFiles(machine);
  await layOut(machine, { kind: "succinct", bitLength: 1 });
  const [source, old] = [join(directory.path, "src"), join(directory.path, "old")];
  await add(machine, source, { a: "1", b: "1" });
  const request = { gun, pins: [], targets: { from: undefined, allowsMissing: false } };
  await exportTree(machine.ports, { ...request, directory: old });
  await add(machine, source, { a: "2", b: "2", c: "2" }, true);
  const pins = (await machine.ports.home.pins.find(gun))?.pins ?? [];
  const about = { gun, pins, checksTargets: true, allowsMissing: false, progress: () => {} };
  const states = new Set<number>();
  for (let plug = 1, wasPulled = true; wasPulled; plug++) {
    const tree = join(directory.path, `tree-${plug}`);
    await cp(old, tree, { recursive: true });
    let documents = 0;
    const testOnlyAfterWriting = (): void => {
      if (++documents === plug) throw new Error("the plug is pulled");
    };
    const exporting = exportTree(machine.ports, { ...request, directory: tree, testOnlyAfterWriting });
    wasPulled = await exporting.then(
      () => false,
      () => true,
    );
    const leftOver = join(tree, "metadata/.new-0123456789abcdef");
    await writeFile(leftOver, "half");
    states.add((await checkTree({ ...about, directory: tree, now: world.clock.now() })).targets);
    await exportTree(machine.ports, { ...request, directory: tree });
    assert.equal((await checkTree({ ...about, directory: tree, now: world.clock.now() })).targets, 3);
    await assert.rejects(readFile(leftOver), "what was left half is taken away");
  }
  assert.deepEqual([...states], [2, 3]);
});

it("a content that is nowhere, or is not what was signed, stops an export before the switch", async () => {
  await using world = await openWorld();
  await using directory = await temporary();
  const machine = world.machine("owner");
  const [tree, from] = [join(directory.path, "tree"), join(directory.path, "src")];
  await startFiles(machine);
  const found = await add(machine, from, { a: "1" });
  assert.equal(found.withoutContent, 0);
  const source = { ...machine.ports, server: { ...machine.ports.server, fetchContent: async () => undefined } };
  const request = { gun, pins: [], directory: tree, targets: { from, allowsMissing: false } };
  await exportTree(source, request);
  const before = await readFile(join(tree, "metadata/timestamp.json"), "utf8");
  await add(machine, from, { b: "right" });
  await writeFile(join(from, "b"), "wrong");
  await assert.rejects(exportTree(source, request), code("target.missing"));
  const lying = { ...source, server: { ...source.server, fetchContent: async () => Buffer.from("wrong") } };
  await assert.rejects(exportTree(lying, request), code("target.missing"));
  assert.equal(await readFile(join(tree, "metadata/timestamp.json"), "utf8"), before);
  const partly = await exportTree(source, { ...request, targets: { from, allowsMissing: true } });
  assert.deepEqual(partly.artifacts?.missing, ["b"]);
});

it("an export never writes into somebody's directory, through a link, over a newer tree, or a tampered one that it does not notice", async () => {
  await using world = await openWorld();
  await using directory = await temporary();
  const machine = world.machine("owner");
  await startFiles(machine);
  await add(machine, join(directory.path, "src"), { "dir/a": "1" });
  const tree = join(directory.path, "tree");
  const request = { gun, pins: [], directory: tree, targets: { from: undefined, allowsMissing: false } };
  await mkdir(tree);
  await writeFile(join(tree, "index.html"), "mine");
  await assert.rejects(exportTree(machine.ports, request), code("usage.invalid"));
  await rm(tree, { recursive: true });
  await mkdir(join(directory.path, "elsewhere"));
  await exportTree(machine.ports, { ...request, targets: undefined });
  await symlink(join(directory.path, "elsewhere"), join(tree, "targets"));
  await assert.rejects(exportTree(machine.ports, request), code("file.unsafe"));
  assert.deepEqual(await readdir(join(directory.path, "elsewhere")), []);
  await rm(join(tree, "targets"));
  await exportTree(machine.ports, request);
  const old = machine.ports.server;
  const bundle = await old.fetchBundle({ dialect: "tuf1", maxBytes: 1e7 });
  await add(machine, join(directory.path, "src"), { b: "1" });
  await exportTree(machine.ports, request);
  // A server set back to an old backup, seen from a machine that remembers nothing.
  const forgetful = { ...machine.ports.home, memory: () => ({ read: async () => undefined, write: async () => {} }) };
  const setBack = { ...machine.ports, home: forgetful, server: { ...old, fetchBundle: async () => bundle } };
  await assert.rejects(exportTree(setBack, request), code("metadata.rollback"));
  const pins = (await machine.ports.home.pins.find(gun))?.pins ?? [];
  const about = { gun, pins, directory: tree, checksTargets: true, allowsMissing: false, progress: () => {} };
  const [artifact = ""] = await readdir(join(tree, "targets/dir"));
  await writeFile(join(tree, "targets/dir", artifact), "2");
  await assert.rejects(checkTree({ ...about, now: world.clock.now() }), code("target.missing"));
  const targets = join(tree, "metadata/3.targets.json");
  await writeFile(targets, (await readFile(targets, "utf8")).replace('"length":1', '"length":2'));
  await assert.rejects(checkTree({ ...about, now: world.clock.now() }), code("threshold.unmet"));
});
