// PKCS#8 EncryptedPrivateKeyInfo with PBES2 (RFC 8018, section 6.2; RFC 7914, section 7): opened with any common derivation and
// AES-CBC or 3DES, written in two forms: ours (scrypt) and Notary's (PBKDF2 with HMAC-SHA1, 2048 rounds: weak, but the only one
// that Notary can read; notary-v1, 4.2). CBC has no authentication: the caller must check what comes out.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import {
  CountersignError,
  DerReader,
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derTag,
} from "../bytes/index.ts";
import { deriveKey, type KeyDerivation, type Prf } from "./key-derivation.ts";

/** scrypt: N=2^14, r=8, p=3. notary: PBKDF2-HMAC-SHA1, 2048 rounds, prf absent. */
export type SealForm = "scrypt" | "notary";

const oid = {
  pbes2: "1.2.840.113549.1.5.13",
  pbkdf2: "1.2.840.113549.1.5.12",
  scrypt: "1.3.6.1.4.1.11591.4.11",
  aes256Cbc: "2.16.840.1.101.3.4.1.42",
} as const;

const prfs: ReadonlyMap<string, Prf> = new Map([
  ["1.2.840.113549.2.7", "sha1"],
  ["1.2.840.113549.2.8", "sha224"],
  ["1.2.840.113549.2.9", "sha256"],
  ["1.2.840.113549.2.10", "sha384"],
  ["1.2.840.113549.2.11", "sha512"],
]);

interface Cipher {
  readonly name: string;
  readonly keyLength: number;
  readonly blockLength: number;
}

const ciphers: ReadonlyMap<string, Cipher> = new Map([
  ["2.16.840.1.101.3.4.1.2", { name: "aes-128-cbc", keyLength: 16, blockLength: 16 }],
  ["2.16.840.1.101.3.4.1.22", { name: "aes-192-cbc", keyLength: 24, blockLength: 16 }],
  [oid.aes256Cbc, { name: "aes-256-cbc", keyLength: 32, blockLength: 16 }],
  ["1.2.840.113549.3.7", { name: "des-ede3-cbc", keyLength: 24, blockLength: 8 }],
]);

// About 0.1 s. Not N=2^15 with p=1, which costs the same: OpenSSL and Node refuse to read files that need 32 MiB or more.
const scryptCost = 2 ** 14;
const scryptBlockSize = 8;
const scryptParallelization = 3;
const notaryIterations = 2048;

/**
 * The PrivateKeyInfo inside. A wrong passphrase shows as bad padding, once in 256 times as bytes that are no key.
 * @throws key.passphrase_wrong; key.format for another scheme; der.invalid; limit.exceeded for a derivation that costs too much
 */
export async function openPbes2(encrypted: Uint8Array, passphrase: string): Promise<Uint8Array> {
  const { derivation, cipher, iv, ciphertext } = parseEncrypted(encrypted);
  const key = await deriveKey(derivation, passphrase, cipher.keyLength);
  try {
    return decryptCbc(cipher.name, key, iv, ciphertext);
  } finally {
    key.fill(0);
  }
}

/** DER EncryptedPrivateKeyInfo around `plain`. */
export async function sealPbes2(plain: Uint8Array, passphrase: string, form: SealForm): Promise<Uint8Array> {
  const iv = randomBytes(16);
  const salt = randomBytes(form === "scrypt" ? 16 : 8);
  const derivation = form === "scrypt" ? ourDerivation(salt) : notaryDerivation(salt);
  const key = await deriveKey(derivation, passphrase, 32);
  const cipher = createCipheriv("aes-256-cbc", key, iv);
  const ciphertext = new Uint8Array([...cipher.update(plain), ...cipher.final()]);
  key.fill(0);
  return derSequence(
    derSequence(
      derObjectIdentifier(oid.pbes2),
      derSequence(encodeDerivation(derivation), derSequence(derObjectIdentifier(oid.aes256Cbc), derOctetString(iv))),
    ),
    derOctetString(ciphertext),
  );
}

/** CBC with PKCS#7 padding. @throws key.passphrase_wrong, key.format */
export function decryptCbc(name: string, key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  if (ciphertext.length === 0 || ciphertext.length % iv.length !== 0) {
    throw new CountersignError("key.format", `key file holds ${ciphertext.length} encrypted bytes, not whole blocks`);
  }
  const decipher = createDecipheriv(name, key, iv);
  try {
    return new Uint8Array([...decipher.update(ciphertext), ...decipher.final()]);
  } catch (cause) {
    throw new CountersignError("key.passphrase_wrong", "the passphrase does not open this key", { cause });
  }
}

