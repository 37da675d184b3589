// What a place that holds keys can do: tell which there are without a passphrase, and open one. Kinds: file-vault.ts (ours),
// notary-directory.ts (Notary's and docker's private/ folders, read in place). PKCS#11 and KMS will be others.
import type { CanonicalKeyId, KeyAlgorithm, PublicKey, Signer } from "../keys/index.ts";
import type { KeyPurpose, PassphraseProvider } from "./passphrases.ts";

export interface KeyDescription {
  readonly id: CanonicalKeyId;
  /** The role header as written: root, targets, ..., or a signer's name. Unchecked text from the file. */
  readonly role: string | undefined;
  readonly gun: string | undefined;
  readonly purpose: KeyPurpose;
  /** undefined where the store cannot tell before the key is opened (Notary's encrypted files). */
  readonly algorithm: KeyAlgorithm | undefined;
  readonly publicKey: PublicKey | undefined;
  readonly isEncrypted: boolean;
  /** The file it is in. */
  readonly path: string;
}

export interface KeyStore {
  /** Sorted by id. Files that are no keys are left out. @throws disk.unreadable */
  list(): Promise<readonly KeyDescription[]>;
  /** @throws key.missing, key.format, key.passphrase_missing, key.passphrase_wrong, disk.unreadable */
  open(id: CanonicalKeyId, passphrases: PassphraseProvider): Promise<Signer>;
}
