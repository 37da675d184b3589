// An image as something to sign: the manifest's exact bytes, their digest as we computed it, and what they name.
// An index (several platforms) is signed as an index: its digest covers the manifests of all platforms.
// OCI image specification 1.1, manifest.md and image-index.md; docker's manifest v2 schema 2 and manifest list.
import type { Digest } from "../bytes/index.ts";
import type { ImageReference, Tag } from "./reference.ts";

/** What a manifest or index says of a piece of content. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
}

export interface Platform extends Descriptor {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
}

export interface ResolvedImage {
  readonly reference: ImageReference;
  /** Of `manifestBytes`, computed here. */
  readonly digest: Digest;
  /** Length of `manifestBytes`. */
  readonly length: number;
  readonly mediaType: string;
  readonly manifestBytes: Uint8Array;
  readonly isIndex: boolean;
  /** The images of an index in its order; empty for a single image (its platform is in its config). */
  readonly platforms: readonly Platform[];
}

export interface ReadOptions {
  readonly signal?: AbortSignal;
}

/** A repository in a registry, or an OCI layout directory. */
export interface ImageSource {
  /**
   * A manifest, digest-checked; undefined: there is none. `wanted` undefined: the tag `latest` of a registry, the only image of
   * a layout. @throws image.mismatch registry.failed registry.denied download.* disk.unreadable
   */
  readManifest(wanted: Tag | Digest | undefined, options?: ReadOptions): Promise<ManifestBytes | undefined>;
  /**
   * A blob's bytes as they come. Size and digest are checked, and the last piece is withheld until they match, so that a reader
   * who got to the end has the right bytes. @throws image.missing image.mismatch and the above
   */
  readBlob(descriptor: Descriptor, options?: ReadOptions): AsyncIterable<Uint8Array>;
  /** Every tag, in the source's order. @throws limit.exceeded past 100,000 */
  listTags(options?: ReadOptions): Promise<readonly Tag[]>;
}

export interface ManifestBytes {
  readonly bytes: Uint8Array;
  /** Computed from `bytes`. */
  readonly digest: Digest;
  /** What came with the bytes (Content-Type, descriptor); undefined: nothing did. */
  readonly announcedType: string | undefined;
}
