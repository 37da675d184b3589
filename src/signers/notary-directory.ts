// Notary's and docker's own key folders (`~/.notary/private`, `~/.docker/trust/private`), used in place and in their format: the old
// programs go on using them. Encrypted files there do not say what public key they hold, so it is unknown until one is opened. As a
// key store such a folder is only read; as a vault new keys are written into it. Notary v1 sections 4.2 and 5.
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { type CanonicalKeyId, parseCanonicalKeyId, type Signer, signerFromPrivateKey } from "../keys/index.ts";
import { type FileVault, newPassphrase, openVault } from "./file-vault.ts";
import { readKeyFileBytes, readNames, removeKeyFile, replaceKeyFile } from "./key-directory.ts";
import { parseKeyFile, writeNotaryStoredKey } from "./key-file.ts";
import type { KeyDescription, KeyStore } from "./key-store.ts";
import { openEntry } from "./open-entry.ts";
import { type PassphraseProvider, purposeOfRole } from "./passphrases.ts";

/** The keys of one `private` folder, whose files are named by canonical id; a folder that is not there holds none. */
export function openNotaryDirectory(directory: string): KeyStore {
  return {
    list: () => listKeys(directory),
    async open(id, passphrases): Promise<Signer> {
      const path = `${directory}/${id}.key`;
      const bytes = await readKeyFileBytes(path);
      if (bytes === undefined) throw new CountersignError("key.missing", `no key ${id} in ${directory}`);
      const [entry] = parseKeyFile(bytes);
      if (entry === undefined) throw new CountersignError("key.format", `${path} holds no key`);
      return signerFromPrivateKey(await openEntry(entry, id, path, passphrases));
    },
  };
}

/** A folder of Notary's that new keys go into, and whose keys Notary's own commands may remove. */
export interface NotaryVault extends FileVault {
  /** The same key under another passphrase; the old file stays until the new one is whole. @throws key.*, disk.* */
  changePassphrase(id: CanonicalKeyId, passphrases: PassphraseProvider): Promise<void>;
  /** False: there is no such key. Never called by anything but a person's `key remove`. @throws disk.read_only */
  remove(id: CanonicalKeyId): Promise<boolean>;
}

/** The `private` folder at `directory` as a vault. */
export function openNotaryVault(directory: string): NotaryVault {
  const vault = openVault(directory, { list: listKeys, write: writeNotaryStoredKey });
  return {
    ...vault,
    async changePassphrase(id, passphrases) {
      const path = `${directory}/${id}.key`;
      const bytes = await readKeyFileBytes(path);
      const entry = bytes === undefined ? undefined : parseKeyFile(bytes)[0];
      if (entry === undefined) throw new CountersignError("key.missing", `no key ${id} in ${directory}`);
      const key = await openEntry(entry, id, path, passphrases);
      const role = entry.role ?? "delegation";
      const passphrase = await newPassphrase(id, role, passphrases);
      await replaceKeyFile(path, await writeNotaryStoredKey(key, passphrase, { role, gun: entry.gun }));
    },
    remove: (id) => removeKeyFile(`${directory}/${id}.key`),
  };
}

async function listKeys(directory: string): Promise<readonly KeyDescription[]> {
  const found: KeyDescription[] = [];
  for (const name of await readNames(directory)) {
    const described = await describe(`${directory}/${name}`, parseCanonicalKeyId(name.slice(0, -".key".length)));
    if (described !== undefined) found.push(described);
  }
  return found;
}

async function describe(path: string, id: CanonicalKeyId): Promise<KeyDescription | undefined> {
  try {
    const bytes = await readKeyFileBytes(path);
    const entry = bytes === undefined ? undefined : parseKeyFile(bytes)[0];
    if (entry === undefined) return undefined;
    return {
      id,
      role: entry.role,
      gun: entry.gun,
      purpose: purposeOfRole(entry.role),
      algorithm: undefined,
      publicKey: undefined,
      isEncrypted: entry.isEncrypted,
      path,
    };
  } catch (error) {
    // One damaged file must not hide the other keys; opening it says what is wrong.
    if (isCountersignError(error)) return undefined;
    throw error;
  }
}
