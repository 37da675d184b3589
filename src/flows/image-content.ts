// An image as content to be signed or verified: resolved once in its registry or layout directory, measured by us.
import type { AuthorizedClient } from "../http/index.ts";
import {
  checkDescriptorTree,
  formatReference,
  type ImageReference,
  openImageSource,
  type ResolvedImage,
  resolveImage,
} from "../oci/index.ts";
import { type Content, contentOfBytes } from "./content.ts";
import type { Progress } from "./ports.ts";
import { type Reason, reasonOf } from "./verdict.ts";

export interface ImageContent {
  /** Resolved at the first call. @throws image.missing, image.mismatch, registry.*, download.* */
  content(): Promise<Content>;
  /** Reads everything the image names, down to the last layer, and answers what is missing or wrong. */
  deepCheck(progress: Progress): Promise<readonly Reason[]>;
}

/** Nothing is contacted before the first call. */
export function imageContent(reference: ImageReference, client: AuthorizedClient): ImageContent {
  const source = openImageSource(reference, { client });
  let resolving: Promise<ResolvedImage> | undefined;
  const resolve = (): Promise<ResolvedImage> => {
    resolving ??= resolveImage(reference, source);
    return resolving;
  };
  return {
    content: async () => contentOfBytes(formatReference(reference), (await resolve()).manifestBytes),
    async deepCheck(progress) {
      const report = await checkDescriptorTree(await resolve(), source, {
        onProgress: ({ path, checkedBytes, totalBytes }) =>
          progress(`checking ${path} (${megabytes(checkedBytes)} of ${megabytes(totalBytes)})`),
      });
      return report.problems.map(({ path, error }) => {
        const reason = reasonOf(error);
        return { ...reason, message: `${path}: ${reason.message}` };
      });
    },
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
