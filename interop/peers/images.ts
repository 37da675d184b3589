// Real images made on this machine: a busybox root file system and an application layer put together by umoci, and an index over two
// platforms, all in OCI layout directories.
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { needPeer } from "./find.ts";
import { runOk } from "./process.ts";
import type { Scratch } from "./scratch.ts";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface TestImage extends Descriptor {
  /** The layout directory. */
  readonly layout: string;
  readonly tag: string;
}

/** A layout directory; `addImage` puts images into it. */
export async function makeLayout(directory: Scratch, name = "layout"): Promise<string> {
  const layout = directory.at(name);
  await runOk(needPeer("umoci"), ["init", "--layout", layout]);
  return layout;
}

/** An image of two layers, different for each `content`. */
export async function addImage(
  directory: Scratch,
  layout: string,
  tag: string,
  content: string,
  architecture = "amd64",
): Promise<TestImage> {
  const umoci = needPeer("umoci");
  const image = ["--image", `${layout}:${tag}`];
  const rootless = process.getuid?.() === 0 ? [] : ["--rootless"];
  const files = directory.at(`files-${tag}`);
  mkdirSync(join(files, "base/bin"), { recursive: true });
  copyFileSync(needPeer("busybox"), join(files, "base/bin/busybox"));
  for (const name of ["sh", "ls", "cat"]) symlinkSync("busybox", join(files, "base/bin", name));
  mkdirSync(join(files, "app"));
  writeFileSync(join(files, "app/message.txt"), `${content}\n`);
  await runOk(umoci, ["new", ...image]);
  await runOk(umoci, ["insert", ...rootless, ...image, join(files, "base"), "/"]);
  await runOk(umoci, ["insert", ...rootless, ...image, join(files, "app"), "/app"]);
  const settings = ["--config.cmd", "/bin/cat", "--config.cmd", "/app/message.txt", "--architecture", architecture];
  await runOk(umoci, ["config", ...image, ...settings]);
  return { layout, tag, ...findTag(layout, tag) };
}

/** An index over two images of the layout, as a multi-platform build makes it. */
export function addIndex(
  layout: string,
  tag: string,
  images: readonly { readonly image: Descriptor; readonly architecture: string }[],
): TestImage {
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const manifests = images.map(({ image: { mediaType, digest, size }, architecture }) => {
    return { mediaType, digest, size, platform: { os: "linux", architecture } };
  });
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests }));
  const digest = writeBlob(layout, bytes);
  setTag(layout, tag, { mediaType, digest, size: bytes.length });
  return { layout, tag, mediaType, digest, size: bytes.length };
}

/** The bytes of a blob. */
export function readBlob(layout: string, digest: string): Buffer {
  return readFileSync(join(layout, "blobs", digest.replace(":", "/")));
}

/** Writes `bytes` as a blob and gives its digest. */
export function writeBlob(layout: string, bytes: Uint8Array): string {
  const hex = createHash("sha256").update(bytes).digest("hex");
  writeFileSync(join(layout, "blobs/sha256", hex), bytes);
  return `sha256:${hex}`;
}

/** Points a tag of the layout at another manifest. */
export function setTag(layout: string, tag: string, { mediaType, digest, size }: Descriptor): void {
  const path = join(layout, "index.json");
  const index = readIndex(layout);
  const manifests = index.filter((entry) => entry.annotations?.[refName] !== tag);
  manifests.push({ mediaType, digest, size, annotations: { [refName]: tag } });
  writeFileSync(path, JSON.stringify({ schemaVersion: 2, manifests }));
}

function findTag(layout: string, tag: string): Descriptor {
  const found = readIndex(layout).find((entry) => entry.annotations?.[refName] === tag);
  if (found === undefined) throw new Error(`${layout}: no tag ${tag}`);
  return { mediaType: found.mediaType, digest: found.digest, size: found.size };
}

const refName = "org.opencontainers.image.ref.name";

interface IndexEntry extends Descriptor {
  readonly annotations?: Readonly<Record<string, string>>;
}

function readIndex(layout: string): IndexEntry[] {
  // Written by umoci or by setTag a moment ago.
  const index: { manifests?: IndexEntry[] | null } = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  return index.manifests ?? [];
}
