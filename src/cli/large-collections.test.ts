// Collections in many bins against the real server as a function: what is signed in parts, what never is, and what a reader asks for.
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { encodeUtf8, isCountersignError, parseTargetName, sha256 } from "../bytes/index.ts";
import { addFiles, exportTree, type HashedFile, layOut, removeFiles } from "../collection-files/index.ts";
import { contentOfBytes, initCollection, listTags, openKeyRing, type ReadPorts, verifyTarget } from "../flows/index.ts";
import type { MetadataSource } from "../updater/index.ts";
import { code, gun, type Machine, openWorld, passphrases, type World } from "./publishing-world.ts";

const bins = 128;
const files = Array.from({ length: 300 }, (_, index) => fileCalled(`dist/${index}.bin`));

function fileCalled(name: string, content = name): HashedFile {
  const bytes = encodeUtf8(content);
  const hashes = new Map([["sha256", sha256(bytes)]]);
  return { name: parseTargetName(name), path: name, length: bytes.length, hashes };
}

/** A machine whose uploads are counted, and cut from the `failsFrom`th on. */
async function publisher(world: World) {
  const uploads = { count: 0, failsFrom: Number.POSITIVE_INFINITY };
  const publish: ReadPorts["server"]["publish"] = (...upload) => {
    uploads.count++;
    if (uploads.count < uploads.failsFrom) return world.server.publish(...upload);
    return Promise.reject(new Error("the line was cut"));
  };
  const machine = world.machine("owner", { publish });
  const about = { gun, places: machine.places, passphrases, rootKey: undefined, kit: undefined, isTuf1Only: true };
  await initCollection(machine.ports, about);
  const ring = await openKeyRing(machine.places, passphrases);
  await layOut(machine.ports, { gun, pins: [], ring, layout: { kind: "succinct", bitLength: Math.log2(bins) } });
  return { machine, ring, uploads };
}

type Publisher = Awaited<ReturnType<typeof publisher>>;

function add({ machine, ring }: Publisher, added: readonly HashedFile[], maxBytes?: number) {
  const request = { gun, pins: [], ring, role: undefined, files: added, replaces: false, sendsContents: false };
  return addFiles(machine.ports, { ...request, publisher: undefined }, maxBytes === undefined ? {} : { maxBytes });
}

async function isThere({ ports }: Machine, name: string): Promise<boolean> {
  const request = { gun, dialect: "tuf1", pins: [], trustOnFirstUse: false, offline: "never" } as const;
  const content = async () => contentOfBytes(name, encodeUtf8(name));
  return (await verifyTarget(ports, { ...request, name: parseTargetName(name), content })).trusted;
}

it("what an upload holds becomes visible at once; what is more is signed in parts, and a run that was cut is run again", async () => {
  await using world = await openWorld();
  const owner = await publisher(world);
  const { machine, uploads } = owner;
  uploads.count = 0;
  await add(owner, files.slice(0, 100));
  assert.equal(uploads.count, 1);

  uploads.count = 0;
  uploads.failsFrom = 3;
  const small = 20_000;
  await assert.rejects(add(owner, files, small), /the line was cut/);
  assert.equal(uploads.count, 3);
  uploads.failsFrom = Number.POSITIVE_INFINITY;
  uploads.count = 0;
  const report = await add(owner, files, small);
  assert.ok(uploads.count > 1 && report.unchanged > 100, "what stands is not signed again");
  assert.equal(report.added.length + report.unchanged, files.length);
  for (const name of ["dist/0.bin", "dist/150.bin", "dist/299.bin"]) assert.ok(await isThere(machine, name), name);
});

it("an error after some parts says what stands, and no longer that nothing was published", async () => {
  await using world = await openWorld();
  const owner = await publisher(world);
  const last = files.toSorted((a, b) => (binOrder(a.name) < binOrder(b.name) ? -1 : 1)).at(-1) ?? assert.fail();
  await add(owner, [fileCalled(last.name, "another content")]);
  const failed = await add(owner, files, 10_000).then(
    () => assert.fail(),
    (error: unknown) => error,
  );
  assert.ok(isCountersignError(failed, "target.exists"));
  assert.ok(failed.hints.some((hint) => /^\d+ of 300 files were published before/.test(hint)));
  assert.ok(!failed.hints.includes("nothing was published"));
  const atOnce = await add(owner, files).then(
    () => assert.fail(),
    (error: unknown) => error,
  );
  assert.ok(isCountersignError(atOnce, "target.exists") && atOnce.hints.includes("nothing was published"));
});

/** Names lie in bins by the hash of their names. */
function binOrder(name: string): string {
  return Buffer.from(sha256(name)).toString("hex");
}

