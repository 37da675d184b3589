// From a reference to the image it means now.
import { assertNever, CountersignError, type Digest } from "../bytes/index.ts";
import type { ImageSource, ReadOptions, ResolvedImage } from "./image.ts";
import { layoutDirectory } from "./layout.ts";
import { readManifest } from "./manifest.ts";
import { formatReference, type ImageReference, type Tag } from "./reference.ts";
import { type RegistryOptions, registryRepository } from "./registry.ts";

/** The registry repository or layout directory that a reference names. Nothing is read yet. */
export function openImageSource(reference: ImageReference, options: RegistryOptions): ImageSource {
  switch (reference.kind) {
    case "registry":
      return registryRepository(reference, options);
    case "layout":
      return layoutDirectory(reference.directory);
    default:
      return assertNever(reference);
  }
}

/**
 * The image of the reference's digest, or of its tag. The digest wins when both are given, as with docker: a tag beside a
 * digest is a comment. @throws image.missing image.mismatch registry.failed registry.denied reference.invalid download.*
 */
export async function resolveImage(
  reference: ImageReference,
  source: ImageSource,
  options: ReadOptions = {},
): Promise<ResolvedImage> {
  const wanted: Tag | Digest | undefined = reference.digest ?? reference.tag;
  const found = await source.readManifest(wanted, options);
  const name = formatReference(reference);
  if (found === undefined) {
    const isRegistry = reference.kind === "registry";
    throw new CountersignError("image.missing", `${name}: there is no such image`, {
      hints: [isRegistry ? "push it first, or check the name and the tag" : "see the tags in the layout's index.json"],
    });
  }
  const manifest = readManifest(found.bytes, found.announcedType, name);
  return {
    reference,
    digest: found.digest,
    length: found.bytes.length,
    mediaType: manifest.mediaType,
    manifestBytes: found.bytes,
    isIndex: manifest.kind === "index",
    platforms: manifest.kind === "index" ? manifest.platforms : [],
  };
}
