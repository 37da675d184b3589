// Targets as files: nothing unverified, nothing outside the directory, no end to be waited for. TUF 1.0.34, 5.7.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { rejectsWith, repositoryOf, type TufTree, temporaryDirectory } from "../testing/index.ts";
import { openDirectoryStore } from "./directory-store.ts";
import { refuseOtherSpelling } from "./download.ts";
import { fileNameOf, roleFileName } from "./file-names.ts";
import { targetUrl } from "./repository-urls.ts";

it("no path of a repository leads out of the directory", async () => {
  await using scratch = await temporaryDirectory();
  const out = join(scratch.path, "out");
  const paths = [
    "/etc/passwd",
    "a\\..\\b",
    "C:\\x",
    "nul\u0000byte",
    "CON",
    "~root",
    "a/b/c",
    ".hidden",
    "x".repeat(600),
    "-rf",
    "a?b#c%41",
  ];
  const { reader } = await repositoryOf(...paths);
  const repository = reader.open();
  for (const path of paths) {
    const { file } = await repository.download(path, out);
    assert.equal(await readFile(file, "utf8"), `content of ${path}`);
  }
  assert.deepEqual(await readdir(scratch.path), ["out"]);
  assert.equal((await readdir(out)).length, paths.length);
});

it("`.` and `..` are refused: an address that holds them means another file", async () => {
  const paths = ["..", "../x", "a/../b", "./a", "a/."];
  const { tree, reader } = await repositoryOf(...paths);
  await using scratch = await temporaryDirectory();
  const repository = reader.open();
  for (const path of ["../x", "a/../b", "./a"]) {
    assert.equal((await repository.lookup(path))?.path, path);
    await rejectsWith(repository.download(path, scratch.path), "target.unsafe");
  }
  assert.ok(!tree.requests.some((file) => !file.startsWith("metadata/")));
  assert.throws(() => targetUrl("https://example.com/t/", "..", undefined), /leads elsewhere/);
});

it("file names of strange texts are single, distinct and harmless", () => {
  const names = [
    "",
    ".",
    "..",
    "con",
    "CON.txt",
    "nul",
    "a/b",
    "a%2Fb",
    "A",
    "x.",
    "\u0000",
    "\u202e",
    "y".repeat(300),
    `${"y".repeat(300)}z`,
  ];
  const files = names.map(fileNameOf);
  assert.equal(new Set(files).size, names.length);
  for (const file of files) assert.match(file, /^(?!\.{1,2}$)(?!con(\.|$)|nul(\.|$))[-A-Za-z0-9._~%]{1,200}$/i);
  for (const role of ["Root", "TIMESTAMP", "Snapshot", "tarGets"]) {
    assert.ok(!/^(root|timestamp|snapshot|targets)\.json$/i.test(roleFileName(role)), role);
  }
});

it("a link that lies in the place of a target is replaced, not followed", async () => {
  await using scratch = await temporaryDirectory();
  const { reader } = await repositoryOf("app");
  await mkdir(join(scratch.path, "out"));
  await writeFile(join(scratch.path, "victim"), "content of app");
  await symlink("../victim", join(scratch.path, "out", "app"));
  const { isCached, file } = await reader.open().download("app", join(scratch.path, "out"));
  await writeFile(file, "changed");
  assert.equal(isCached, false);
  assert.equal(await readFile(join(scratch.path, "victim"), "utf8"), "content of app");
});

it("a target of another length or content, endless or missing, leaves nothing behind", async () => {
  await using scratch = await temporaryDirectory();
  const { tree, reader } = await repositoryOf("app");
  const [file = ""] = [...tree.files.keys()].filter((name) => name.startsWith("targets/"));
  const encode = (text: string) => new TextEncoder().encode(text);
  for (const [lie, code] of [
    [{ bytes: encode("content of apq") }, "target.mismatch"],
    [{ bytes: encode("short") }, "target.mismatch"],
    [{ bytes: encode("content of app and more") }, "download.too_large"],
    [{ isEndless: true }, "download.too_large"],
    [{ status: 404 }, "download.missing"],
    [{ status: 403 }, "download.denied"],
  ] as const) {
    tree.lies.set(file, lie);
    await rejectsWith(reader.open().download("app", scratch.path), code);
    assert.deepEqual(await readdir(scratch.path), []);
  }
});