it("the same layout under the same keys is signed in parts; other keys or another layout never are", async () => {
  await using world = await openWorld();
  const owner = await publisher(world);
  const { machine, ring, uploads } = owner;
  await add(owner, files);
  const lay = (request: Partial<Parameters<typeof layOut>[1]>) => {
    uploads.count = 0;
    return layOut(machine.ports, { gun, pins: [], ring, layout: "same", ...request }, { maxBytes: 20_000 });
  };
  const again = await lay({});
  assert.ok(uploads.count > 1);
  assert.equal(again.publish.published.length, bins + 1, "every bin, and targets");
  assert.ok(again.publish.published.every(({ version }) => version > 1));

  const key = await machine.places.vault.generate({ role: "targets", gun, passphrases });
  const joined = await openKeyRing(machine.places, passphrases);
  const other = await lay({ ring: joined, signers: { keys: [key.publicKey ?? assert.fail()], threshold: 1 } });
  assert.deepEqual([uploads.count, other.publish.published.length], [1, bins + 1]);
  await lay({ ring: joined, layout: { kind: "succinct", bitLength: 3 } });
  assert.equal(uploads.count, 1);
  assert.ok(await isThere(machine, "dist/7.bin"));
});

it("a tree is exported again by fetching the bin that changed, and one that was tampered with is fetched and written anew", async () => {
  await using world = await openWorld();
  const owner = await publisher(world);
  await add(owner, files);
  const directory = join(await mkdtemp(join(tmpdir(), "countersign-tree-")), "tree");
  const asked: string[] = [];
  const tuf1 = world.server.tuf1Source();
  const fetchTargets: MetadataSource["fetchTargets"] = (role, ...rest) => {
    asked.push(role);
    return tuf1.fetchTargets(role, ...rest);
  };
  const { ports } = world.machine("owner", { tuf1Source: () => ({ ...tuf1, fetchTargets }) });
  const request = { gun, pins: [], directory, targets: undefined };
  await exportTree(ports, request);
  assert.equal(asked.length, bins);
  await add(owner, [fileCalled("one-more")]);
  asked.length = 0;
  const second = await exportTree(ports, request);
  assert.deepEqual([asked.length, second.written], [1, 3]);

  const [first = ""] = (await readdir(join(directory, "metadata"))).filter((name) => name.endsWith(".files-00.json"));
  const path = join(directory, "metadata", first);
  const right = await readFile(path, "utf8");
  await writeFile(path, right.replace('"sha256":"', '"sha256":"0').replace(/([0-9a-f])"\},"length"/, '"},"length"'));
  asked.length = 0;
  const third = await exportTree(ports, request);
  assert.deepEqual([asked, third.written], [["targets/files-00"], 1]);
  assert.equal(await readFile(path, "utf8"), right);
  await rm(directory, { recursive: true });
});

it("many names taken out at once are gone from all their bins", async () => {
  await using world = await openWorld();
  const owner = await publisher(world);
  await add(owner, files);
  const names = files.slice(0, 200).map(({ name }) => name);
  const { machine, ring } = owner;
  await removeFiles(machine.ports, { gun, pins: [], ring, role: undefined, names });
  assert.deepEqual([await isThere(machine, "dist/199.bin"), await isThere(machine, "dist/200.bin")], [false, true]);
  const remove = { gun, pins: [], ring, role: undefined, names: names.slice(0, 1) };
  await assert.rejects(removeFiles(machine.ports, remove), code("target.missing"));
});

it("a reader of one file asks for one bin of many, and a listing for several at a time", async () => {
  await using world = await openWorld();
  const owner = await publisher(world);
  await add(owner, files);
  const asked: string[] = [];
  const waiting = { now: 0, most: 0 };
  const tuf1 = world.server.tuf1Source();
  const fetchTargets: MetadataSource["fetchTargets"] = async (role, ...rest) => {
    asked.push(role);
    waiting.most = Math.max(waiting.most, ++waiting.now);
    await new Promise((resolve) => setImmediate(resolve));
    return tuf1.fetchTargets(role, ...rest).finally(() => waiting.now--);
  };
  const reader = world.machine("owner", { tuf1Source: () => ({ ...tuf1, fetchTargets }) });
  assert.ok(await isThere(reader, "dist/7.bin"));
  assert.equal(asked.length, 1);
  const request = { gun, dialect: "tuf1", pins: [], trustOnFirstUse: false, offline: "never" } as const;
  const { tags } = await listTags(reader.ports, request);
  assert.equal(tags.length, files.length);
  assert.equal(new Set(asked).size, bins);
  assert.ok(waiting.most > 1 && waiting.most <= 8, `${waiting.most} at once`);
  assert.equal(asked.length, bins, "none twice");
});
