// Seals all keys of one alias anew under another. Each batch is one transaction and each row says which alias opens it, so a run that
// is killed at any moment loses nothing and is finished by running it again; a signer on the same database (PostgreSQL) that knows both
// passphrases keeps serving. Nothing is written before what was sealed opens again.
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { signerFromPrivateKey } from "../keys/index.ts";
import type { ResealedKey, SignerKeyStore, StoredSignerKey } from "../storage/index.ts";
import { type PassphraseOf, parseAlias, SealingKeys } from "./passphrases.ts";
import { type SealingKey, sealSignerKey, unsealSignerKey } from "./sealing.ts";

export interface RotateOptions {
  readonly store: SignerKeyStore;
  readonly passphraseOf: PassphraseOf;
  readonly from: string;
  readonly to: string;
  /** After each batch, with the number of keys done so far. */
  readonly onProgress?: (resealed: number) => void;
  /** Keys in one transaction. */
  readonly batch?: number;
  readonly testOnlyCost?: number;
}

export interface Rotated {
  readonly resealed: number;
  /** Keys that do not open; they stay as they are, under the old alias. */
  readonly damaged: readonly string[];
}

/** @throws usage.invalid, key.passphrase_missing, key.passphrase_wrong, storage.* */
export async function rotatePassphrase(options: RotateOptions): Promise<Rotated> {
  const { store, onProgress, batch = 200 } = options;
  const from = parseAlias(options.from);
  const to = parseAlias(options.to);
  if (from === to) throw new CountersignError("usage.invalid", "the new passphrase needs an alias of its own");
  if ((await store.passphrase(from)) === undefined) {
    throw new CountersignError("usage.invalid", `no key of this database was ever sealed under the alias ${from}`, {
      hints: [`aliases in use: ${(await store.aliasesInUse()).map(({ alias }) => alias).join(", ") || "none"}`],
    });
  }
  const sealing = new SealingKeys(store, options.passphraseOf, options.testOnlyCost);
  const oldKey = await sealing.existing(from);
  const newKey = await sealing.forNewKeys(to);
  const damaged = new Set<string>();
  let resealed = 0;
  // A running signer may still add keys under the old alias: from the start again until a pass finds nothing to do.
  for (let before = -1; before < resealed; ) {
    before = resealed;
    for (let after = ""; ; ) {
      const keys = await store.keysUnder(from, after, batch);
      const last = keys.at(-1);
      if (last === undefined) break;
      after = last.keyId;
      const done = keys.flatMap((key) => {
        const again = resealOne(key, oldKey, newKey, to);
        if (again === undefined) damaged.add(key.keyId);
        return again === undefined ? [] : [again];
      });
      resealed += await store.reseal(done);
      onProgress?.(resealed);
    }
  }
  return { resealed, damaged: [...damaged].sort() };
}

/** undefined when the key does not open. */
function resealOne(
  stored: StoredSignerKey,
  oldKey: SealingKey,
  newKey: SealingKey,
  toAlias: string,
): ResealedKey | undefined {
  try {
    const privateKey = unsealSignerKey(oldKey, stored, stored.sealed);
    if (signerFromPrivateKey(privateKey).publicKey.id !== stored.keyId) return undefined;
    const sealed = sealSignerKey(newKey, stored, privateKey);
    unsealSignerKey(newKey, stored, sealed);
    return { keyId: stored.keyId, fromAlias: stored.alias, toAlias, sealed };
  } catch (error) {
    if (isCountersignError(error, "storage.corrupt")) return undefined;
    throw error;
  }
}
