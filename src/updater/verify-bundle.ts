// Offline verification: a saved bundle, judged as a fresh reader would judge the same documents from the network. Nothing is kept.
import { CountersignError, type Gun } from "../bytes/index.ts";
import { decodeBundle } from "./bundle.ts";
import { bundleSource } from "./bundle-source.ts";
import type { Collection } from "./collection.ts";
import { openCollection } from "./open-collection.ts";
import type { OpenOptions } from "./open-options.ts";
import type { MetadataCache } from "./ports.ts";

export interface VerifyBundleOptions
  extends Pick<OpenOptions, "pins" | "now" | "memory" | "limits" | "trustOnFirstUse"> {
  /** The collection that the caller means; a bundle of another one is refused. */
  readonly gun: Gun;
}

/** @throws bundle.invalid (also for a bundle of another collection), and what openCollection throws */
export async function verifyBundle(bytes: Uint8Array, options: VerifyBundleOptions): Promise<Collection> {
  const bundle = decodeBundle(bytes);
  // The name must come from the caller: a bundle that named itself would verify as whatever it likes.
  if (bundle.gun !== options.gun) {
    throw new CountersignError("bundle.invalid", `the bundle is of ${bundle.gun}, not of ${options.gun}`);
  }
  return openCollection({ ...options, dialect: bundle.dialect, source: bundleSource(bundle), cache: noCache });
}

/** A cache that holds nothing: every reader over it is a fresh one. */
export const noCache: MetadataCache = {
  read: async () => undefined,
  write: async () => undefined,
  remove: async () => undefined,
};
