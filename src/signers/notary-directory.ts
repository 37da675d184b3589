// Notary's and docker's own key folders (`~/.notary/private`, `~/.docker/trust/private`), read in place and never written: the
// old programs go on using them. Encrypted files there do not say what public key they hold, so it is unknown until one is opened.
// Notary v1 sections 4.2 and 5.
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { type CanonicalKeyId, parseCanonicalKeyId, type Signer, signerFromPrivateKey } from "../keys/index.ts";
import { readKeyFileBytes, readNames } from "./key-directory.ts";
import { parseKeyFile } from "./key-file.ts";
import type { KeyDescription, KeyStore } from "./key-store.ts";
import { openEntry } from "./open-entry.ts";
import { purposeOfRole } from "./passphrases.ts";

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
