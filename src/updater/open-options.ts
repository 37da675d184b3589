// What a caller says when it opens a collection. Nothing here has a default that lowers security: no trust on first use, no answers
// from a cache that could not be checked for freshness.
import type { Gun } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { Limits } from "./limits.ts";
import type { MemoryStore } from "./memory.ts";
import type { Pin } from "./pins.ts";
import type { MetadataCache, MetadataSource } from "./ports.ts";

export interface OpenOptions {
  readonly gun: Gun;
  readonly dialect: DialectName;
  readonly source: MetadataSource;
  /** Of this collection in this dialect. */
  readonly cache: MetadataCache;
  readonly pins: readonly Pin[];
  /**
   * Milliseconds since the epoch; fixed for the whole run. A publisher that has to renew what has expired passes an instant before
   * the expiry; a verifier never does.
   */
  readonly now: number;
  /** Of this collection, shared by both dialects. Leave it out only to read a dialect that is known to be behind (publishers). */
  readonly memory?: MemoryStore;
  readonly limits?: Partial<Limits>;
  /** Believe an unpinned collection's root because it is the first one seen. Default false. */
  readonly trustOnFirstUse?: boolean;
  /** May an unexpired cached chain answer when the source cannot be reached? Default "never". */
  readonly offline?: "never" | "allowed";
  readonly signal?: AbortSignal;
}
