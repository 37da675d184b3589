// Keys of notary-signer: compact JWE under PBES2-HS256+A128KW and A256GCM, the passphrase of an alias in NOTARY_SIGNER_<ALIAS>, inside
// it SEC1 DER or Go's 96 bytes of an ed25519 key (notary-v1, section 10; RFC 7516, 7518 4.8). A key is taken only when its secret half
// belongs to the public half and the id that its row states: a signature by anything else would verify for nobody.
import type { KeyObject } from "node:crypto";
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { type PublicKey, publicKeyFromKeyObject, publicKeyFromRawEd25519, publicKeyFromSpki } from "../keys/index.ts";
import { missingPassphrase, type PassphraseOf } from "../notary-signer/index.ts";
import { parsePrivateKey } from "../signers/index.ts";
import type { KeyMaterial, KeyRow } from "./notary-source.ts";

/** Notary derives with 8,192 rounds; a row that asks for far more is somebody's attempt to keep us busy. */
const maxRounds = 100_000;

/** The public half that a row states. @throws key.format, key.unsupported, der.invalid when it is no key or not the one of its id */
export function publicKeyOfRow(row: KeyRow, material: Pick<KeyMaterial, "public">): PublicKey {
  const isEd25519 = row.algorithm.toLowerCase() === "ed25519";
  const key = isEd25519 ? publicKeyFromRawEd25519(material.public) : publicKeyFromSpki(material.public);
  if (key.id !== row.keyId) {
    throw new CountersignError("key.format", `the row's public key has the id ${key.id}`);
  }
  return key;
}

/** @throws key.passphrase_missing, key.passphrase_wrong, key.format, key.unsupported, der.invalid */
export async function openPrivateKey(
  row: KeyRow,
  material: KeyMaterial,
  passphraseOf: PassphraseOf,
): Promise<{ readonly privateKey: KeyObject; readonly publicKey: PublicKey }> {
  const publicKey = publicKeyOfRow(row, material);
  const passphrase = passphraseOf(row.passphraseAlias);
  if (passphrase === undefined) throw missingPassphrase(row.passphraseAlias);
  const secret = await decrypt(material.private, passphrase);
  try {
    const privateKey = parsePrivateKey(secret, publicKey.algorithm === "ed25519" ? "notary-ed25519" : "sec1");
    if (publicKeyFromKeyObject(privateKey).id !== publicKey.id) {
      throw new CountersignError("key.format", "the secret half belongs to another key than the public half");
    }
    return { privateKey, publicKey };
  } finally {
    secret.fill(0);
  }
}

async function decrypt(jwe: string, passphrase: string): Promise<Uint8Array> {
  const { compactDecrypt, errors } = await import("jose");
  try {
    const { plaintext } = await compactDecrypt(jwe, new TextEncoder().encode(passphrase), {
      keyManagementAlgorithms: ["PBES2-HS256+A128KW"],
      contentEncryptionAlgorithms: ["A256GCM"],
      maxPBES2Count: maxRounds,
    });
    return plaintext;
  } catch (cause) {
    if (isCountersignError(cause)) throw cause;
    const isWrong = cause instanceof errors.JWEDecryptionFailed;
    // The cause stays out: nothing may depend on what a library quotes of a key.
    throw isWrong
      ? new CountersignError("key.passphrase_wrong", "the alias's passphrase does not open it, or it was changed")
      : new CountersignError("key.format", "the private column holds no JWE as notary-signer writes it");
  }
}
