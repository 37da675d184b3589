// The model: what roles say, apart from how a dialect writes it. TUF specification 1.0.34 section 4; Notary v1 (TUF 0.9) is
// the subset without meta versions, patterns and terminating delegations.
import type { Hashes, JsonObject, JsonValue, RoleName, TopRole } from "../bytes/index.ts";
import type { Certificate, KeyId, PublicKey } from "../keys/index.ts";

export type DialectName = "notary1" | "tuf1";

/** An expiry, with the text it was read from: rewriting must not lose nanoseconds or the zone offset. */
export interface Expiry {
  readonly text: string;
  /** Milliseconds since the Unix epoch, rounded down. */
  readonly at: number;
}

/** A key as a document lists it. */
export interface Key {
  readonly id: KeyId;
  /** `ecdsa`, `ecdsa-x509`, `rsa`, `rsa-x509`, `ed25519`, ... as written. */
  readonly keyType: string;
  /** TUF 1.0's scheme as written; undefined in notary1. */
  readonly scheme: string | undefined;
  /** undefined: of a type we do not know or bytes that do not parse. Such a key counts for nothing and harms nothing. */
  readonly publicKey: PublicKey | undefined;
  /** Leaf first, for the x509 kinds; otherwise empty. */
  readonly certificates: readonly Certificate[];
  /** The key object exactly as written, for ids and re-encoding. */
  readonly source: JsonObject;
}

export interface RoleKeys {
  /** Distinct, in the order written. */
  readonly keyIds: readonly KeyId[];
  /** An integer of at least one. */
  readonly threshold: number;
}

interface Common {
  /** At least one. */
  readonly version: number;
  readonly expires: Expiry;
  /** Members of `signed` that we do not know, kept for re-encoding. */
  readonly extra: JsonObject;
}

export interface Root extends Common {
  readonly type: "root";
  readonly consistentSnapshot: boolean;
  readonly keys: ReadonlyMap<KeyId, Key>;
  readonly roles: Readonly<Record<TopRole, RoleKeys>>;
}

export interface Target {
  readonly length: number;
  /** At least one of sha256, sha512 usable. */
  readonly hashes: Hashes;
  readonly custom: JsonValue | undefined;
}

export interface DelegatedRole extends RoleKeys {
  readonly name: RoleName;
  readonly paths: DelegatedPaths;
  readonly terminating: boolean;
}

export type DelegatedPaths =
  | { readonly kind: "prefixes"; readonly prefixes: readonly string[] } // notary1; "" = everything, none = nothing
  | { readonly kind: "patterns"; readonly patterns: readonly string[] } // tuf1 `paths`
  | { readonly kind: "hashPrefixes"; readonly hashPrefixes: readonly string[] }; // tuf1 `path_hash_prefixes`

export interface SuccinctRoles extends RoleKeys {
  readonly bitLength: number;
  readonly namePrefix: string;
}

export interface Delegations {
  readonly keys: ReadonlyMap<KeyId, Key>;
  /** In order of priority. */
  readonly roles: readonly DelegatedRole[];
  readonly succinct: SuccinctRoles | undefined;
  /** notary1: an empty list that was written `null`, as Go writes it after the last role was removed; kept for re-encoding. */
  readonly rolesWereNull?: true;
}

/** targets, and every delegated role. */
export interface Targets extends Common {
  readonly type: "targets";
  /** Target name as written -> target. */
  readonly targets: ReadonlyMap<string, Target>;
  readonly delegations: Delegations | undefined;
}

/** What a parent says of a child document. notary1 has no version; tuf1 may lack length and hashes. */
export interface MetaEntry {
  readonly version: number | undefined;
  readonly length: number | undefined;
  readonly hashes: Hashes;
}

export interface Snapshot extends Common {
  readonly type: "snapshot";
  /** Role -> entry, without `.json`. notary1 also lists root. */
  readonly meta: ReadonlyMap<RoleName, MetaEntry>;
}

export interface Timestamp extends Common {
  readonly type: "timestamp";
  readonly snapshot: MetaEntry;
}

export type Signed = Root | Targets | Snapshot | Timestamp;

export interface Signature {
  readonly keyId: KeyId;
  /** notary1's method, lower-cased; undefined in tuf1, where the key names the scheme. */
  readonly method: string | undefined;
  readonly signature: Uint8Array;
}

/** One role's exact signed bytes, decoded. Never re-serialised. */
export interface Document<T extends Signed = Signed> {
  readonly dialect: DialectName;
  readonly role: RoleName;
  /** The bytes as received. */
  readonly bytes: Uint8Array;
  /** Canonical form of `signed`: what signatures cover. */
  readonly signedBytes: Uint8Array;
  readonly signatures: readonly Signature[];
  readonly signed: T;
}
