// The documents a reader trusts, and the only way to trust one more. No I/O: bytes go in, in a fixed order, and the set either
// advances or throws a coded error and stays as it was. Both dialects. TUF 1.0.34, 5.2 to 5.6; Notary v1 sections 9.1 to 9.3.
//
//   set = TrustedSet.fromRoot(bytes, ...)         the root trusted so far
//   set.updateRoot(bytes) ...                     each next version, one by one; expiry of those in between does not matter
//   set.finishRoots()                             the last one must be in force
//   set.loadCachedTimestamp(bytes), loadCachedSnapshot, loadCachedTargets: what was trusted in earlier runs, even if it has
//                                                 expired by now: it takes part in rollback checks and in nothing else
//   set.updateTimestamp(bytes); set.updateSnapshot(bytes); set.updateTargets(role, bytes, delegator) ...
//
// A new root makes the set forget everything below it: go on with loadCached... and updateTimestamp again.
import {
  CountersignError,
  equalBytes,
  type Gun,
  isCountersignError,
  parseRoleName,
  type RoleName,
} from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import {
  type Authority,
  countRootSigners,
  delegatedAuthority,
  identitiesOf,
  requireRootSigners,
  topAuthority,
} from "./authority.ts";
import type { Dialect } from "./dialect.ts";
import { requireFresh } from "./expiry.ts";
import { matchesHashes, requireEntry } from "./meta-entry.ts";
import type { Document, MetaEntry, Root, Snapshot, Targets, Timestamp } from "./model.ts";
import { requireNotOlder, requireSnapshotKeeps, requireTimestampKeeps } from "./rollback.ts";
import { rotatesOnlineKeys } from "./rotation.ts";
import { countSigners, requireThreshold, type SignerCount } from "./threshold.ts";

export interface TrustedSetOptions {
  readonly dialect: Dialect;
  /** notary1 root certificates must be made for it. */
  readonly gun: Gun;
  /** Milliseconds since the Unix epoch; fixed for the whole run (5.1). */
  readonly now: number;
}

const rootRole = parseRoleName("root");
const timestampRole = parseRoleName("timestamp");
const snapshotRole = parseRoleName("snapshot");

export class TrustedSet {
  readonly dialect: Dialect;
  readonly gun: Gun;
  readonly now: number;
  #root: Document<Root>;
  #rootInForce = false;
  #onlineKeysRotated = false;
  #timestamp: Document<Timestamp> | undefined;
  #snapshot: Document<Snapshot> | undefined;
  readonly #targets = new Map<RoleName, Document<Targets>>();
  /** "role\ndelegator" of every way through which a trusted document was reached and checked. */
  readonly #reached = new Set<string>();
  #storedTimestamp: Document<Timestamp> | undefined;
  #storedSnapshot: Document<Snapshot> | undefined;
  readonly #storedTargets = new Map<RoleName, Uint8Array>();

  private constructor(root: Document<Root>, options: TrustedSetOptions) {
    this.dialect = options.dialect;
    this.gun = options.gun;
    this.now = options.now;
    this.#root = root;
  }

  /**
   * Starts from a root that is trusted already (pinned or cached): it must be signed by its own threshold. Neither its date nor
   * those of its certificates matter yet (5.2), so that a stale reader can go on to the roots that follow.
   * @throws json.*, metadata.*, threshold.*, signature.none
   */
  static fromRoot(bytes: Uint8Array, options: TrustedSetOptions): TrustedSet {
    const root = options.dialect.decodeRoot(bytes);
    requireRootSigners(root, root.signed, { ...options, now: undefined });
    return new TrustedSet(root, options);
  }

  get root(): Document<Root> {
    return this.#root;
  }

  get timestamp(): Document<Timestamp> | undefined {
    return this.#timestamp;
  }

  get snapshot(): Document<Snapshot> | undefined {
    return this.#snapshot;
  }

  /** `targets` and the delegated roles trusted so far, in the order in which they were reached. */
  get targets(): ReadonlyMap<RoleName, Document<Targets>> {
    return this.#targets;
  }

