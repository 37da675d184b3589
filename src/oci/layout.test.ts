// OCI layouts that somebody else packed: links out of the directory, pipes, names claimed twice, bytes that do not match.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { CountersignError, digestOf, type ErrorCode, encodeUtf8 } from "../bytes/index.ts";
import { temporaryDirectory } from "../testing/index.ts";
import { layoutDirectory } from "./layout.ts";
import { mediaTypes } from "./manifest.ts";
import { parseTag } from "./reference.ts";

const first = encodeUtf8(
  `{"schemaVersion":2,"config":{"digest":"${digestOf(encodeUtf8("c"))}","size":1,"mediaType":"x/y"},"layers":[]}`,
);
const second = encodeUtf8(`${Buffer.from(first)} `);
const tag = parseTag("1.0");

function entry(bytes: Uint8Array, name?: string): unknown {
  const annotations = name === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": name } };
  return { mediaType: mediaTypes.ociManifest, digest: digestOf(bytes), size: bytes.length, ...annotations };
}

async function layout(manifests: readonly unknown[]) {
  const directory = await temporaryDirectory();
  const blobs = join(directory.path, "blobs", "sha256");
  await mkdir(blobs, { recursive: true });
  await writeFile(join(directory.path, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(join(directory.path, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  const blob = (bytes: Uint8Array): string => join(blobs, digestOf(bytes).slice(7));
  for (const bytes of [first, second, encodeUtf8("c")]) await writeFile(blob(bytes), bytes);
  return {
    path: directory.path,
    blob,
    source: layoutDirectory(directory.path),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function refused(work: Promise<unknown>, code: ErrorCode): Promise<void> {
  const error: unknown = await work.then(
    () => assert.fail(`expected ${code}`),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof CountersignError, String(error));
  assert.equal(error.code, code, error.message);
}

test("a tag, a digest, and the only image", async () => {
  await using one = await layout([entry(first, "1.0")]);
  for (const wanted of [tag, digestOf(first), undefined]) {
    assert.equal((await one.source.readManifest(wanted))?.digest, digestOf(first));
  }
  assert.equal(await one.source.readManifest(parseTag("2.0")), undefined);
  assert.deepEqual(await one.source.listTags(), ["1.0"]);
  const sha512 = digestOf(first, "sha512");
  assert.equal(await one.source.readManifest(sha512), undefined);
});

test("one name for two images is refused, twice for the same is not; several images need a name", async () => {
  await using twice = await layout([entry(first, "1.0"), entry(second, "1.0")]);
  await refused(twice.source.readManifest(tag), "reference.invalid");
  await using same = await layout([entry(first, "1.0"), entry(first, "1.0")]);
  assert.equal((await same.source.readManifest(tag))?.digest, digestOf(first));
  await using several = await layout([entry(first, "1.0"), entry(second, "2.0")]);
  await refused(several.source.readManifest(undefined), "reference.invalid");
});

test("bytes that are not what their file name says are image.mismatch, as is another size than listed", async () => {
  await using tampered = await layout([entry(first, "1.0")]);
  await writeFile(tampered.blob(first), second);
  await refused(tampered.source.readManifest(tag), "image.mismatch");
  await refused(tampered.source.readManifest(digestOf(first)), "image.mismatch");
  await using resized = await layout([
    {
      mediaType: mediaTypes.ociManifest,
      digest: digestOf(first),
      size: 1,
      annotations: { "org.opencontainers.image.ref.name": "1.0" },
    },
  ]);
  await refused(resized.source.readManifest(tag), "image.mismatch");
});

test("a digest that climbs out of the directory is no digest", async () => {
  for (const digest of ["sha256:../../../../etc/passwd", "../x", `sha256:${"a".repeat(63)}/`, 7]) {
    await using evil = await layout([{ mediaType: mediaTypes.ociManifest, digest, size: 1 }]);
    await refused(evil.source.readManifest(undefined), "registry.failed");
  }
});

test("links, pipes and directories in place of files are refused without waiting", { timeout: 5000 }, async () => {
  await using linked = await layout([entry(first, "1.0")]);
  const outside = join(linked.path, "outside");
  await writeFile(outside, first);
  await rm(linked.blob(first));
  await symlink(outside, linked.blob(first));
  await refused(linked.source.readManifest(tag), "disk.unreadable");
  await rm(linked.blob(first));
  execFileSync("mkfifo", [linked.blob(first)]);
  await refused(linked.source.readManifest(tag), "disk.unreadable");
  await rm(linked.blob(first));
  await mkdir(linked.blob(first));
  await refused(linked.source.readManifest(tag), "disk.unreadable");
});

test("a blobs directory that is a link out of the layout is refused", async () => {
  await using elsewhere = await temporaryDirectory();
  await using linked = await layout([entry(first, "1.0")]);
  await rename(join(linked.path, "blobs"), join(elsewhere.path, "blobs"));
  await symlink(join(elsewhere.path, "blobs"), join(linked.path, "blobs"));
  await refused(linked.source.readManifest(tag), "disk.unreadable");
});

test("no layout, no index, a listed manifest that is gone, an endless index: each its own code", async () => {
  await using directory = await temporaryDirectory();
  await refused(layoutDirectory(directory.path).readManifest(tag), "image.missing");
  await refused(layoutDirectory(join(directory.path, "none")).readManifest(tag), "image.missing");
  await using gone = await layout([entry(first, "1.0")]);
  await rm(gone.blob(first));
  await refused(gone.source.readManifest(tag), "image.missing");
  await writeFile(join(gone.path, "index.json"), Buffer.alloc(17 * 1024 * 1024, " "));
  await refused(gone.source.readManifest(tag), "limit.exceeded");
  await writeFile(join(gone.path, "index.json"), "{");
  await refused(gone.source.readManifest(tag), "registry.failed");
  await rm(join(gone.path, "index.json"));
  await refused(gone.source.readManifest(tag), "image.missing");
});
