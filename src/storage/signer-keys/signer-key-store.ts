// The port of the signer's keys at rest: rows sealed by the caller, and what is needed to derive the sealing keys from passphrases.
// Rules every adapter keeps: a promise that resolves is durable; a key is never overwritten by another; a passphrase record is never
// changed or removed, because its salt is needed as long as one key is sealed under it. It stands for private_keys of Notary
// (notary-v1, section 10). Adapters: sqlite-signer-keys.ts, postgres-signer-keys.ts; one contract, signer-keys-contract.ts.

/** Key types that Notary's signer knows (notary-v1, section 4). */
export type SignerKeyAlgorithm = "ecdsa" | "ed25519" | "rsa";

/** How the sealing key of one alias comes from its passphrase: scrypt (RFC 7914), and a value that tells the right passphrase. */
export interface PassphraseRecord {
  readonly alias: string;
  readonly salt: Uint8Array;
  readonly cost: number;
  readonly blockSize: number;
  readonly parallelization: number;
  /** Opens only with the key of the right passphrase. */
  readonly check: Uint8Array;
}

export interface StoredSignerKey {
  /** Canonical key id. */
  readonly keyId: string;
  readonly gun: string;
  readonly role: string;
  readonly algorithm: SignerKeyAlgorithm;
  /** DER SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** The passphrase record it is sealed under. */
  readonly alias: string;
  readonly sealed: Uint8Array;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** First signature; undefined: has never signed, and is offered again to who asks for a new key. */
  readonly usedAt: number | undefined;
}

/** A key sealed anew under another passphrase. */
export interface ResealedKey {
  readonly keyId: string;
  readonly fromAlias: string;
  readonly toAlias: string;
  readonly sealed: Uint8Array;
}

export interface SignerKeyStore extends AsyncDisposable {
  passphrase(alias: string): Promise<PassphraseRecord | undefined>;
  /** The record that stands: the given one, or the one that another process has added before. */
  addPassphrase(record: PassphraseRecord): Promise<PassphraseRecord>;
  /** Aliases that seal at least one key, with how many, sorted by name. */
  aliasesInUse(): Promise<readonly { readonly alias: string; readonly keys: number }[]>;
  key(keyId: string): Promise<StoredSignerKey | undefined>;
  /** The oldest key for that use which has never signed. */
  unusedKey(gun: string, role: string, algorithm: SignerKeyAlgorithm): Promise<StoredSignerKey | undefined>;
  /** Adds a new key, unless there is an unused one for its gun, role and algorithm already; gives the one that stands. */
  addKey(key: StoredSignerKey): Promise<StoredSignerKey>;
  /** Adds a key that was made elsewhere; false when a key of that id is there already, which stays as it is. */
  importKey(key: StoredSignerKey): Promise<boolean>;
  /** Remembers the first use; a later one changes nothing. False when there is no such key. */
  markUsed(keyId: string, at: number): Promise<boolean>;
  /** False when there was none. */
  removeKey(keyId: string): Promise<boolean>;
  /** Keys sealed under an alias, by id, those after `after`. */
  keysUnder(alias: string, after: string, limit: number): Promise<readonly StoredSignerKey[]>;
  /** All in one transaction. A key that is gone or no longer under `fromAlias` is left alone; gives how many changed. */
  reseal(keys: readonly ResealedKey[]): Promise<number>;
  /** Resolves when a trivial read works. @throws storage.unavailable, storage.corrupt */
  ping(): Promise<void>;
  close(): Promise<void>;
}