  /**
   * A root accepted by this set took timestamp or snapshot keys out of use: the stored timestamp and snapshot of earlier runs are
   * to be deleted before that root is stored (5.3.11). It is how a reader recovers from a fast-forward attack.
   */
  get onlineKeysRotated(): boolean {
    return this.#onlineKeysRotated;
  }

  /** What the trusted timestamp says of the snapshot, or the trusted snapshot of a role; undefined when not (yet) listed. */
  expected(role: RoleName): MetaEntry | undefined {
    return role === "snapshot" ? this.#timestamp?.signed.snapshot : this.#snapshot?.signed.meta.get(role);
  }

  /**
   * The next root: signed by the threshold of the trusted root and by its own, version exactly one higher (5.3.4, 5.3.5).
   * @throws json.*, metadata.*, threshold.*, signature.none, metadata.rollback, metadata.version_mismatch
   */
  updateRoot(bytes: Uint8Array): Document<Root> {
    const next = this.dialect.decodeRoot(bytes);
    const current = this.#root;
    requireRootSigners(next, current.signed, { dialect: this.dialect, gun: this.gun, now: undefined });
    requireRootSigners(next, next.signed, { dialect: this.dialect, gun: this.gun, now: undefined });
    requireNotOlder(next, current.signed.version, "the trusted root");
    if (next.signed.version !== current.signed.version + 1) {
      throw new CountersignError(
        "metadata.version_mismatch",
        `root version ${next.signed.version} does not follow version ${current.signed.version}`,
      );
    }
    this.#advanceRoot(next);
    return next;
  }