function parseEncrypted(encrypted: Uint8Array) {
  const outer = new DerReader(encrypted);
  const info = outer.enter();
  outer.end();
  const algorithm = info.enter();
  const ciphertext = info.octetString();
  info.end();
  const scheme = algorithm.objectIdentifier();
  if (scheme !== oid.pbes2) {
    throw new CountersignError("key.format", `key file is encrypted with scheme ${scheme}, which is not PBES2`, {
      hints: ["convert it: openssl pkcs8 -in old.key | openssl pkcs8 -topk8 -v2 aes-256-cbc -out new.key"],
    });
  }
  const parameters = algorithm.enter();
  algorithm.end();
  const derivation = parseDerivation(parameters.enter());
  const encryption = parameters.enter();
  parameters.end();
  const cipherOid = encryption.objectIdentifier();
  const cipher = ciphers.get(cipherOid);
  if (cipher === undefined) {
    throw new CountersignError("key.format", `key file uses the unknown cipher ${cipherOid}`, {
      hints: ["write it anew: openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW-FILE"],
    });
  }
  const iv = encryption.octetString();
  encryption.end();
  if (iv.length !== cipher.blockLength) {
    throw new CountersignError(
      "key.format",
      `key file has an IV of ${iv.length} bytes, ${cipher.name} takes ${cipher.blockLength}`,
    );
  }
  return { derivation, cipher, iv, ciphertext };
}

function parseDerivation(reader: DerReader): KeyDerivation {
  const name = reader.objectIdentifier();
  const parameters = reader.enter();
  reader.end();
  const salt = parameters.octetString();
  if (name === oid.pbkdf2) {
    const iterations = parameters.smallInteger();
    const keyLength = optionalInteger(parameters);
    const prf = parsePrf(parameters.enterOptional(derTag.sequence));
    parameters.end();
    return { kind: "pbkdf2", prf, salt, iterations, keyLength };
  }
  if (name === oid.scrypt) {
    const cost = parameters.smallInteger();
    const blockSize = parameters.smallInteger();
    const parallelization = parameters.smallInteger();
    const keyLength = optionalInteger(parameters);
    parameters.end();
    return { kind: "scrypt", salt, cost, blockSize, parallelization, keyLength };
  }
  throw new CountersignError("key.format", `key file uses the unknown key derivation ${name}`);
}

function parsePrf(reader: DerReader | undefined): Prf {
  if (reader === undefined) return "sha1";
  const name = reader.objectIdentifier();
  if (!reader.isAtEnd) reader.null();
  reader.end();
  const prf = prfs.get(name);
  if (prf === undefined) throw new CountersignError("key.format", `key file uses the unknown PBKDF2 function ${name}`);
  return prf;
}

function optionalInteger(reader: DerReader): number | undefined {
  return reader.peekTag() === derTag.integer ? reader.smallInteger() : undefined;
}

function ourDerivation(salt: Uint8Array): KeyDerivation {
  return {
    kind: "scrypt",
    salt,
    cost: scryptCost,
    blockSize: scryptBlockSize,
    parallelization: scryptParallelization,
    keyLength: 32,
  };
}

function notaryDerivation(salt: Uint8Array): KeyDerivation {
  return { kind: "pbkdf2", prf: "sha1", salt, iterations: notaryIterations, keyLength: undefined };
}

function encodeDerivation(derivation: KeyDerivation): Uint8Array {
  const keyLength = derivation.keyLength === undefined ? [] : [derInteger(derivation.keyLength)];
  if (derivation.kind === "scrypt") {
    const { salt, cost, blockSize, parallelization } = derivation;
    return derSequence(
      derObjectIdentifier(oid.scrypt),
      derSequence(
        derOctetString(salt),
        derInteger(cost),
        derInteger(blockSize),
        derInteger(parallelization),
        ...keyLength,
      ),
    );
  }
  const prfOid = [...prfs].find(([, prf]) => prf === derivation.prf)?.[0];
  // sha1 is the DEFAULT of the field, so DER leaves it out.
  const prf =
    derivation.prf === "sha1" || prfOid === undefined ? [] : [derSequence(derObjectIdentifier(prfOid), derNull())];
  return derSequence(
    derObjectIdentifier(oid.pbkdf2),
    derSequence(derOctetString(derivation.salt), derInteger(derivation.iterations), ...keyLength, ...prf),
  );
}
