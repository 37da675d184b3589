// Copies of repositories: verified, readable by any client, and never outside of their directory.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { pathToFileURL } from "node:url";
import { encodeHex, encodeUtf8, hash } from "../bytes/index.ts";
import { rejectsWith, repositoryOf, TufReader, TufTree, temporaryDirectory } from "../testing/index.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import { withFiles } from "./file-transport.ts";
import { type MirrorOptions, type MirrorReport, mirrorRepository } from "./mirror.ts";
import type { TufTransport } from "./ports.ts";

function mirror(
  reader: TufReader,
  directory: string,
  options: MirrorOptions = { targets: "all" },
): Promise<MirrorReport> {
  const places = { metadataUrl: "http://repository.test/metadata", targetsUrl: "http://repository.test/targets" };
  return mirrorRepository(
    { ...places, store: reader.store, transport: reader.tree, clock: reader.clock.now },
    directory,
    options,
  );
}

/** A machine without a network. */
const offline: TufTransport = withFiles({
  get: async ({ url }) => assert.fail(`the network was asked for ${url.href}`),
});

/** A fresh reader of a copy on this machine's disk. */
async function readerOf(copy: string, root: Uint8Array) {
  const reader = new TufReader(await TufTree.create());
  await reader.store.write("root", root);
  const base = pathToFileURL(copy).href;
  return reader.open({ metadataUrl: `${base}/metadata`, targetsUrl: `${base}/targets`, transport: offline });
}

it("a copy is read from the disk, without a network, whatever roles and targets are called", async () => {
  await using scratch = await temporaryDirectory();
  const { tree, reader } = await repositoryOf("app", "dist/app", "a b#c%41", "../evil", "a\\b", "/abs");
  const roles = ["../team", "org/team", "org%2Fteam", "x y?", "plain"];
  for (const role of roles) await tree.delegate("targets", role);
  for (const role of roles) tree.addTarget(role, `of-${roles.indexOf(role)}`, role);
  await tree.publish("root");
  await tree.publishAll(...roles, "targets");
  const copy = join(scratch.path, "copy");
  const report = await mirror(reader, copy);
  assert.deepEqual([report.roles, report.targets, report.fetched], [6, 8, 8]);
  assert.deepEqual([...report.leftOut].sort(), ["../evil", "/abs", "a\\b"]);
  assert.equal((await mirror(reader, copy)).fetched, 0);
  assert.deepEqual(await readdir(scratch.path), ["copy"]);

  const offlineReader = await readerOf(copy, tree.firstRoot);
  for (const [index, role] of roles.entries()) {
    const target = await offlineReader.lookup(`of-${index}`);
    assert.deepEqual(target?.chain, ["targets", role]);
  }
  for (const path of ["app", "dist/app", "a b#c%41"]) {
    const { file } = await offlineReader.download(path, join(scratch.path, "out"));
    assert.equal(await readFile(file, "utf8"), `content of ${path}`);
  }
  await rejectsWith(offlineReader.download("/abs", join(scratch.path, "out")), "download.missing");
});

it("metadata lies where a web server looks, which decodes an address once, and under the encoded name too", async () => {
  await using scratch = await temporaryDirectory();
  const { tree, reader } = await repositoryOf("app");
  await tree.delegate("targets", "org/team");
  await tree.publishAll("org/team", "targets");
  await mirror(reader, scratch.path, { targets: "none" });
  const bytes = tree.file("metadata/1.org%2Fteam.json");
  for (const file of ["1.org/team.json", "1.org%2Fteam.json"]) {
    assert.deepEqual(new Uint8Array(await readFile(join(scratch.path, "metadata", file))), bytes, file);
  }
});

it("a copy that cannot be brought up to date stays as it was", async () => {
  await using scratch = await temporaryDirectory();
  const { tree, reader } = await repositoryOf("app");
  await tree.delegate("targets", "team");
  await tree.publishAll("team", "targets");
  const before = await mirror(reader, scratch.path);
  tree.addTarget("targets", "app", "the next app");
  await tree.publishAll("targets");
  const [served = ""] = [...tree.files.keys()].filter((name) => name.startsWith("targets/")).reverse();
  tree.lies.set(served, { bytes: new TextEncoder().encode("another app!") });
  await rejectsWith(mirror(reader, scratch.path), "target.mismatch");
  const copied = await readerOf(scratch.path, tree.firstRoot);
  assert.deepEqual(await copied.refresh(), before.versions);
  await copied.download("app", join(scratch.path, "out"));
});

it("links in a copy are not followed: nothing is written outside", async () => {
  await using scratch = await temporaryDirectory();
  const { reader } = await repositoryOf("link/app", "app");
  const copy = join(scratch.path, "copy");
  await mkdir(join(copy, "targets"), { recursive: true });
  await symlink(scratch.path, join(copy, "targets", "link"));
  assert.deepEqual((await mirror(reader, copy)).leftOut, ["link/app"]);
  assert.deepEqual(await readdir(scratch.path), ["copy"]);
});

it("a target of two hashes lies under both names, and is not written again while both are right", async () => {
  await using scratch = await temporaryDirectory();
  const { tree, reader } = await repositoryOf("app");
  const { hashes } = tree.role("targets").targets.app;
  hashes.sha512 = encodeHex(hash("sha512", encodeUtf8("content of app")));
  await tree.publishAll("targets");
  await mirror(reader, scratch.path);
  const files = [hashes.sha256, hashes.sha512].map((prefix) => join(scratch.path, "targets", `${prefix}.app`));
  const inodes = () => Promise.all(files.map(async (file) => (await stat(file)).ino));
  const before = await inodes();
  await mirror(reader, scratch.path);
  assert.deepEqual(await inodes(), before);
  await writeFile(files[1] ?? "", "content of apq");
  await mirror(reader, scratch.path);
  for (const file of files) assert.equal(await readFile(file, "utf8"), "content of app");
});

it("a file: address reaches regular files of bounded size, and nothing else", async () => {
  await using scratch = await temporaryDirectory();
  const base = pathToFileURL(join(scratch.path, "copy")).href;
  await mkdir(join(scratch.path, "copy", "directory"), { recursive: true });
  await writeFile(join(scratch.path, "secret"), "secret");
  await writeFile(join(scratch.path, "copy", "large"), "x".repeat(100));
  const get = (name: string) =>
    fetchBytes(offline, { url: new URL(`${base}/${name}`), maxBytes: 99, totalMs: 1000, idleMs: 1000 });
  for (const name of [
    "missing",
    "directory",
    "large/below",
    "..%2Fsecret",
    "%2e%2e%2fsecret",
    "a%00b",
    "%ff",
    "y".repeat(300),
  ]) {
    assert.equal(await get(name), undefined, name);
  }
  await rejectsWith(get("large"), "download.too_large");
  for (const other of [
    "file://server/share",
    "file:///a%2fb",
    "file:///%ff",
    "file:///a%00",
    "ftp://example.com/",
    "copy",
  ]) {
    const reader = await TufReader.of(await TufTree.create());
    assert.throws(() => reader.open({ metadataUrl: other }), { code: "usage.invalid" });
  }
});
