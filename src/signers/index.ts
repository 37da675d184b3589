// Signers that keep secrets at rest: key files of every format Notary and OpenSSL write, a vault directory of our own, Notary's
// directories used in place, and the printable recovery kit. No prompt, no secret in an error; no key is deleted but by the one call
// that a person's `key remove` makes.
// Notary v1 section 4.2; RFC 5208, 5958, 8018 (PKCS#8, PBES2), 7914 (scrypt), 1421 (encapsulated headers).
export { type FileVault, type NewKey, openFileVault } from "./file-vault.ts";
export { deriveKey, type KeyDerivation } from "./key-derivation.ts";
export {
  type KeyFileEntry,
  type KeyHeaders,
  parseKeyFile,
  writeKeyFile,
  writeNotaryKeyFile,
  writeNotaryStoredKey,
} from "./key-file.ts";
export type { KeyDescription, KeyStore } from "./key-store.ts";
export { type NotaryVault, openNotaryDirectory, openNotaryVault } from "./notary-directory.ts";
export {
  type KeyPurpose,
  maxPassphraseAttempts,
  type PassphraseProvider,
  type PassphraseRequest,
  purposeOfRole,
  withPassphrase,
} from "./passphrases.ts";
export { parsePrivateKey } from "./private-key-info.ts";
export { fingerprintOf, isRecoveryKit, makeRecoveryKit, parseRecoveryKit, type RecoveryKit } from "./recovery-kit.ts";
export { generateRecoveryPassphrase, tidyRecoveryPassphrase } from "./recovery-passphrase.ts";
