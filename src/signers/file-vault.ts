// A directory of key files, `<canonical id>.key`, each 0600 in a 0700 directory. Keys appear whole or not at all (temporary file,
// fsync, link), one never replaces another, and nothing here deletes: a lost key cannot be made again, a stale one does no harm.
// Several processes may use one directory at once. Listing and choosing needs no passphrase.
import type { KeyObject } from "node:crypto";
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import {
  type CanonicalKeyId,
  generatePrivateKey,
  type KeyAlgorithm,
  publicKeyFromKeyObject,
  type Signer,
  signerFromPrivateKey,
} from "../keys/index.ts";
import { ensureDirectory, readKeyFileBytes, readNames, writeNewFile } from "./key-directory.ts";
import { type KeyFileEntry, type KeyHeaders, parseKeyFile, writeKeyFile, writeNotaryKeyFile } from "./key-file.ts";
import type { KeyDescription, KeyStore } from "./key-store.ts";
import { openEntry } from "./open-entry.ts";
import { type PassphraseProvider, purposeOfRole, withPassphrase } from "./passphrases.ts";
import { tidyRecoveryPassphrase } from "./recovery-passphrase.ts";

export interface NewKey {
  /** root, targets, snapshot, or a signer's name. */
  readonly role: string;
  readonly gun?: string | undefined;
  readonly passphrases: PassphraseProvider;
}

export interface FileVault extends KeyStore {
  /** @throws key.passphrase_missing, disk.full, disk.read_only */
  generate(wanted: NewKey & { readonly algorithm?: KeyAlgorithm }): Promise<KeyDescription>;
  /**
   * Takes every key of a file, encrypted ones with the passphrase asked for, and stores them in the vault's own form. `role` and `gun`
   * stand in where the file has no headers. All keys are opened before the first is stored; where one is there already the others
   * are stored all the same, and key.exists says so. @throws key.*, disk.*
   */
  importKeys(
    file: Uint8Array,
    wanted: Partial<NewKey> & Pick<NewKey, "passphrases">,
  ): Promise<readonly KeyDescription[]>;
  /** The key as text: `notary` for Notary's import (weak derivation, its only one), `pkcs8` for everything else. @throws key.*, disk.* */
  exportKey(
    id: CanonicalKeyId,
    wanted: { readonly form: "notary" | "pkcs8"; readonly passphrases: PassphraseProvider },
  ): Promise<string>;
}

const defaultRole = "delegation";

/** How the files of a vault are listed and written. */
export interface VaultForm {
  list(directory: string): Promise<readonly KeyDescription[]>;
  /** The text of a key file. @throws key.passphrase_missing */
  write(key: KeyObject, passphrase: string, headers: KeyHeaders): Promise<string>;
}

const ownForm: VaultForm = { list: listVault, write: writeKeyFile };

/** A vault in `directory`, which is made when the first key is stored. */
export function openFileVault(directory: string): FileVault {
  return openVault(directory, ownForm);
}

/** A vault whose files are of another form than ours. */
export function openVault(directory: string, form: VaultForm): FileVault {
  return {
    list: () => form.list(directory),
    async open(id, passphrases): Promise<Signer> {
      return signerFromPrivateKey(await openKey(directory, id, passphrases));
    },
    async generate(wanted): Promise<KeyDescription> {
      return store(directory, form, await generatePrivateKey(wanted.algorithm ?? "ecdsa-p256"), wanted);
    },
    async importKeys(file, wanted): Promise<readonly KeyDescription[]> {
      const opened: { readonly key: KeyObject; readonly entry: KeyFileEntry }[] = [];
      for (const entry of parseKeyFile(file)) opened.push({ key: await openImported(entry, wanted), entry });
      const stored: KeyDescription[] = [];
      const present: CountersignError[] = [];
      for (const { key, entry } of opened) {
        const role = entry.role ?? wanted.role ?? defaultRole;
        const gun = entry.gun ?? wanted.gun;
        try {
          stored.push(await store(directory, form, key, { role, gun, passphrases: wanted.passphrases }));
        } catch (error) {
          // The others are not held up by it: an import that a full disk broke off is ended by the same command.
          if (!isCountersignError(error, "key.exists")) throw error;
          present.push(error);
        }
      }
      if (present.length > 0) throw allPresent(present, opened.length);
      return stored;
    },
    async exportKey(id, wanted): Promise<string> {
      const entry = await readEntry(directory, id);
      const key = await openEntry(entry, id, pathOf(directory, id), wanted.passphrases);
      const headers = { role: entry.role ?? defaultRole, gun: entry.gun };
      const passphrase = await newPassphrase(id, headers.role, wanted.passphrases);
      return wanted.form === "notary"
        ? writeNotaryKeyFile(key, passphrase, headers)
        : writeKeyFile(key, passphrase, headers);
    },
  };
}

