// Opens one closed key for one identity: asks for its passphrase if it has one, and makes sure that what comes out is the key that
// was asked for. A file swapped for another under the same name must not sign.
import type { KeyObject } from "node:crypto";
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { type CanonicalKeyId, publicKeyFromKeyObject } from "../keys/index.ts";
import type { KeyFileEntry } from "./key-file.ts";
import { type PassphraseProvider, purposeOfRole, withPassphrase } from "./passphrases.ts";

/** @throws key.format when the file holds another key; key.passphrase_missing, key.passphrase_wrong, key.unsupported */
export async function openEntry(
  entry: KeyFileEntry,
  id: CanonicalKeyId,
  path: string,
  passphrases: PassphraseProvider,
): Promise<KeyObject> {
  const { role } = entry;
  const about = { purpose: purposeOfRole(role), keyId: id, ...(role === undefined ? {} : { role }) };
  const opening = entry.isEncrypted
    ? withPassphrase(passphrases, about, (text) => entry.open(text))
    : entry.open(undefined);
  const key = await opening.catch((error: unknown) => {
    // Of the many files of a directory people must know which one it is.
    if (!isCountersignError(error, "key.format", "key.unsupported")) throw error;
    throw new CountersignError(error.code, `${path}: ${error.message}`, { cause: error, hints: error.hints });
  });
  const got = publicKeyFromKeyObject(key).id;
  if (got !== id) throw new CountersignError("key.format", `${path} holds key ${got}, expected ${id}`);
  return key;
}
