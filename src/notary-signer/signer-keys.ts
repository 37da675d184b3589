// The signer's keys as the protocol sees them: made, described, used and removed by id. Secrets are opened from the store when first used
// and kept open for a minute at a time, so that a key that another signer on the same database removes stops signing here too. A first
// use is durable before its signature leaves, or the key could be handed out again as a new one. notary-v1, sections 10 and 11.
import type { KeyObject } from "node:crypto";
import { type Clock, CountersignError } from "../bytes/index.ts";
import {
  generatePrivateKey,
  type PublicKey,
  publicKeyFromSpki,
  type Signer,
  signerFromPrivateKey,
} from "../keys/index.ts";
import type { SignerKeyStore, StoredSignerKey } from "../storage/index.ts";
import { type PassphraseOf, parseAlias, SealingKeys } from "./passphrases.ts";
import { signingOf, wireAlgorithm } from "./protocol.ts";
import { sealSignerKey, unsealSignerKey } from "./sealing.ts";
import type { NewKeyAlgorithm, RemoteKey } from "./signer-client.ts";

const maxOpenKeys = 10_000;
const keepOpenMs = 60_000;

export interface ImportedSignerKey {
  readonly gun: string;
  readonly role: string;
  readonly privateKey: KeyObject;
  /** What the source calls it; must be the canonical id of the key. */
  readonly keyId: string;
  readonly createdAt: number;
  /** undefined: has never signed. */
  readonly usedAt: number | undefined;
}

export interface SignerKeys {
  /** A key for that use that has never signed, made when there is none. */
  create(gun: string, role: string, algorithm: NewKeyAlgorithm): Promise<PublicKey>;
  /** undefined when there is no such key; so also below. */
  info(keyId: string): Promise<RemoteKey | undefined>;
  sign(
    keyId: string,
    content: Uint8Array,
  ): Promise<{ readonly key: PublicKey; readonly signature: Uint8Array } | undefined>;
  /** False when there was none. */
  remove(keyId: string): Promise<boolean>;
  /** Remembers that a key has signed elsewhere, so that it is not given out as new. False when there is no such key. */
  noteUse(keyId: string, usedAt: number | undefined): Promise<boolean>;
  /** Takes over a key made elsewhere; false when it is there already. @throws key.format when it is not the key it is called */
  importKey(key: ImportedSignerKey): Promise<boolean>;
}

export interface SignerKeysOptions {
  readonly store: SignerKeyStore;
  readonly passphraseOf: PassphraseOf;
  /** Seals new keys. */
  readonly defaultAlias: string;
  readonly clock: Clock;
  readonly testOnlyCost?: number;
}

interface OpenKey {
  readonly signer: Signer;
  readonly role: string;
  /** Resolves once its first use is durable; false when the key is gone meanwhile. undefined: not used yet. */
  used: Promise<boolean> | undefined;
}

/**
 * Derives every sealing key that is needed, so that a wrong or missing passphrase is told at start.
 * @throws usage.invalid, key.passphrase_missing, key.passphrase_wrong, storage.*
 */
