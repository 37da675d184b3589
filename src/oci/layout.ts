// An OCI layout directory: `oci-layout`, `index.json`, `blobs/<algorithm>/<hex>` (OCI image specification 1.1, image-layout.md).
// A tag is the annotation org.opencontainers.image.ref.name of an entry of index.json. Rule: file names prove nothing, every
// manifest and blob is held against its digest; a name that two entries claim for different images is refused.
import { join } from "node:path";
import { CountersignError, type Digest, digestParts, encodeHex, parseDigest } from "../bytes/index.ts";
import { listMember, member, parseLooseJson, stringMember } from "../http/index.ts";
import { checkedManifest, checkedStream } from "./checked-bytes.ts";
import type { Descriptor, ImageSource, ManifestBytes, ReadOptions } from "./image.ts";
import { openInside, piecesOf, readInside } from "./layout-files.ts";
import { maxManifestBytes, readDescriptor } from "./manifest.ts";
import { isDigest, isTag, type Tag } from "./reference.ts";

const refName = "org.opencontainers.image.ref.name";
/** index.json may list many images. */
const maxIndexBytes = 16 * 1024 * 1024;
const maxTags = 100_000;

interface Entry extends Descriptor {
  readonly name: string | undefined;
}

export function layoutDirectory(directory: string): ImageSource {
  async function readManifest(
    wanted: Tag | Digest | undefined,
    { signal }: ReadOptions = {},
  ): Promise<ManifestBytes | undefined> {
    signal?.throwIfAborted();
    const entries = await readEntries(directory);
    const entry = chooseEntry(entries, wanted, directory);
    const digest = entry?.digest ?? (wanted !== undefined && isDigest(wanted) ? wanted : undefined);
    if (digest === undefined) return undefined;
    const where = blobPath(directory, digest);
    const bytes = await readInside(directory, maxManifestBytes, ...blobParts(digest));
    if (bytes === undefined) {
      if (entry === undefined) return undefined;
      throw new CountersignError("image.missing", `${where} is not there, though index.json lists it`);
    }
    const manifest = checkedManifest(bytes, digest, entry?.mediaType, where);
    if (entry !== undefined && entry.size !== bytes.length) {
      throw new CountersignError("image.mismatch", `${where}: ${bytes.length} bytes, index.json says ${entry.size}`);
    }
    return manifest;
  }

  async function* readBlob(
    descriptor: Descriptor,
    { signal }: ReadOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const where = blobPath(directory, descriptor.digest);
    const file = await openInside(directory, ...blobParts(descriptor.digest));
    if (file === undefined) throw new CountersignError("image.missing", `${where} is not there`);
    for await (const piece of checkedStream(piecesOf(file, descriptor.size + 1), descriptor, where)) {
      signal?.throwIfAborted();
      yield piece;
    }
  }

  async function listTags(): Promise<readonly Tag[]> {
    const names = new Set((await readEntries(directory)).flatMap(({ name }) => name ?? []));
    const tags = [...names].filter(isTag);
    if (tags.length > maxTags) throw new CountersignError("limit.exceeded", `${directory}: more than ${maxTags} tags`);
    return tags;
  }

  return { readManifest, readBlob, listTags };
}

async function readEntries(directory: string): Promise<readonly Entry[]> {
  const marker = await readInside(directory, 65_536, "oci-layout");
  const version = marker === undefined ? undefined : stringMember(parseLooseJson(marker), "imageLayoutVersion");
  if (version === undefined || !version.startsWith("1.")) {
    throw new CountersignError(
      "image.missing",
      `${directory} is not an OCI layout directory (no usable oci-layout file)`,
      {
        hints: ["make one with: skopeo copy docker://IMAGE oci:DIRECTORY:TAG"],
      },
    );
  }
  const path = join(directory, "index.json");
  const fail = (why: string): CountersignError => new CountersignError("registry.failed", `${path}: ${why}`);
  const bytes = await readInside(directory, maxIndexBytes, "index.json");
  if (bytes === undefined) throw new CountersignError("image.missing", `${path} is not there`);
  const index = parseLooseJson(bytes);
  if (!Array.isArray(member(index, "manifests"))) throw fail("lists no manifests");
  return listMember(index, "manifests").map((value, position) => ({
    ...readDescriptor(value, `manifests[${position}]`, fail),
    name: stringMember(member(value, "annotations"), refName),
  }));
}

/** @throws reference.invalid when the name fits different images */
function chooseEntry(
  entries: readonly Entry[],
  wanted: Tag | Digest | undefined,
  directory: string,
): Entry | undefined {
  const fits = (entry: Entry): boolean => {
    if (wanted === undefined) return true;
    return isDigest(wanted) ? entry.digest === wanted : entry.name === wanted;
  };
  const found = entries.filter(fits);
  const distinct = new Set(found.map(({ digest }) => digest));
  if (distinct.size <= 1) return found[0];
  const what =
    wanted === undefined ? "several images and no tag was asked for" : `several images by the name ${wanted}`;
  const names = entries.flatMap(({ name }) => (name !== undefined && isTag(name) ? name : [])).slice(0, 10);
  throw new CountersignError("reference.invalid", `${directory} holds ${what}`, {
    hints: [
      wanted === undefined && names.length > 0
        ? `name one: ${names.map((name) => `oci:${directory}:${name}`).join(", ")}`
        : `name it by its digest: oci:${directory}@${[...distinct][0]}`,
    ],
  });
}

function blobParts(digest: Digest): readonly string[] {
  // Parsed again: these become path components.
  const { algorithm, hash } = digestParts(parseDigest(digest));
  return ["blobs", algorithm, encodeHex(hash)];
}

function blobPath(directory: string, digest: Digest): string {
  return join(directory, ...blobParts(digest));
}
