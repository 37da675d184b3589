// Finding and hashing files. Each test is named after what a packer of trees, or a writer who does not stop, could make us sign.
import assert from "node:assert/strict";
import { appendFile, link, mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { it } from "node:test";
import { encodeHex, isCountersignError, sha256 } from "../bytes/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { findFiles, namesAlike, safeName } from "./file-tree.ts";
import { hashFiles } from "./hash-files.ts";

const coded = (code: Parameters<typeof isCountersignError>[1]) => (error: unknown) => isCountersignError(error, code);

async function tree(files: Readonly<Record<string, string>>) {
  const directory = await temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory.path, path)), { recursive: true });
    await writeFile(join(directory.path, path), text);
  }
  return directory;
}

it("names are paths below what was given, with a prefix where one is asked for, and content is hashed as it is", async () => {
  await using directory = await tree({ "dist/app.tar": "app", "dist/__proto__/constructor": "x", "dist/empty": "" });
  const found = await findFiles([join(directory.path, "dist")], { under: "v1/" });
  assert.deepEqual(
    found.map(({ name }) => name),
    ["v1/__proto__/constructor", "v1/app.tar", "v1/empty"],
  );
  const hashed = await hashFiles(found, { parallel: 2 });
  assert.deepEqual(
    hashed.map(({ length }) => length),
    [1, 3, 0],
  );
  assert.equal(encodeHex(hashed[1]?.hashes.get("sha256") ?? new Uint8Array()), encodeHex(sha256("app")));
  const [single] = await findFiles([join(directory.path, "dist/app.tar")]);
  assert.equal(single?.name, "app.tar");
});

it("a file larger than one piece is hashed whole", async () => {
  await using directory = await tree({ big: "x".repeat(3 * 1024 * 1024 + 17) });
  const [hashed] = await hashFiles(await findFiles([directory.path]));
  assert.equal(
    encodeHex(hashed?.hashes.get("sha256") ?? new Uint8Array()),
    encodeHex(sha256("x".repeat(3 * 1024 * 1024 + 17))),
  );
});

it("links that lead out of the tree, to directories, or nowhere are refused; a link to a file inside is that file", async () => {
  await using outside = await tree({ secret: "key" });
  for (const target of [join(outside.path, "secret"), "..", "/etc", "sub", ".", "link", "nothing"]) {
    await using directory = await tree({ "sub/file": "x" });
    await symlink(target, join(directory.path, "link"));
    const code = target === "nothing" ? "file.changed" : "file.unsafe";
    await assert.rejects(findFiles([directory.path]), coded(code), target);
  }
  await using directory = await tree({ "sub/file": "x" });
  await symlink("sub/file", join(directory.path, "link"));
  assert.deepEqual(
    (await findFiles([directory.path])).map(({ name }) => name),
    ["link", "sub/file"],
  );
});

it("a directory whose name begins like the tree's is not inside it", async () => {
  await using directory = await tree({ "tree/file": "x", "tree-of-others/secret": "key" });
  await symlink(join(directory.path, "tree-of-others/secret"), join(directory.path, "tree/link"));
  await assert.rejects(findFiles([join(directory.path, "tree")]), coded("file.unsafe"));
});

it("a file swapped for a link after it was found is not followed", async () => {
  await using directory = await tree({ file: "mine", secret: "not mine" });
  const found = await findFiles([join(directory.path, "file")]);
  await rm(join(directory.path, "file"));
  await symlink("secret", join(directory.path, "file"));
  await assert.rejects(hashFiles(found), coded("file.unsafe"));
});

it("no name is absolute, climbs, names a drive, or holds what other systems read as a path", () => {
  for (const name of [
    "/etc/passwd",
    "../x",
    "a/../b",
    "a//b",
    "C:/x",
    "c:x",
    "a\\b",
    "a\0b",
    "a\nb",
    "",
    ".",
    "\ud800",
  ]) {
    assert.throws(() => safeName(name), coded("name.invalid"), JSON.stringify(name));
  }
  assert.throws(() => safeName(`a/${"n".repeat(191)}`), coded("name.invalid"), "no room for a hash before it");
  for (const name of [
    `${"d".repeat(255)}/${"n".repeat(190)}`,
    "__proto__",
    "constructor/x",
    "..a",
    "a..b",
    "ünïcode",
    "ab:c",
  ])
    assert.equal(safeName(name), name);
});

it("a file called ..\\x or C: on this machine is refused rather than signed", async () => {
  for (const name of ["a\\b", "C:x", "line\nbreak"]) {
    await using directory = await tree({ [name]: "x" });
    await assert.rejects(findFiles([directory.path]), coded("name.invalid"), name);
  }
});

it("a file whose name is no UTF-8 is refused for that, not as one that vanished", async () => {
  await using directory = await tree({ "sub/good": "x" });
  await writeFile(Buffer.from(`${directory.path}/sub/bad\xff`, "latin1"), "x");
  await assert.rejects(findFiles([directory.path]), coded("name.invalid"));
});

it("one name for two files is refused; case and accents alone are pointed out", async () => {
  await using one = await tree({ "a/same": "1", "b/same": "2" });
  const twice = findFiles([join(one.path, "a"), join(one.path, "b")]);
  await assert.rejects(twice, coded("usage.invalid"));
  assert.deepEqual(namesAlike(["README", "readme", "x"]), [["README", "readme"]]);
  assert.deepEqual(namesAlike(["caf\u00e9", "cafe\u0301"]), [["caf\u00e9", "cafe\u0301"]]);
});

it("a file that grows, shrinks, is rewritten in place, replaced or removed while it is read is never signed", async () => {
  const accidents: Readonly<Record<string, (path: string) => Promise<void>>> = {
    grows: (path) => appendFile(path, "more"),
    shrinks: (path) => writeFile(path, ""),
    rewritten: async (path) => {
      await writeFile(path, "other");
      // The same length and a clock set back: the inode still tells.
      await utimes(path, 1, 1);
    },
    replaced: async (path) => {
      await writeFile(`${path}.new`, "other");
      await rename(`${path}.new`, path);
    },
    removed: (path) => rm(path),
    "replaced by a twin": async (path) => {
      await link(path, `${path}.twin`);
      await rm(path);
      await writeFile(path, "first");
    },
  };
  for (const [accident, happens] of Object.entries(accidents)) {
    await using directory = await tree({ file: "first" });
    const found = await findFiles([join(directory.path, "file")]);
    const hashing = hashFiles(found, { testOnlyAfterReading: happens });
    await assert.rejects(hashing, coded("file.changed"), accident);
  }
});

it("one file that vanishes stops all of them", async () => {
  await using directory = await tree(Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f${index}`, "x"])));
  const found = await findFiles([directory.path]);
  await rm(join(directory.path, "f7"));
  await assert.rejects(hashFiles(found), coded("file.changed"));
});
