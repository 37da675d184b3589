// Signer keys at rest: PKCS#8 under AES-256-GCM with a key that scrypt derives from the passphrase of an alias, bound to key id, gun
// and role so that no row can stand in for another. Each alias has a salt and a check value of its own: a wrong passphrase is told as such
// at start, where Notary's signer says "key not found" at the first signature (notary-v1, section 12).
// Layout: format (1 byte), nonce (12), ciphertext, tag (16). NIST SP 800-38D, random nonces; RFC 7914.
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { CountersignError } from "../bytes/index.ts";
import { deriveKey } from "../signers/index.ts";
import type { PassphraseRecord } from "../storage/index.ts";

const format = 1;
const nonceBytes = 12;
const tagBytes = 16;
const keyBytes = 32;

/** 64 MiB and about a quarter of a second, once per alias and start. */
const derivation = { cost: 2 ** 16, blockSize: 8, parallelization: 1 } as const;

/** Derived from a passphrase; 32 bytes that do not leave memory. */
export type SealingKey = KeyObject;

export interface SealedKeyContext {
  readonly keyId: string;
  readonly gun: string;
  readonly role: string;
}

/** A record for a passphrase that has none yet, and the key it gives. */
export async function newPassphraseRecord(
  alias: string,
  passphrase: string,
  cost: number = derivation.cost,
): Promise<{ readonly record: PassphraseRecord; readonly key: SealingKey }> {
  const unchecked = { alias, salt: new Uint8Array(randomBytes(32)), ...derivation, cost };
  const key = await derive(unchecked, passphrase);
  return { record: { ...unchecked, check: seal(key, checkContext(alias), Buffer.alloc(0)) }, key };
}

/** @throws key.passphrase_wrong, limit.exceeded (a record that somebody else wrote) */
export async function openPassphrase(record: PassphraseRecord, passphrase: string): Promise<SealingKey> {
  const key = await derive(record, passphrase);
  if (unseal(key, checkContext(record.alias), record.check) !== undefined) return key;
  throw new CountersignError("key.passphrase_wrong", `this is not the passphrase of the alias ${record.alias}`, {
    hints: ["give the passphrase that the keys of this database were sealed with"],
  });
}

export function sealSignerKey(key: SealingKey, context: SealedKeyContext, privateKey: KeyObject): Uint8Array {
  const secret = privateKey.export({ format: "der", type: "pkcs8" });
  const sealed = seal(key, keyContext(context), secret);
  secret.fill(0);
  return sealed;
}

/** @throws storage.corrupt when it was sealed for another key, gun or role, or changed */
export function unsealSignerKey(key: SealingKey, context: SealedKeyContext, sealed: Uint8Array): KeyObject {
  const secret = unseal(key, keyContext(context), sealed);
  if (secret === undefined) {
    throw new CountersignError(
      "storage.corrupt",
      `the signer key ${context.keyId} is damaged or was sealed elsewhere`,
      {
        hints: ["restore the signer's database from a backup"],
      },
    );
  }
  try {
    return createPrivateKey({ key: secret, format: "der", type: "pkcs8" });
  } finally {
    secret.fill(0);
  }
}

async function derive(record: Omit<PassphraseRecord, "check">, passphrase: string): Promise<SealingKey> {
  const { salt, cost, blockSize, parallelization } = record;
  const bytes = await deriveKey(
    { kind: "scrypt", salt, cost, blockSize, parallelization, keyLength: keyBytes },
    passphrase,
    keyBytes,
  );
  const key = createSecretKey(bytes);
  bytes.fill(0);
  return key;
}

function seal(key: SealingKey, context: Uint8Array, secret: Uint8Array): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(context);
  return Buffer.concat([Buffer.of(format), nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
}

/** undefined when the key or the context is another one, or the bytes were changed. The caller wipes the result. */
function unseal(key: SealingKey, context: Uint8Array, sealed: Uint8Array): Buffer | undefined {
  if (sealed[0] !== format || sealed.length < 1 + nonceBytes + tagBytes) return undefined;
  const tagAt = sealed.length - tagBytes;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 1 + nonceBytes), { authTagLength: tagBytes })
    .setAAD(context)
    .setAuthTag(sealed.subarray(tagAt));
  const parts = [decipher.update(sealed.subarray(1 + nonceBytes, tagAt))];
  try {
    parts.push(decipher.final());
    return Buffer.concat(parts);
  } catch {
    return undefined;
  } finally {
    for (const part of parts) part.fill(0);
  }
}

/** JSON, so that no gun can be written that reads as another gun and role. */
function keyContext({ keyId, gun, role }: SealedKeyContext): Uint8Array {
  return Buffer.from(JSON.stringify(["countersign signer key", keyId, gun, role]));
}

function checkContext(alias: string): Uint8Array {
  return Buffer.from(JSON.stringify(["countersign signer passphrase", alias]));
}