  /**
   * No newer root exists: the trusted one must be in force, and in notary1 signed under certificates that are (5.3.10).
   * @throws metadata.expired, certificate.invalid
   */
  finishRoots(): void {
    requireFresh(this.#root, this.now);
    if (this.dialect.name === "notary1") requireRootSigners(this.#root, this.#root.signed, this);
    this.#rootInForce = true;
  }

  /** A timestamp trusted in an earlier run. False: it does not verify under the trusted root and is to be forgotten. */
  loadCachedTimestamp(bytes: Uint8Array): boolean {
    this.#requireRootInForce();
    if (this.#onlineKeysRotated) return false;
    const authority = this.#authorityOver(timestampRole, rootRole);
    this.#storedTimestamp = this.#verifiedOrNot(() => this.dialect.decodeTimestamp(bytes), authority);
    return this.#storedTimestamp !== undefined;
  }

  /** A snapshot trusted in an earlier run. False: it does not verify under the trusted root and is to be forgotten. */
  loadCachedSnapshot(bytes: Uint8Array): boolean {
    this.#requireRootInForce();
    if (this.#onlineKeysRotated) return false;
    const authority = this.#authorityOver(snapshotRole, rootRole);
    this.#storedSnapshot = this.#verifiedOrNot(() => this.dialect.decodeSnapshot(bytes), authority);
    return this.#storedSnapshot !== undefined;
  }

  /** A targets document trusted in an earlier run; looked at when the role is reached, under the keys of that delegator. */
  loadCachedTargets(role: RoleName, bytes: Uint8Array): void {
    this.#storedTargets.set(role, bytes);
  }

  /**
   * Answers the timestamp now trusted: a version equal to the stored one keeps the stored one (5.4.3.1).
   * @throws json.*, metadata.*, threshold.*, signature.none
   */
  updateTimestamp(bytes: Uint8Array): Document<Timestamp> {
    this.#requireRootInForce();
    const stored = this.#timestamp ?? this.#storedTimestamp;
    let next = stored;
    if (stored === undefined || !equalBytes(stored.bytes, bytes)) {
      const received = this.dialect.decodeTimestamp(bytes);
      this.#requireSigned(received, this.#authorityOver(timestampRole, rootRole), "root");
      if (stored !== undefined) requireTimestampKeeps(received, stored);
      if (received.signed.version !== stored?.signed.version) next = received;
    }
    if (next === undefined) throw new CountersignError("bug.unexpected", "no timestamp to go on with");
    requireFresh(next, this.now);
    if (next !== this.#timestamp) {
      this.#forgetSnapshot();
      this.#timestamp = next;
    }
    return next;
  }

  /**
   * The snapshot that the trusted timestamp names.
   * @throws json.*, metadata.*, threshold.*, signature.none; metadata.root_mismatch (notary1): look for a newer root
   */
  updateSnapshot(bytes: Uint8Array): Document<Snapshot> {
    const timestamp = this.#timestamp;
    if (timestamp === undefined) throw outOfOrder("a snapshot", "a trusted timestamp");
    const entry = timestamp.signed.snapshot;
    requireEntry("snapshot", bytes, entry, "the timestamp");
    const stored = this.#snapshot ?? this.#storedSnapshot;
    let next = stored;
    if (stored === undefined || !equalBytes(stored.bytes, bytes)) {
      next = this.dialect.decodeSnapshot(bytes);
      this.#requireSigned(next, this.#authorityOver(snapshotRole, rootRole), "root");
      if (stored !== undefined) requireSnapshotKeeps(next, stored, this.dialect.name);
    }
    if (next === undefined) throw new CountersignError("bug.unexpected", "no snapshot to go on with");
    requireListedVersion(next, entry, "the timestamp");
    requireFresh(next, this.now);
    if (this.dialect.name === "notary1") this.#requireRootOf(next);
    if (next !== this.#snapshot) {
      this.#forgetSnapshot();
      this.#snapshot = next;
    }
    return next;
  }

  /**
   * A targets role, reached through `delegator` (`root` for `targets`), whose document must be trusted already.
   * @throws json.*, metadata.*, threshold.*, signature.none
   */
  updateTargets(role: RoleName, bytes: Uint8Array, delegator: RoleName): Document<Targets> {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) throw outOfOrder(role, "a trusted snapshot");
    const authority = this.#authorityOver(role, delegator);
    const entry = snapshot.signed.meta.get(role);
    if (entry === undefined) {
      throw new CountersignError("metadata.unlisted", `${role} is not in snapshot version ${snapshot.signed.version}`);
    }
    requireEntry(role, bytes, entry, "the snapshot");
    const next = this.dialect.decodeTargets(role, bytes);
    this.#requireSigned(next, authority, delegator);
    requireListedVersion(next, entry, "the snapshot");
    const stored = this.#storedVersion(role, bytes, authority);
    if (stored !== undefined) requireNotOlder(next, stored, "the one trusted before");
    requireFresh(next, this.now);
    const trusted = this.#targets.get(role);
    if (trusted !== undefined && !equalBytes(trusted.bytes, bytes)) this.#forgetReached(role);
    this.#targets.set(role, next);
    this.#reached.add(`${role}\n${delegator}`);
    return next;
  }

  /**
   * A role that is trusted already, for another delegator: checked again with that delegator's keys and threshold (5.6.7).
   * undefined when the role's document is not in the set. @throws threshold.unmet
   */
  trustedTargets(role: RoleName, delegator: RoleName): Document<Targets> | undefined {
    const document = this.#targets.get(role);
    if (document === undefined) return undefined;
    const way = `${role}\n${delegator}`;
    if (!this.#reached.has(way)) {
      this.#requireSigned(document, this.#authorityOver(role, delegator), delegator);
      this.#reached.add(way);
    }
    return document;
  }

  /** All distinct keys that signed a trusted document, as its delegator lists them. undefined: not in the set. */
  signersOf(role: RoleName, delegator: RoleName = rootRole): SignerCount | undefined {
    if (role === "root") return countRootSigners(this.#root, this.#root.signed, this);
    const document = this.#documentOf(role);
    if (document === undefined) return undefined;
    const { keys, role: roleKeys } = this.#authorityOver(role, delegator);
    return countSigners(this.dialect, document, keys, roleKeys, { countAll: true });
  }

  /** The identities that may sign a role, of those we can use. */
  keysOf(role: RoleName, delegator: RoleName = rootRole): readonly CanonicalKeyId[] {
    return identitiesOf(this.#authorityOver(role, delegator));
  }

  #documentOf(role: RoleName): Document | undefined {
    if (role === "timestamp") return this.#timestamp;
    return role === "snapshot" ? this.#snapshot : this.#targets.get(role);
  }

  #authorityOver(role: RoleName, delegator: RoleName): Authority {
    if (delegator === "root") return topAuthority(this.#root.signed, role);
    const parent = this.#targets.get(delegator);
    if (parent === undefined) throw outOfOrder(role, `a trusted ${delegator}`);
    return delegatedAuthority(parent, role);
  }

  #requireSigned(document: Document, authority: Authority, delegator: string): void {
    requireThreshold(this.dialect, document, authority.keys, authority.role, delegator);
  }

  /** A stored document that no longer decodes or verifies is dropped, not fatal: the keys may have been rotated since. */
  #verifiedOrNot<T extends Document>(decode: () => T, authority: Authority): T | undefined {
    try {
      const document = decode();
      this.#requireSigned(document, authority, "root");
      return document;
    } catch (error) {
      if (isCountersignError(error) && error.kind === "untrusted") return undefined;
      throw error;
    }
  }

  /** The version of a stored targets document, if it verifies under the keys at hand. */
  #storedVersion(role: RoleName, bytes: Uint8Array, authority: Authority): number | undefined {
    const stored = this.#storedTargets.get(role);
    if (stored === undefined || equalBytes(stored, bytes)) return undefined;
    return this.#verifiedOrNot(() => this.dialect.decodeTargets(role, stored), authority)?.signed.version;
  }

  #advanceRoot(next: Document<Root>): void {
    const rotated = rotatesOnlineKeys(this.#root.signed, next.signed);
    this.#onlineKeysRotated ||= rotated;
    const timestamp = this.#timestamp ?? this.#storedTimestamp;
    const snapshot = this.#snapshot ?? this.#storedSnapshot;
    this.#root = next;
    this.#rootInForce = false;
    this.#timestamp = undefined;
    this.#forgetSnapshot();
    this.#storedTimestamp = rotated ? undefined : this.#stillVerified(timestamp, timestampRole);
    this.#storedSnapshot = rotated ? undefined : this.#stillVerified(snapshot, snapshotRole);
  }

  #stillVerified<T extends Document>(document: T | undefined, role: RoleName): T | undefined {
    return document && this.#verifiedOrNot(() => document, this.#authorityOver(role, rootRole));
  }

