// Server keys at rest: PKCS#8 under AES-256-GCM with the master key, bound to collection and role so that a sealed key cannot be
// moved to another row. Layout: format (1 byte), nonce (12), ciphertext, tag (16). NIST SP 800-38D; random nonces.
import { createCipheriv, createDecipheriv, createPrivateKey, type KeyObject, randomBytes } from "node:crypto";
import { CountersignError, type Gun } from "../bytes/index.ts";

const format = 1;
const nonceBytes = 12;
const tagBytes = 16;

/** 32 bytes; see master-key.ts. */
export type MasterKey = KeyObject;

export interface SealContext {
  readonly gun: Gun;
  readonly role: "snapshot" | "timestamp";
}

export function sealKey(master: MasterKey, context: SealContext, privateKey: KeyObject): Uint8Array {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", master, nonce).setAAD(additionalData(context));
  const secret = privateKey.export({ format: "der", type: "pkcs8" });
  const sealed = Buffer.concat([Buffer.of(format), nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  secret.fill(0);
  return sealed;
}

/** @throws key.passphrase_wrong when the master key is not the one that sealed it, or the bytes were changed; key.format */
export function unsealKey(master: MasterKey, context: SealContext, sealed: Uint8Array): KeyObject {
  if (sealed[0] !== format || sealed.length < 1 + nonceBytes + tagBytes) {
    throw new CountersignError(
      "key.format",
      `the ${context.role} key of ${context.gun} is sealed in an unknown format`,
    );
  }
  const nonce = sealed.subarray(1, 1 + nonceBytes);
  const decipher = createDecipheriv("aes-256-gcm", master, nonce, { authTagLength: tagBytes })
    .setAAD(additionalData(context))
    .setAuthTag(sealed.subarray(sealed.length - tagBytes));
  try {
    const parts = [decipher.update(sealed.subarray(1 + nonceBytes, sealed.length - tagBytes)), decipher.final()];
    const secret = Buffer.concat(parts);
    const key = createPrivateKey({ key: secret, format: "der", type: "pkcs8" });
    for (const part of [secret, ...parts]) part.fill(0);
    return key;
  } catch (cause) {
    throw new CountersignError(
      "key.passphrase_wrong",
      `the master key does not open the ${context.role} key of ${context.gun}`,
      { cause, hints: ["start the server with the master key that this data directory was made with"] },
    );
  }
}

function additionalData({ gun, role }: SealContext): Uint8Array {
  return Buffer.from(`countersign server key\n${role}\n${gun}`);
}