export async function openSignerKeys(options: SignerKeysOptions): Promise<SignerKeys> {
  const { store, clock } = options;
  const defaultAlias = parseAlias(options.defaultAlias);
  const sealing = new SealingKeys(store, options.passphraseOf, options.testOnlyCost);
  await sealing.check(defaultAlias);
  await Promise.all((await store.aliasesInUse()).map(({ alias }) => sealing.existing(alias)));
  const open = new Map<string, { readonly key: Promise<OpenKey | undefined>; readonly until: number }>();

  const load = async (keyId: string): Promise<OpenKey | undefined> => {
    const stored = await store.key(keyId);
    if (stored === undefined) return undefined;
    const privateKey = unsealSignerKey(await sealing.existing(stored.alias), stored, stored.sealed);
    const signer = signerFromPrivateKey(privateKey);
    requireId(stored, signer.publicKey);
    return { signer, role: stored.role, used: stored.usedAt === undefined ? undefined : Promise.resolve(true) };
  };
  const opened = (keyId: string): Promise<OpenKey | undefined> => {
    const known = open.get(keyId);
    const now = clock();
    if (known !== undefined && known.until > now && known.until <= now + keepOpenMs) return known.key;
    const key = load(keyId);
    const entry = { key, until: now + keepOpenMs };
    open.delete(keyId);
    const oldest = open.keys().next();
    if (open.size >= maxOpenKeys && oldest.done !== true) open.delete(oldest.value);
    open.set(keyId, entry);
    const forget = () => {
      if (open.get(keyId) === entry) open.delete(keyId);
    };
    key.then((found) => (found === undefined ? forget() : undefined), forget);
    return key;
  };
  const markUsed = (keyId: string, key: OpenKey): Promise<boolean> => {
    const marking = key.used ?? store.markUsed(keyId, clock());
    key.used = marking;
    marking.catch(() => {
      key.used = undefined;
    });
    return marking;
  };
  const sealed = async (key: ImportedSignerKey): Promise<StoredSignerKey> => {
    const publicKey = signerFromPrivateKey(key.privateKey).publicKey;
    const { gun, role, createdAt, usedAt } = key;
    const row = { keyId: key.keyId, gun, role, publicKey: publicKey.spki, alias: defaultAlias, createdAt, usedAt };
    return {
      ...row,
      algorithm: wireAlgorithm(publicKey.algorithm),
      sealed: sealSignerKey(await sealing.forNewKeys(defaultAlias), row, key.privateKey),
    };
  };

  return {
    async create(gun, role, algorithm) {
      const unused = await store.unusedKey(gun, role, algorithm);
      if (unused !== undefined) return publicKeyOf(unused);
      const privateKey = await generatePrivateKey(algorithm === "ecdsa" ? "ecdsa-p256" : "ed25519");
      const keyId = signerFromPrivateKey(privateKey).publicKey.id;
      const key = await sealed({ gun, role, privateKey, keyId, createdAt: clock(), usedAt: undefined });
      return publicKeyOf(await store.addKey(key));
    },
    async info(keyId) {
      const stored = await store.key(keyId);
      return stored === undefined ? undefined : { publicKey: publicKeyOf(stored), role: stored.role };
    },
    async sign(keyId, content) {
      const key = await opened(keyId);
      if (key === undefined) return undefined;
      const publicKey = key.signer.publicKey;
      const [signature, isThere] = await Promise.all([
        key.signer.sign(content, signingOf(publicKey.algorithm).scheme),
        markUsed(keyId, key),
      ]);
      return isThere ? { key: publicKey, signature } : undefined;
    },
    async remove(keyId) {
      open.delete(keyId);
      const isRemoved = await store.removeKey(keyId);
      open.delete(keyId);
      return isRemoved;
    },
    async noteUse(keyId, usedAt) {
      const stored = await store.key(keyId);
      if (stored === undefined || stored.usedAt !== undefined || usedAt === undefined) return stored !== undefined;
      return store.markUsed(keyId, usedAt);
    },
    async importKey(key) {
      const { id } = signerFromPrivateKey(key.privateKey).publicKey;
      if (id === key.keyId) return store.importKey(await sealed(key));
      throw new CountersignError("key.format", `the key called ${key.keyId.slice(0, 80)} is the key ${id}`);
    },
  };
}

/** @throws storage.corrupt when the row's public half is not that of its id */
function publicKeyOf(stored: StoredSignerKey): PublicKey {
  const key = publicKeyFromSpki(stored.publicKey);
  requireId(stored, key);
  return key;
}

function requireId({ keyId }: StoredSignerKey, key: PublicKey): void {
  if (key.id === keyId) return;
  throw new CountersignError("storage.corrupt", `the signer's database holds another key under the id ${keyId}`);
}