  #forgetSnapshot(): void {
    this.#storedSnapshot = this.#snapshot ?? this.#storedSnapshot;
    this.#snapshot = undefined;
    for (const document of this.#targets.values()) this.#storedTargets.set(document.role, document.bytes);
    this.#targets.clear();
    this.#reached.clear();
  }

  /** Another document of a role may list other keys for those below it: whatever was reached through it is checked again. */
  #forgetReached(role: RoleName): void {
    for (const way of this.#reached) {
      if (way.startsWith(`${role}\n`) || way.endsWith(`\n${role}`)) this.#reached.delete(way);
    }
  }

  /** Without this, a mirror could pair a new root with a snapshot made before it (notary-v1 9.2, step 4). */
  #requireRootOf(snapshot: Document<Snapshot>): void {
    const entry = snapshot.signed.meta.get(rootRole);
    if (entry !== undefined && matchesHashes(this.#root.bytes, entry.hashes)) return;
    throw new CountersignError(
      "metadata.root_mismatch",
      `snapshot version ${snapshot.signed.version} lists another root than the trusted version ${this.#root.signed.version}`,
    );
  }

  #requireRootInForce(): void {
    if (!this.#rootInForce) throw outOfOrder("anything below root", "finishRoots()");
  }
}

/** @throws metadata.version_mismatch */
function requireListedVersion(document: Document, entry: MetaEntry, parent: string): void {
  if (entry.version === undefined || document.signed.version === entry.version) return;
  throw new CountersignError(
    "metadata.version_mismatch",
    `${document.role} is version ${document.signed.version}, ${parent} lists version ${entry.version}`,
  );
}

function outOfOrder(what: string, before: string): CountersignError {
  return new CountersignError("bug.unexpected", `${what} needs ${before} first`);
}
