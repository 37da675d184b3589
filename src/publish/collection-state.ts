// What a publisher knows of a collection: the verified documents of each dialect it carries. Made by the updater (the code a
// verifier runs), never from unverified bytes. Everything a change does starts here.
import type { Gun, RoleName } from "../bytes/index.ts";
import type { Dialect } from "../dialects/index.ts";
import type { DialectName, Document, Root, Snapshot, Targets, Timestamp } from "../tuf/index.ts";

/** The trusted documents of one dialect. */
export interface DialectState {
  readonly dialect: Dialect;
  readonly root: Document<Root>;
  readonly timestamp: Document<Timestamp> | undefined;
  readonly snapshot: Document<Snapshot> | undefined;
  /** `targets` and every delegation in force, by role. Delegations that do not verify are left out. */
  readonly targets: ReadonlyMap<RoleName, Document<Targets>>;
  /** Delegations that the verified snapshot lists and readers pass over: expired, or signed by too few keys that count. */
  readonly lapsed?: ReadonlyMap<RoleName, LapsedRole>;
}

export interface CollectionState {
  readonly gun: Gun;
  /** The dialects the collection carries. A dialect that it should carry and that has no document yet is absent. */
  readonly dialects: ReadonlyMap<DialectName, DialectState>;
}

/** A delegation's document that readers pass over. */
export interface LapsedRole {
  readonly document: Document<Targets>;
  /** True: expired only. False: nobody vouches for its content but the snapshot. */
  readonly isSigned: boolean;
}
