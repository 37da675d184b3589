// A signer's key pair: made into docker's directory with the public half beside, or brought there from a file. Unlike docker's, loading an
// encrypted key that came without its path header does store it (users: "prints success but stores nothing").
import { promises } from "node:fs";
import { join } from "node:path";
import { CountersignError, formatPem, isCountersignError } from "../bytes/index.ts";
import { createFile, diskError, systemCode } from "../home/index.ts";
import { type FileVault, type PassphraseProvider, parseKeyFile } from "../signers/index.ts";

const namePattern = /^[a-z0-9][a-z0-9_-]*$/;
const maxKeyFileBytes = 1024 * 1024;

/** @throws usage.invalid */
export function parseKeyName(name: string): string {
  if (namePattern.test(name)) return name;
  throw new CountersignError(
    "usage.invalid",
    `key name "${name.slice(0, 100)}" must start with lowercase alphanumeric characters and can include "-" or "_" after the first character`,
  );
}

/** The path of NAME.pub in `directory`, once nothing stands in the way. @throws usage.invalid */
export async function publicKeyPath(name: string, directory: string): Promise<string> {
  const path = join(directory, `${parseKeyName(name)}.pub`);
  if (!(await exists(directory))) {
    throw new CountersignError("usage.invalid", `public key path does not exist: "${directory}"`);
  }
  if (await exists(path)) throw new CountersignError("usage.invalid", `public key file already exists: "${path}"`);
  return path;
}

/** Answers the path of the public half. `begin` is called once nothing stands in the way. @throws usage.invalid, key.*, disk.* */
export async function generateSignerKey(
  vault: FileVault,
  wanted: { readonly name: string; readonly directory: string; readonly passphrases: PassphraseProvider },
  begin: () => void,
): Promise<string> {
  const path = await publicKeyPath(wanted.name, wanted.directory);
  begin();
  const { publicKey } = await vault.generate({ role: wanted.name, passphrases: wanted.passphrases });
  if (publicKey === undefined) throw new CountersignError("bug.unexpected", "a key was made that has no public half");
  const text = formatPem("PUBLIC KEY", publicKey.spki, new Map([["role", wanted.name]]));
  if (await createFile(path, text)) return path;
  throw new CountersignError("usage.invalid", `public key file already exists: "${path}"`);
}

/** Keys that are there already are no error, and stay as they are. @throws usage.invalid, key.*, disk.* */
export async function loadSignerKey(
  vault: FileVault,
  wanted: {
    readonly path: string;
    readonly shownPath: string;
    readonly name: string;
    readonly passphrases: PassphraseProvider;
  },
): Promise<void> {
  const bytes = await readPrivateFile(wanted.path, wanted.shownPath);
  try {
    parseKeyFile(bytes);
  } catch (cause) {
    if (!isCountersignError(cause, "key.format")) throw cause;
    throw new CountersignError(
      "key.format",
      `error importing key from ${wanted.shownPath}: provided file ${wanted.shownPath} is not a supported private key - to add a signer's public key use docker trust signer add`,
      { cause },
    );
  }
  try {
    await vault.importKeys(bytes, { role: wanted.name, passphrases: wanted.passphrases });
  } catch (error) {
    if (!isCountersignError(error, "key.exists")) throw error;
  }
}

/** @throws usage.invalid for a file that others may read or write */
async function readPrivateFile(path: string, shown: string): Promise<Uint8Array> {
  try {
    const about = await promises.stat(path);
    const { mode, size } = about;
    // A pipe in its place would hang the program.
    if (!about.isFile()) throw refused(shown, "it is not a regular file");
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw refused(shown, `private key file ${shown} must not be readable or writable by others`, [
        `close it with: chmod 600 ${shown}`,
        "others may have read it: consider a new key",
      ]);
    }
    if (size > maxKeyFileBytes) throw refused(shown, `it has ${size} bytes`);
    return await promises.readFile(path);
  } catch (error) {
    if (isCountersignError(error)) throw error;
    if (systemCode(error) === "ENOENT") throw refused(shown, `stat ${shown}: no such file or directory`);
    throw diskError(error, "read", path);
  }
}

function refused(path: string, why: string, hints: readonly string[] = []): CountersignError {
  return new CountersignError("usage.invalid", `refusing to load key from ${path}: ${why}`, { hints });
}

async function exists(path: string): Promise<boolean> {
  try {
    await promises.stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw diskError(error, "read", path);
  }
}
