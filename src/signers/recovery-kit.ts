// The recovery kit: a collection's second root key on paper, encrypted under its own passphrase, with everything a person needs
// years later and a check against typing errors. Whoever holds kit and passphrase can take the collection over, so the text says so.
// A root may be signed by the kit alone (notary-v1, 14.1: recovery).
import { Buffer } from "node:buffer";
import type { KeyObject } from "node:crypto";
import {
  CountersignError,
  encodeHex,
  encodeUtf8,
  type Gun,
  isCountersignError,
  parseGun,
  sha256,
} from "../bytes/index.ts";
import {
  type CanonicalKeyId,
  generatePrivateKey,
  type PublicKey,
  publicKeyFromKeyObject,
  type Signer,
  signerFromPrivateKey,
} from "../keys/index.ts";
import { type KeyFileEntry, parseKeyFile, writeKeyFile } from "./key-file.ts";
import { openEntry } from "./open-entry.ts";
import type { PassphraseProvider } from "./passphrases.ts";
import { tidyRecoveryPassphrase } from "./recovery-passphrase.ts";

export interface RecoveryKit {
  readonly gun: Gun;
  readonly keyId: CanonicalKeyId;
  readonly publicKey: PublicKey;
  /** The day it was made, `2026-11-22`. */
  readonly made: string;
  /** Signs as the collection's root. @throws key.passphrase_missing, key.passphrase_wrong, key.format */
  open(passphrases: PassphraseProvider): Promise<Signer>;
}

const title = "COUNTERSIGN RECOVERY KIT";
const maxKitBytes = 16 * 1024;
const role = "recovery";

/** A new second root key and its kit as text to print. The key exists nowhere else. `now` in milliseconds since the epoch. */
export async function makeRecoveryKit(wanted: {
  readonly gun: Gun;
  readonly passphrase: string;
  readonly now: number;
}): Promise<{ readonly signer: Signer; readonly text: string }> {
  const key = await generatePrivateKey("ecdsa-p256");
  return { signer: signerFromPrivateKey(key), text: await formatKit(key, wanted) };
}

/** Whether a file is meant to be a kit, intact or not. */
export function isRecoveryKit(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, title.length)).toString("latin1") === title;
}

/**
 * A kit read back: typed, scanned or copied, with any line endings and trailing blanks. Everything else is strict.
 * @throws key.format naming the first thing that does not fit; limit.exceeded
 */
export function parseRecoveryKit(bytes: Uint8Array): RecoveryKit {
  if (bytes.length > maxKitBytes) {
    throw new CountersignError("limit.exceeded", `recovery kit of ${bytes.length} bytes, limit ${maxKitBytes}`);
  }
  const lines = linesOf(Buffer.from(bytes).toString("utf8"));
  const checksumAt = lines.findIndex((line) => line.startsWith("Checksum:"));
  if (lines[0] !== title || checksumAt < 0) throw badKit("it does not begin with its title or lacks its checksum line");
  if (lines.slice(checksumAt + 1).some((line) => line !== "")) throw badKit("there is text after the checksum line");
  const covered = lines.slice(0, checksumAt);
  if (fieldOf(lines, "Checksum") !== checksumOf(covered)) {
    throw badKit("the checksum does not fit: a character was changed or a line is missing");
  }
  const entry = entryOf(covered);
  const { publicKey } = entry;
  const gun = parseGun(fieldOf(covered, "Collection"));
  const isConsistent =
    publicKey !== undefined &&
    entry.isEncrypted &&
    entry.role === role &&
    entry.gun === gun &&
    fieldOf(covered, "Key id") === publicKey.id &&
    fieldOf(covered, "Fingerprint") === fingerprintOf(publicKey.id);
  if (!isConsistent) throw badKit("its lines and its key block do not belong together");
  return {
    gun,
    keyId: publicKey.id,
    publicKey,
    made: fieldOf(covered, "Made"),
    async open(passphrases): Promise<Signer> {
      const tidy: PassphraseProvider = async (request) => {
        const given = await passphrases(request);
        return given === undefined ? undefined : tidyRecoveryPassphrase(given);
      };
      return signerFromPrivateKey(await openEntry(entry, publicKey.id, "the recovery kit", tidy));
    },
  };
}

/** A key id in sixteen groups of four, for reading aloud. */
export function fingerprintOf(id: CanonicalKeyId): string {
  return (id.match(/.{4}/g) ?? []).join(" ");
}

async function formatKit(
  key: KeyObject,
  wanted: { readonly gun: Gun; readonly passphrase: string; readonly now: number },
): Promise<string> {
  const { id } = publicKeyFromKeyObject(key);
  const passphrase = tidyRecoveryPassphrase(wanted.passphrase);
  const pem = await writeKeyFile(key, passphrase, { role, gun: wanted.gun });
  const covered = linesOf(`${title}

Collection:  ${wanted.gun}
Key id:      ${id}
Fingerprint: ${fingerprintOf(id)}
Made:        ${new Date(wanted.now).toISOString().slice(0, 10)}

This is the second root key of the collection, encrypted under a passphrase of its own.
Whoever has both can replace every other key of the collection.

  * Print it. Keep it apart from the machines that sign, and the passphrase apart from it.
  * You need it when the first root key is lost or stolen: save this text to a file and
    give it to countersign key import. It can sign a new root alone.
  * Try it once a year. A kit that does not open is no kit.
  * The key block also opens with: openssl pkey -in FILE (without its three header lines).

${pem}`);
  return `${covered.join("\n")}\nChecksum:    ${checksumOf(covered)}\n`;
}

function entryOf(lines: readonly string[]): KeyFileEntry {
  const begins = lines.findIndex((line) => line.startsWith("-----BEGIN "));
  try {
    const [entry, second] = parseKeyFile(encodeUtf8(lines.slice(Math.max(begins, 0)).join("\n")));
    if (entry === undefined || second !== undefined) throw badKit("it holds more or less than one key");
    return entry;
  } catch (cause) {
    if (isCountersignError(cause, "key.format")) throw badKit("its key block is damaged", cause);
    throw cause;
  }
}

/** The one value of a `Name: value` line. */
function fieldOf(lines: readonly string[], name: string): string {
  const [line, second] = lines.filter((candidate) => candidate.startsWith(`${name}:`));
  if (line === undefined || second !== undefined) throw badKit(`it needs exactly one line "${name}:"`);
  return line.slice(name.length + 1).trim();
}

/** Lines without trailing blanks, without empty lines at the end: what survives printing and saving. */
function linesOf(text: string): readonly string[] {
  return text
    .replace(/^\uFEFF/, "")
    .trimEnd()
    .split(/\r\n|\r|\n/)
    .map((line) => line.trimEnd());
}

/** 80 bits of SHA-256 in groups: finds typing errors. Protection against attackers is the encryption, not this. */
function checksumOf(lines: readonly string[]): string {
  const digest = encodeHex(sha256(lines.join("\n"))).slice(0, 20);
  return (digest.match(/.{4}/g) ?? []).join("-");
}

function badKit(what: string, cause?: unknown): CountersignError {
  return new CountersignError("key.format", `not a recovery kit: ${what}`, {
    hints: ["compare the text with the printed kit line by line"],
    cause,
  });
}
