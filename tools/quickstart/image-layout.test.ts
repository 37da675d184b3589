// The image that the quickstart signs must be a real one: consistent digests all the way down, and archives that `tar` reads.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { blobPath, setTag, writeImage } from "./image-layout.ts";
import { makeTar } from "./tar.ts";

const sha256 = (bytes: Uint8Array) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

test("tag, manifest, configuration and layers name each other by their true digests and sizes", () => {
  const layout = mkdtempSync(join(tmpdir(), "countersign-image-"));
  try {
    const layers = [[{ path: "a", content: Buffer.from("one") }], [{ path: "b/", content: Buffer.alloc(0) }]];
    setTag(layout, "1.0", writeImage(layout, layers, ["/a"]));
    const read = (descriptor: { digest: string; size: number }) => {
      const bytes = readFileSync(blobPath(layout, descriptor.digest));
      assert.equal(sha256(bytes), descriptor.digest);
      assert.equal(bytes.length, descriptor.size);
      return bytes;
    };
    const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
    assert.equal(index.manifests[0].annotations["org.opencontainers.image.ref.name"], "1.0");
    const manifest = JSON.parse(read(index.manifests[0]).toString());
    const config = JSON.parse(read(manifest.config).toString());
    assert.equal(manifest.layers.length, 2);
    assert.deepEqual(
      manifest.layers.map((layer: { digest: string; size: number }) => sha256(gunzipSync(read(layer)))),
      config.rootfs.diff_ids,
    );
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
});

test("tar reads the archives: names, modes and contents over a block boundary", () => {
  const input = makeTar([
    { path: "d/", content: Buffer.alloc(0) },
    { path: "d/empty", content: Buffer.alloc(0) },
    { path: "d/full", content: Buffer.alloc(512, "x"), executable: true },
    { path: "d/over", content: Buffer.alloc(513, "y") },
  ]);
  const list = spawnSync("tar", ["-tvf", "-"], { input, encoding: "utf8" });
  assert.equal(list.status, 0, list.stderr);
  const rows = list.stdout
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/));
  assert.deepEqual(
    rows.map((row) => [row[0], row[2], row.at(-1)]),
    [
      ["drwxr-xr-x", "0", "d/"],
      ["-rw-r--r--", "0", "d/empty"],
      ["-rwxr-xr-x", "512", "d/full"],
      ["-rw-r--r--", "513", "d/over"],
    ],
  );
  const over = spawnSync("tar", ["-xOf", "-", "d/over"], { input, encoding: "utf8" });
  assert.equal(over.stdout, "y".repeat(513));
});
