// What every route works with.
import type { AccessControl } from "../access/index.ts";
import type { Clock } from "../bytes/index.ts";
import type { Storage } from "../storage/index.ts";
import type { Caching } from "./answers.ts";
import type { Collections } from "./collections.ts";
import type { CollectionCache, ReadyAnswer } from "./document-cache.ts";
import type { KnownExpiries } from "./known-expiries.ts";
import type { Metrics } from "./metrics.ts";
import type { RateLimiter } from "./rate-limits.ts";
import type { Reads } from "./reads.ts";
import type { UploadBudget } from "./upload-budget.ts";

export interface AppContext {
  readonly storage: Storage;
  readonly collections: Collections;
  readonly reads: Reads;
  /** By path and query, exactly as requested. */
  readonly answers: CollectionCache<ReadyAnswer>;
  readonly expiries: KnownExpiries;
  readonly metrics: Metrics;
  readonly uploads: UploadBudget;
  readonly clock: Clock;
  /** undefined: open to everybody. */
  readonly access: AccessControl | undefined;
  readonly limiter: RateLimiter;
  readonly caching: Caching;
  /** Why storage could not be asked just now; undefined: it could. */
  readonly storageHealth: () => Promise<string | undefined>;
  /** Why the signer could not sign now; absent where that cannot happen. */
  readonly signerHealth: (() => Promise<string | undefined>) | undefined;
  /** Collections whose names begin otherwise do not exist here; undefined = all are served. */
  readonly gunPrefixes: readonly string[] | undefined;
}

/** A request whose body is read from `body`. */
export interface IncomingUpload {
  readonly request: Request;
  readonly body: AsyncIterable<Uint8Array> | null;
  /** The address group that it comes from. */
  readonly whom: string;
}
