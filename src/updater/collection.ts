// What a reader gets: one collection in one dialect, verified up to `targets`, with the facts that a verdict is made of.
// Everything in these types has been verified against the pins; nothing is a promise of the server. Delegated roles are read
// when a question needs them, so `lookup`, `listTargets` and `roles` may fetch, and may throw download.* and metadata.* errors.
import type { CountersignError, Digest, Gun, RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import type { DialectName, Document, Expiry, Root, Snapshot, Target, Targets, Timestamp } from "../tuf/index.ts";
import type { Anchor } from "./pins.ts";

/** What is known of one trusted document. */
export interface DocumentFacts {
  readonly role: RoleName;
  readonly version: number;
  readonly expires: Expiry;
  readonly digest: Digest;
  readonly length: number;
  /** The distinct keys whose signatures were found good, by their one identity in either dialect. Reaches the threshold. */
  readonly signedBy: readonly CanonicalKeyId[];
  readonly threshold: number;
}

export interface FoundTarget {
  /** As written in the document; not necessarily a valid tag. */
  readonly name: string;
  readonly length: number;
  /** Every digest we can check, the strongest last; all of them bind. */
  readonly digests: readonly Digest[];
  readonly target: Target;
  /** The role that decided it. */
  readonly role: RoleName;
  /** From `targets` to the deciding role: each delegated to the next. */
  readonly chain: readonly DocumentFacts[];
  /** The earliest expiry of all that this answer rests on: root, timestamp, snapshot and the chain. */
  readonly expires: Expiry;
}

/** One targets role a walk met. */
export interface RoleReport {
  readonly role: RoleName;
  /** The role that delegates to it; undefined for `targets`, which root names. */
  readonly delegatedBy: RoleName | undefined;
  /** Keys that may sign it, of those we can use. */
  readonly keys: readonly CanonicalKeyId[];
  readonly threshold: number;
  readonly state:
    | { readonly kind: "trusted"; readonly facts: DocumentFacts; readonly targets: number }
    /** Not in the snapshot: never published. */
    | { readonly kind: "unpublished" }
    | { readonly kind: "unusable"; readonly reason: CountersignError };
}

/** How current the answer is. `cached` only ever with `offline: "allowed"`, and only while nothing has expired. */
export type Freshness = { readonly kind: "online" } | { readonly kind: "cached"; readonly reason: CountersignError };

/** The trusted documents themselves, for publishers and bundles. */
export interface TrustedDocuments {
  /** Roots accepted in this run, ascending; the last one is the trusted root. */
  readonly roots: readonly Document<Root>[];
  readonly root: Document<Root>;
  readonly timestamp: Document<Timestamp>;
  readonly snapshot: Document<Snapshot>;
  /** `targets` and the delegated roles read so far, parents first. */
  readonly targets: ReadonlyMap<RoleName, Document<Targets>>;
}

export interface Collection {
  readonly gun: Gun;
  readonly dialect: DialectName;
  /** The instant everything was judged at, milliseconds since the epoch. */
  readonly now: number;
  readonly anchor: Anchor;
  readonly freshness: Freshness;
  /** Things that did not stop the work and that somebody should look at: a damaged cache file, a lost memory. */
  readonly warnings: readonly CountersignError[];
  readonly root: DocumentFacts;
  readonly timestamp: DocumentFacts;
  readonly snapshot: DocumentFacts;
  readonly targets: DocumentFacts;
  /** The deciding role's entry for `name`; undefined when no role that may speak for it has it. */
  lookup(name: string): Promise<FoundTarget | undefined>;
  /** Reads every role that a lookup of these names would read, into `documents()`. */
  readFor(names: Iterable<string>): Promise<void>;
  /** Reads these delegated roles, each with the keys that the role above it lists, into `documents()`. */
  readRoles(roles: Iterable<RoleName>): Promise<void>;
  /** Every name once, from the role that a lookup would choose. A delegated role that cannot be used is left out (see roles). */
  listTargets(): Promise<readonly FoundTarget[]>;
  /** Every targets role of the collection, in walk order; `skipsBins` leaves out those that are reached by the hash of names. */
  roles(options?: { readonly skipsBins?: boolean }): Promise<readonly RoleReport[]>;
  /** What has been verified so far. */
  documents(): TrustedDocuments;
}
