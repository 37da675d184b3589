// Passphrases by alias, from the environment, as notary-signer takes them (NOTARY_SIGNER_<ALIAS>), under our own name, or from a
// file that a variable names (mounted secrets). Each alias has one sealing key, derived once. No passphrase is ever in an argument, error or log.
import { readFileSync } from "node:fs";
import { CountersignError, equalBytes } from "../bytes/index.ts";
import type { SignerKeyStore } from "../storage/index.ts";
import { newPassphraseRecord, openPassphrase, type SealingKey } from "./sealing.ts";

const maxPassphraseBytes = 4096;

/** The passphrase of an alias, or undefined when it was not given. @throws disk.unreadable, key.passphrase_missing */
export type PassphraseOf = (alias: string) => string | undefined;

/** Letters, digits, `_`, `-` and `.`, at most 50: what fits Notary's column and a variable's name. @throws usage.invalid */
export function parseAlias(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/.test(text)) return text;
  throw new CountersignError("usage.invalid", `not a passphrase alias: ${JSON.stringify(text.slice(0, 60))}`, {
    hints: ["an alias has up to 50 letters, digits, _, - and ., for example production2026"],
  });
}

/**
 * Variables that give the passphrase of an alias, the first that is set wins. Those that end in _FILE name a file. Notary keeps a hyphen
 * of the alias, which a shell cannot set but a container's environment can.
 */
export function passphraseVariables(alias: string): readonly string[] {
  const upper = alias.toUpperCase();
  const plain = upper.replaceAll(/[^A-Z0-9_]/g, "_");
  const names = [
    `COUNTERSIGN_SIGNER_${plain}`,
    `NOTARY_SIGNER_${upper.replaceAll(".", "_")}`,
    `NOTARY_SIGNER_${plain}`,
  ];
  return [...new Set(names)].flatMap((name) => [name, `${name}_FILE`]);
}

export function passphrasesFromEnvironment(env: Readonly<Record<string, string | undefined>>): PassphraseOf {
  return (alias) => {
    const name = passphraseVariables(alias).find((candidate) => (env[candidate] ?? "") !== "");
    const value = name === undefined ? undefined : env[name];
    return name?.endsWith("_FILE") === true && value !== undefined ? readFirstLine(value, name) : value;
  };
}

/** The sealing keys of one store. */
export class SealingKeys {
  readonly #store: SignerKeyStore;
  readonly #passphraseOf: PassphraseOf;
  readonly #cost: number | undefined;
  readonly #keys = new Map<string, Promise<SealingKey>>();

  /** `testOnlyCost` makes new derivations cheap. */
  constructor(store: SignerKeyStore, passphraseOf: PassphraseOf, testOnlyCost?: number) {
    this.#store = store;
    this.#passphraseOf = passphraseOf;
    this.#cost = testOnlyCost;
  }

  /** The key of an alias that has sealed keys already. @throws key.passphrase_missing, key.passphrase_wrong, storage.* */
  existing(alias: string): Promise<SealingKey> {
    return this.#once(alias, async () => {
      const record = await this.#store.passphrase(alias);
      if (record !== undefined) return openPassphrase(record, this.#passphrase(alias));
      throw new CountersignError(
        "storage.corrupt",
        `the signer's database has lost how the alias ${alias} seals keys`,
        {
          hints: ["restore the signer's database from a backup"],
        },
      );
    });
  }

  /**
   * Says at start what `forNewKeys` would say later. An alias without keys gets its record with the first key: a slip in a new
   * passphrase can then still be corrected.
   */
  async check(alias: string): Promise<void> {
    this.#passphrase(alias);
    if ((await this.#store.passphrase(alias)) !== undefined) await this.existing(alias);
  }

  /** As `existing`, for an alias that may be new. */
  forNewKeys(alias: string): Promise<SealingKey> {
    return this.#once(alias, async () => {
      const passphrase = this.#passphrase(alias);
      const record = await this.#store.passphrase(alias);
      if (record !== undefined) return openPassphrase(record, passphrase);
      const made = await newPassphraseRecord(alias, passphrase, this.#cost);
      const standing = await this.#store.addPassphrase(made.record);
      // Another signer on the same database may have been faster, with a salt of its own.
      return equalBytes(standing.salt, made.record.salt) ? made.key : openPassphrase(standing, passphrase);
    });
  }

  #once(alias: string, make: () => Promise<SealingKey>): Promise<SealingKey> {
    const known = this.#keys.get(alias);
    if (known !== undefined) return known;
    const making = make();
    this.#keys.set(alias, making);
    making.catch(() => this.#keys.delete(alias));
    return making;
  }

  #passphrase(alias: string): string {
    const passphrase = this.#passphraseOf(alias);
    if (passphrase !== undefined) return passphrase;
    throw missingPassphrase(alias);
  }
}

/** With the names of the variables to set. */
export function missingPassphrase(alias: string): CountersignError {
  const [ours = "", ourFile = "", notarys = ""] = passphraseVariables(alias);
  return new CountersignError("key.passphrase_missing", `there is no passphrase for the alias ${alias}`, {
    hints: [`set ${ours} or ${notarys}, or ${ourFile} to a file that holds it`],
  });
}

function readFirstLine(path: string, variable: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new CountersignError("disk.unreadable", `${path}, which ${variable} names, cannot be read`, { cause });
  }
  const [line = ""] = text.split(/\r?\n/, 1);
  if (line !== "" && text.length <= maxPassphraseBytes) return line;
  throw new CountersignError("key.passphrase_missing", `the first line of ${path} is no passphrase`);
}
