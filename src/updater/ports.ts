// What the updater needs from outside. Adapters: remote/ (trust server over HTTP), home/ (cache on disk), testing/ (simulator).
import type { Digest, RoleName } from "../bytes/index.ts";

export interface FetchOptions {
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

/**
 * Where documents of one collection in one dialect come from. Every method answers the exact bytes, or undefined for "not there";
 * anything else (unreachable, refused, too long, too slow) throws a download.* error.
 */
export interface MetadataSource {
  /** `version` undefined: the newest. */
  fetchRoot(version: number | undefined, options: FetchOptions): Promise<Uint8Array | undefined>;
  fetchTimestamp(options: FetchOptions): Promise<Uint8Array | undefined>;
  /**
   * notary1 asks by digest (by version for what is no longer listed), tuf1 by version (undefined where the repository has no consistent
   * snapshots).
   */
  fetchSnapshot(wanted: Wanted, options: FetchOptions): Promise<Uint8Array | undefined>;
  fetchTargets(role: RoleName, wanted: Wanted, options: FetchOptions): Promise<Uint8Array | undefined>;
}

export interface Wanted {
  readonly version: number | undefined;
  readonly digest: Digest | undefined;
}

/** Trusted documents of one collection in one dialect, as received. Write is atomic; only trusted bytes are ever written. */
export interface MetadataCache {
  read(role: RoleName): Promise<Uint8Array | undefined>;
  write(role: RoleName, bytes: Uint8Array): Promise<void>;
  remove(role: RoleName): Promise<void>;
}
