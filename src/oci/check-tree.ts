// The deep check: that everything an image names is there and is what its digest says, down to the last layer. A signature
// covers the top manifest only; the digests in it cover the rest, but nobody has looked until somebody downloads it.
import { CountersignError, type Digest, isCountersignError } from "../bytes/index.ts";
import type { Descriptor, ImageSource, ReadOptions, ResolvedImage } from "./image.ts";
import { type Manifest, maxManifestBytes, readManifest } from "./manifest.ts";

export interface TreeProgress {
  /** What is being read: `manifests[0].layers[2]`. */
  readonly path: string;
  readonly checkedBytes: number;
  /** Of what is known so far; grows as manifests are read. */
  readonly totalBytes: number;
}

export interface TreeOptions extends ReadOptions {
  readonly onProgress?: (progress: TreeProgress) => void;
  /** limit.exceeded past this; 256 GiB unless told. */
  readonly maxTotalBytes?: number;
}

export interface TreeProblem {
  /** Where in the tree: `manifests[0].layers[2]`. */
  readonly path: string;
  readonly digest: Digest;
  /** image.missing, image.mismatch or registry.failed. */
  readonly error: CountersignError;
}

export interface TreeReport {
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
  /** Layers that are by their type kept elsewhere (foreign, nondistributable) and were not there to be checked. */
  readonly skipped: readonly Digest[];
  /** Empty: everything is there and right. */
  readonly problems: readonly TreeProblem[];
}

const maxDepth = 4;
const maxNodes = 20_000;

interface Walk {
  readonly source: ImageSource;
  readonly options: TreeOptions;
  /** Digest and size: one digest under two sizes is two claims. */
  readonly seen: Set<string>;
  readonly skipped: Digest[];
  readonly problems: TreeProblem[];
  manifests: number;
  blobs: number;
  bytes: number;
  total: number;
}

/** Reads everything once. @throws limit.exceeded, and download.* or registry.denied when reading itself is not possible */
export async function checkDescriptorTree(
  image: ResolvedImage,
  source: ImageSource,
  options: TreeOptions = {},
): Promise<TreeReport> {
  const walk: Walk = {
    source,
    options,
    seen: new Set([`${image.digest} ${image.length}`]),
    skipped: [],
    problems: [],
    manifests: 1,
    blobs: 0,
    bytes: image.length,
    total: image.length,
  };
  await visit(walk, readManifest(image.manifestBytes, image.mediaType, image.digest), "", 1);
  const { manifests, blobs, bytes, skipped, problems } = walk;
  return { manifests, blobs, bytes, skipped, problems };
}

async function visit(walk: Walk, manifest: Manifest, path: string, depth: number): Promise<void> {
  const prefix = path === "" ? "" : `${path}.`;
  if (manifest.kind === "image") {
    const parts: readonly (readonly [string, Descriptor])[] = [
      [`${prefix}config`, manifest.config],
      ...manifest.layers.map((layer, position) => [`${prefix}layers[${position}]`, layer] as const),
    ];
    for (const [, { size }] of parts) expect(walk, size);
    for (const [where, descriptor] of parts) {
      await attempt(walk, where, descriptor, () => checkBlob(walk, descriptor, where));
    }
    return;
  }
  for (const { size } of manifest.manifests) expect(walk, size);
  for (const [position, descriptor] of manifest.manifests.entries()) {
    const where = `${prefix}manifests[${position}]`;
    await attempt(walk, where, descriptor, async () => {
      const child = await checkManifest(walk, descriptor, where);
      if (depth >= maxDepth)
        throw new CountersignError("limit.exceeded", `${where}: an index nested deeper than ${maxDepth}`);
      await visit(walk, child, where, depth + 1);
    });
  }
}

function expect(walk: Walk, size: number): void {
  walk.total += size;
  const { maxTotalBytes = 256 * 2 ** 30 } = walk.options;
  if (walk.total > maxTotalBytes) {
    throw new CountersignError("limit.exceeded", `the image has more than ${maxTotalBytes} bytes to check`);
  }
}

/** Runs a check once a digest, and notes what is wrong with the image as against what is wrong with reading it. */
async function attempt(
  walk: Walk,
  path: string,
  { digest, size }: Descriptor,
  check: () => Promise<void>,
): Promise<void> {
  const claim = `${digest} ${size}`;
  walk.options.signal?.throwIfAborted();
  if (walk.seen.has(claim)) return;
  walk.seen.add(claim);
  if (walk.seen.size > maxNodes)
    throw new CountersignError("limit.exceeded", `the image names more than ${maxNodes} things`);
  try {
    await check();
  } catch (error) {
    if (!isCountersignError(error, "image.missing", "image.mismatch", "registry.failed")) throw error;
    walk.problems.push({ path, digest, error });
  }
}

async function checkManifest(walk: Walk, descriptor: Descriptor, where: string): Promise<Manifest> {
  if (descriptor.size > maxManifestBytes) {
    throw new CountersignError("registry.failed", `${where}: a manifest of ${descriptor.size} bytes is over the limit`);
  }
  const found = await walk.source.readManifest(descriptor.digest, walk.options);
  if (found === undefined) throw new CountersignError("image.missing", `${where}: ${descriptor.digest} is not there`);
  if (found.bytes.length !== descriptor.size) {
    throw new CountersignError("image.mismatch", `${where}: ${found.bytes.length} bytes instead of ${descriptor.size}`);
  }
  walk.manifests += 1;
  progress(walk, where, found.bytes.length);
  return readManifest(found.bytes, descriptor.mediaType, where);
}

async function checkBlob(walk: Walk, descriptor: Descriptor, where: string): Promise<void> {
  try {
    for await (const piece of walk.source.readBlob(descriptor, walk.options)) progress(walk, where, piece.length);
    walk.blobs += 1;
  } catch (error) {
    const isElsewhere = /\.foreign\.|\.nondistributable\./.test(descriptor.mediaType);
    if (!isElsewhere || !isCountersignError(error, "image.missing")) throw error;
    walk.skipped.push(descriptor.digest);
  }
}

function progress(walk: Walk, path: string, length: number): void {
  walk.bytes += length;
  walk.options.onProgress?.({ path, checkedBytes: walk.bytes, totalBytes: walk.total });
}
