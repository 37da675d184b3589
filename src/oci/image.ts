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
  /** The manifest of a tag or digest, digest-checked; undefined: no such manifest. */
  readManifest(wanted: Tag | Digest, options?: ReadOptions): Promise<ManifestBytes | undefined>;
  /** The blob's bytes as they come; the digest and size are checked, and the last chunk withheld until they match. */
  readBlob(descriptor: Descriptor, options?: ReadOptions): AsyncIterable<Uint8Array>;
}

export interface ManifestBytes {
  readonly bytes: Uint8Array;
  /** Computed from `bytes`. */
  readonly digest: Digest;
  readonly mediaType: string;
}
