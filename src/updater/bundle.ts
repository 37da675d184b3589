// The bundle: the whole chain of one collection in one dialect as one file (docs/api.md). It carries bytes, not trust: a bundle is
// verified by the same code as documents fetched one by one, through bundleSource.
import type { Gun, RoleName } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";

export interface BundleDocument {
  readonly role: RoleName;
  readonly bytes: Uint8Array;
}

export interface Bundle {
  readonly gun: Gun;
  readonly dialect: DialectName;
  /** Roots ascending, timestamp, snapshot, targets, delegations parents first. */
  readonly documents: readonly BundleDocument[];
}
