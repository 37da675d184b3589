// Makes a real container image without any container tool: an OCI image layout directory with a configuration and gzipped tar layers.
// OCI image specification 1.1: image-layout.md, manifest.md, config.md.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { makeTar, type TarEntry } from "./tar.ts";

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

/** Writes one image (the layers from the bottom up) into the layout directory and gives its manifest's descriptor. */
export function writeImage(
  layout: string,
  layers: readonly (readonly TarEntry[])[],
  command: readonly string[],
): Descriptor {
  mkdirSync(join(layout, "blobs/sha256"), { recursive: true });
  writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const tars = layers.map((entries) => makeTar(entries));
  const config = {
    architecture: "amd64",
    os: "linux",
    config: { Cmd: command },
    rootfs: { type: "layers", diff_ids: tars.map(digestOf) },
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: writeBlob(layout, mediaTypes.config, Buffer.from(JSON.stringify(config))),
    layers: tars.map((tar) => writeBlob(layout, mediaTypes.layer, gzipSync(tar))),
  };
  return writeBlob(layout, mediaTypes.manifest, Buffer.from(JSON.stringify(manifest)));
}

/** Points the layout's only tag at a manifest. */
export function setTag(layout: string, tag: string, manifest: Descriptor): void {
  const entry = { ...manifest, annotations: { "org.opencontainers.image.ref.name": tag } };
  writeFileSync(join(layout, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
}

/** Where a blob lies. */
export function blobPath(layout: string, digest: string): string {
  return join(layout, "blobs", digest.replace(":", "/"));
}

/** Changes a blob's bytes and leaves its name as it was, as a tampering store would. */
export function tamper(layout: string, digest: string, edit: (text: string) => string): void {
  const path = blobPath(layout, digest);
  writeFileSync(path, edit(readFileSync(path, "utf8")));
}

function writeBlob(layout: string, mediaType: string, bytes: Uint8Array): Descriptor {
  const digest = digestOf(bytes);
  writeFileSync(blobPath(layout, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}
