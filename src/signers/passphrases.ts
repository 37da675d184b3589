// Where passphrases come from, as a port: nothing here asks anybody. The CLI answers from the environment, a file descriptor or
// a hidden prompt; tests answer from a table. A passphrase is never part of an error or a log line.
import { CountersignError } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import { tidyRecoveryPassphrase } from "./recovery-passphrase.ts";

/** What the key is for: decides which variable or prompt is asked. */
export type KeyPurpose = "root" | "targets" | "snapshot" | "delegation" | "recovery";

export interface PassphraseRequest {
  readonly purpose: KeyPurpose;
  /** undefined: a key file from elsewhere, whose identity is not known before it is open. */
  readonly keyId: CanonicalKeyId | undefined;
  /** 1 on the first try; above that the last answer was wrong. */
  readonly attempt: number;
  /** What the key file says of its role, where that is known: Notary asks by it. */
  readonly role?: string;
  /** True when a passphrase for a new file is chosen (ask twice, check its strength), false when one is opened. */
  readonly isNew: boolean;
}

/** undefined: there is none to give (again); the key stays closed. */
export type PassphraseProvider = (request: PassphraseRequest) => Promise<string | undefined>;

export const maxPassphraseAttempts = 3;

/** A role header of a key file as a purpose: Notary writes signer names there, which are delegations (notary-v1, 4.2). */
export function purposeOfRole(role: string | undefined): KeyPurpose {
  if (role === "root" || role === "targets" || role === "snapshot" || role === "recovery") return role;
  return "delegation";
}

/**
 * Asks until `open` succeeds, at most three times; only a wrong passphrase is asked again.
 * @throws key.passphrase_missing when the first answer is none, key.passphrase_wrong when the answers run out
 */
export async function withPassphrase<T>(
  provider: PassphraseProvider,
  key: Pick<PassphraseRequest, "purpose" | "keyId" | "role">,
  open: (passphrase: string) => Promise<T>,
): Promise<T> {
  let wrong: unknown;
  let previous: string | undefined;
  for (let attempt = 1; attempt <= maxPassphraseAttempts; attempt++) {
    const passphrase = await provider({ ...key, attempt, isNew: false });
    if (passphrase === undefined || passphrase === previous) break;
    previous = passphrase;
    try {
      return await openTidied(key.purpose, passphrase, open);
    } catch (error) {
      if (!(error instanceof CountersignError) || error.code !== "key.passphrase_wrong") throw error;
      wrong = error;
    }
  }
  const which = `${key.keyId === undefined ? "the key file" : `key ${key.keyId}`} (${key.purpose})`;
  if (wrong !== undefined) {
    throw new CountersignError("key.passphrase_wrong", `the passphrase does not open ${which}`, {
      cause: wrong,
      hints: ["give the passphrase this key was made with; each key may have one of its own"],
    });
  }
  throw new CountersignError("key.passphrase_missing", `${which} needs a passphrase`, {
    hints: ["give it in the environment, by file descriptor, or run on a terminal"],
  });
}

/** A kit's passphrase is typed from paper: in any case, with any spacing. As it was given first, since it may be a person's own. */
async function openTidied<T>(purpose: KeyPurpose, given: string, open: (passphrase: string) => Promise<T>): Promise<T> {
  const tidied = purpose === "recovery" ? tidyRecoveryPassphrase(given) : given;
  if (tidied === given) return open(given);
  try {
    return await open(given);
  } catch (error) {
    if (!(error instanceof CountersignError) || error.code !== "key.passphrase_wrong") throw error;
    return open(tidied);
  }
}