it("the listed length is held beside the hash: a right file under a wrong length is no target", async () => {
  await using scratch = await temporaryDirectory();
  for (const [change, code] of [
    [1, "target.mismatch"],
    [-1, "download.too_large"],
  ] as const) {
    const { tree, reader } = await repositoryOf("app");
    tree.role("targets").targets.app.length += change;
    await tree.publishAll("targets");
    await rejectsWith(reader.open().download("app", scratch.path), code);
  }
  assert.deepEqual(await readdir(scratch.path), []);
});

it("a file of another spelling is never taken for the target, as disks that fold case would have it", async () => {
  await using scratch = await temporaryDirectory();
  await writeFile(join(scratch.path, "app"), "");
  await refuseOtherSpelling(scratch.path, "app", "app");
  await refuseOtherSpelling(scratch.path, "App", "App");
  // This disk finds the file under a name that no directory lists, as the others do with `App`.
  await rejectsWith(refuseOtherSpelling(scratch.path, "./app", "./app"), "target.unsafe");
});

it("what is there and right is not asked for again; what was changed is", async () => {
  await using scratch = await temporaryDirectory();
  const { tree, reader } = await repositoryOf("app");
  const { file } = await reader.open().download("app", scratch.path);
  tree.takeRequests();
  assert.equal((await reader.open().download("app", scratch.path)).isCached, true);
  assert.ok(!tree.takeRequests().some((name) => name.startsWith("targets/")));
  await writeFile(file, "content of apq");
  assert.equal((await reader.open().download("app", scratch.path)).isCached, false);
  assert.equal(await readFile(file, "utf8"), "content of app");
});

it("the prefix of consistent snapshots goes before the last component, and every listed hash is checked", async () => {
  await using scratch = await temporaryDirectory();
  const { tree, reader } = await repositoryOf("a/b/app");
  await reader.open().download("a/b/app", scratch.path);
  assert.match(tree.requests.at(-1) ?? "", /^targets\/a\/b\/[0-9a-f]{64}\.app$/);
  tree.role("targets").targets["a/b/app"].hashes.sha512 = "0".repeat(128);
  await tree.publishAll("targets");
  await rejectsWith(reader.open().download("a/b/app", join(scratch.path, "again")), "target.mismatch");
});

it("a target that lists only unknown hashes cannot be had, and harms no other target", async () => {
  await using scratch = await temporaryDirectory();
  const { tree, reader } = await repositoryOf("app", "future");
  tree.role("targets").targets.future.hashes = { blake4: "00ff" };
  await tree.publishAll("targets");
  const repository = reader.open();
  await rejectsWith(repository.download("future", scratch.path), "target.invalid");
  assert.deepEqual(await readdir(scratch.path), []);
  assert.equal((await repository.download("app", scratch.path)).isCached, false);
});

it("base addresses keep their encoded characters, and strange role names are one path segment", async () => {
  const { tree, reader } = await repositoryOf();
  for (const name of ["?", "#", "/x", "../x", "a b", "%41", "\u00e9"]) await tree.delegate("targets", name);
  await tree.publishAll("?", "#", "/x", "../x", "a b", "%41", "\u00e9", "targets");
  const asked: string[] = [];
  const transport = {
    get: (request: Parameters<TufTree["get"]>[0]) => {
      asked.push(request.url.href);
      return tree.get({ ...request, url: new URL(request.url.href.replace("/x%2F%5By%5D/", "/")) });
    },
  };
  await reader.open({ metadataUrl: "http://repository.test/x%2F%5By%5D/metadata", transport }).lookup("nothing");
  const wanted = ["%3F", "%23", "%2Fx", "..%2Fx", "a%20b", "%2541", "%C3%A9"];
  assert.deepEqual(
    asked.slice(-7),
    wanted.map((name) => `http://repository.test/x%2F%5By%5D/metadata/1.${name}.json`),
  );
});

it("roles cannot write outside the metadata directory", async () => {
  await using scratch = await temporaryDirectory();
  const { tree, reader } = await repositoryOf();
  const names = ["../escaped", "/absolute", "Root", "CON", "a/b", "..", "."];
  for (const name of names) await tree.delegate("targets", name);
  await tree.publishAll(...names, "targets");
  const directory = join(scratch.path, "metadata");
  const store = openDirectoryStore(directory);
  await store.write("root", tree.firstRoot);
  assert.equal(await reader.open({ store }).lookup("nothing"), undefined);
  assert.deepEqual(await readdir(scratch.path), ["metadata"]);
  assert.equal((await readdir(directory)).length, 4 + names.length);
  assert.deepEqual(new Uint8Array(await readFile(join(directory, "root.json"))), tree.firstRoot);
});