async function listVault(directory: string): Promise<readonly KeyDescription[]> {
  const found: KeyDescription[] = [];
  for (const name of await readNames(directory)) {
    const path = `${directory}/${name}`;
    const entry = await firstEntry(path);
    const publicKey = entry?.publicKey;
    // A file renamed by hand, or one whose header names another key, is not offered under a name it does not deserve.
    if (entry === undefined || publicKey === undefined || `${publicKey.id}.key` !== name) continue;
    found.push({
      id: publicKey.id,
      role: entry.role,
      gun: entry.gun,
      purpose: purposeOfRole(entry.role),
      algorithm: publicKey.algorithm,
      publicKey,
      isEncrypted: entry.isEncrypted,
      path,
    });
  }
  return found;
}

async function store(directory: string, form: VaultForm, key: KeyObject, wanted: NewKey): Promise<KeyDescription> {
  const publicKey = publicKeyFromKeyObject(key);
  const path = pathOf(directory, publicKey.id);
  if ((await readKeyFileBytes(path)) !== undefined) {
    if ((await firstEntry(path)) === undefined) throw damagedInPlace(publicKey.id, path);
    throw keyExists(publicKey.id, path);
  }
  const passphrase = await newPassphrase(publicKey.id, wanted.role, wanted.passphrases);
  const text = await form.write(key, passphrase, { role: wanted.role, gun: wanted.gun });
  await ensureDirectory(directory);
  if (!(await writeNewFile(path, text))) throw keyExists(publicKey.id, path);
  return {
    id: publicKey.id,
    role: wanted.role,
    gun: wanted.gun,
    purpose: purposeOfRole(wanted.role),
    algorithm: publicKey.algorithm,
    publicKey,
    isEncrypted: true,
    path,
  };
}

async function openKey(directory: string, id: CanonicalKeyId, passphrases: PassphraseProvider): Promise<KeyObject> {
  return openEntry(await readEntry(directory, id), id, pathOf(directory, id), passphrases);
}

async function readEntry(directory: string, id: CanonicalKeyId): Promise<KeyFileEntry> {
  const path = pathOf(directory, id);
  const bytes = await readKeyFileBytes(path);
  if (bytes === undefined) throw new CountersignError("key.missing", `no key ${id} in ${directory}`);
  const [entry] = parseKeyFile(bytes);
  if (entry === undefined) throw new CountersignError("key.format", `${path} holds no key`);
  return entry;
}

/** A key from elsewhere has no identity before it is open, so its passphrase is asked for under the id it claims. */
async function openImported(entry: KeyFileEntry, wanted: Pick<NewKey, "passphrases">): Promise<KeyObject> {
  if (!entry.isEncrypted) return entry.open(undefined);
  const purpose = purposeOfRole(entry.role);
  return withPassphrase(wanted.passphrases, { purpose, keyId: entry.publicKey?.id }, (text) => entry.open(text));
}

export async function newPassphrase(
  id: CanonicalKeyId,
  role: string,
  passphrases: PassphraseProvider,
): Promise<string> {
  const purpose = purposeOfRole(role);
  const passphrase = await passphrases({ purpose, keyId: id, role, attempt: 1, isNew: true });
  if (passphrase !== undefined && passphrase !== "") {
    return purpose === "recovery" ? tidyRecoveryPassphrase(passphrase) : passphrase;
  }
  throw new CountersignError("key.passphrase_missing", `a new ${role} key needs a passphrase`, {
    hints: ["give it in the environment, by file descriptor, or run on a terminal"],
  });
}

/** undefined for a file that cannot be used: it is reported when somebody opens it, and must not hide the other keys. */
async function firstEntry(path: string): Promise<KeyFileEntry | undefined> {
  try {
    const bytes = await readKeyFileBytes(path);
    return bytes === undefined ? undefined : parseKeyFile(bytes)[0];
  } catch (error) {
    if (error instanceof CountersignError) return undefined;
    throw error;
  }
}

/** Ids are hex digests, so they are safe as file names. */
function pathOf(directory: string, id: CanonicalKeyId): string {
  return `${directory}/${id}.key`;
}

/** `count`: the keys of the file. */
function allPresent(present: readonly CountersignError[], count: number): CountersignError {
  const message = present.map((error) => error.message).join("; ");
  const what = present.length === count ? "nothing was changed" : "the other keys of the file are stored now";
  const stays =
    present.length === 1 ? "the key that is there stays as it was" : "those that are there stay as they were";
  return new CountersignError("key.exists", message, { hints: [`${what}; ${stays}`] });
}

function damagedInPlace(id: CanonicalKeyId, path: string): CountersignError {
  return new CountersignError("key.format", `a damaged file is in the place of key ${id}: ${path}`, {
    hints: ["move it away, then import the key again"],
  });
}

function keyExists(id: CanonicalKeyId, path: string): CountersignError {
  return new CountersignError("key.exists", `key ${id} is already at ${path}`, {
    hints: ["nothing was changed; the key that is there stays as it was"],
  });
}
