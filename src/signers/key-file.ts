// Key files: PEM blocks with Notary's headers (`role`, `gun`, `path`) around PKCS#8, plain or encrypted, or one of the legacy forms.
// What a file says of itself is read without a passphrase and is unchecked text; only the opened key is proof of its identity.
// Notary v1 section 4.2; RFC 7468, 1421, 5958.
import type { KeyObject } from "node:crypto";
import {
  CountersignError,
  decodeBase64,
  decodeHex,
  decodeUtf8,
  encodeBase64,
  formatPem,
  isCountersignError,
  type PemBlock,
  parsePem,
} from "../bytes/index.ts";
import { type PublicKey, publicKeyFromKeyObject, publicKeyFromSpki } from "../keys/index.ts";
import { deriveLegacyKey } from "./key-derivation.ts";
import { decryptCbc, openPbes2, type SealForm, sealPbes2 } from "./pbes2.ts";
import { notaryPkcs8, type PrivateKeyShape, parsePrivateKey, standardPkcs8 } from "./private-key-info.ts";

/** An RSA key of 8,192 bits takes 6.5 kB; exports of many keys come in one file. */
export const maxKeyFileBytes = 1024 * 1024;
const maxBlocks = 1000;

/** One key of a file, closed. */
export interface KeyFileEntry {
  readonly role: string | undefined;
  readonly gun: string | undefined;
  /** Notary's export header: the key id, or `gun/id` in old files. */
  readonly path: string | undefined;
  readonly isEncrypted: boolean;
  /** Only in files of our own; a claim until the key is opened. */
  readonly publicKey: PublicKey | undefined;
  /** @throws key.passphrase_missing, key.passphrase_wrong, key.format, key.unsupported, limit.exceeded */
  open(passphrase: string | undefined): Promise<KeyObject>;
}

export interface KeyHeaders {
  readonly role: string;
  readonly gun?: string | undefined;
}

const shapes: ReadonlyMap<string, PrivateKeyShape> = new Map([
  ["PRIVATE KEY", "pkcs8"],
  ["EC PRIVATE KEY", "sec1"],
  ["RSA PRIVATE KEY", "pkcs1"],
  ["ED25519 PRIVATE KEY", "notary-ed25519"],
]);

/** Every private key of a file, in order. Other blocks (certificates, EC PARAMETERS) are passed over. @throws key.format, limit.exceeded */
export function parseKeyFile(bytes: Uint8Array): readonly KeyFileEntry[] {
  if (bytes.length > maxKeyFileBytes) {
    throw new CountersignError("limit.exceeded", `key file of ${bytes.length} bytes, limit ${maxKeyFileBytes}`);
  }
  const blocks = asKeyFormat(() => parsePem(decodeUtf8(bytes)));
  const entries = blocks.filter((block) => block.label.endsWith("PRIVATE KEY")).map(entryOf);
  if (entries.length === 0) {
    throw new CountersignError("key.format", "no private key in this file", {
      hints: ["a key file is PEM text: -----BEGIN ENCRYPTED PRIVATE KEY-----"],
    });
  }
  if (entries.length > maxBlocks) {
    throw new CountersignError("limit.exceeded", `key file of ${entries.length} keys, limit ${maxBlocks}`);
  }
  return entries;
}

/** Our own form: scrypt, and the public key in a header so that listing keys needs no passphrase. */
export async function writeKeyFile(key: KeyObject, passphrase: string, headers: KeyHeaders): Promise<string> {
  const publicKey = publicKeyFromKeyObject(key);
  const extra = new Map([["public", encodeBase64(publicKey.spki)]]);
  return sealed(standardPkcs8(key), passphrase, "scrypt", headers, extra);
}

/**
 * Notary's form, as `notary key export` writes it. Its derivation is weak (2048 rounds): for handing a key to Notary only.
 * The `path` header is what `notary key import` names the file by; without it an encrypted key is silently not stored.
 */
export async function writeNotaryKeyFile(key: KeyObject, passphrase: string, headers: KeyHeaders): Promise<string> {
  const isScoped = headers.role === "targets" || headers.role === "snapshot";
  const extra = new Map([["path", publicKeyFromKeyObject(key).id]]);
  return sealed(notaryPkcs8(key), passphrase, "notary", { ...headers, gun: isScoped ? headers.gun : undefined }, extra);
}

/** Notary's form as it lies in its own `private` folders: no `path` header, the file's name says it. */
export async function writeNotaryStoredKey(key: KeyObject, passphrase: string, headers: KeyHeaders): Promise<string> {
  const isScoped = headers.role === "targets" || headers.role === "snapshot";
  const scoped = { ...headers, gun: isScoped ? headers.gun : undefined };
  return sealed(notaryPkcs8(key), passphrase, "notary", scoped, new Map());
}

async function sealed(
  plain: Uint8Array,
  passphrase: string,
  form: SealForm,
  { role, gun }: KeyHeaders,
  extra: ReadonlyMap<string, string>,
): Promise<string> {
  if (passphrase === "")
    throw new CountersignError("key.passphrase_missing", "a key is never written without a passphrase");
  try {
    const named = gun === undefined ? [] : [["gun", gun] as const];
    const body = await sealPbes2(plain, passphrase, form);
    return formatPem("ENCRYPTED PRIVATE KEY", body, new Map([...named, ["role", role], ...extra]));
  } finally {
    plain.fill(0);
  }
}

function entryOf(block: PemBlock): KeyFileEntry {
  const isLegacy = block.headers.has("DEK-Info") || block.headers.has("Proc-Type");
  const isEncrypted = isLegacy || block.label === "ENCRYPTED PRIVATE KEY";
  return {
    role: block.headers.get("role"),
    gun: block.headers.get("gun"),
    path: block.headers.get("path"),
    isEncrypted,
    publicKey: claimedPublicKey(block.headers.get("public")),
    async open(passphrase) {
      if (!isEncrypted) return asKeyFormat(() => parsePrivateKey(block.bytes, shapeOf(block.label)));
      if (passphrase === undefined || passphrase === "") {
        throw new CountersignError("key.passphrase_missing", "the key is encrypted and no passphrase was given");
      }
      if (isLegacy) return opened(openLegacy(block, passphrase), shapeOf(block.label));
      return opened(await openBody(block.bytes, passphrase), "pkcs8");
    },
  };
}

function shapeOf(label: string): PrivateKeyShape {
  const shape = shapes.get(label);
  if (shape !== undefined) return shape;
  const hints =
    label === "OPENSSH PRIVATE KEY"
      ? ["ECDSA and RSA keys of OpenSSH can be written anew: ssh-keygen -p -m PKCS8 -f COPY"]
      : [];
  throw new CountersignError("key.format", `a key of an unknown kind: ${label.slice(0, 60)}`, { hints });
}

/** What decryption gave, as a key. Padding looks right by chance once in 256 wrong passphrases, so no key here means wrong too. */
function opened(plain: Uint8Array, shape: PrivateKeyShape): KeyObject {
  try {
    return parsePrivateKey(plain, shape);
  } catch (cause) {
    if (!isCountersignError(cause, "der.invalid", "key.format")) throw cause;
    throw new CountersignError("key.passphrase_wrong", "the passphrase does not open this key", { cause });
  } finally {
    plain.fill(0);
  }
}

async function openBody(bytes: Uint8Array, passphrase: string): Promise<Uint8Array> {
  try {
    return await openPbes2(bytes, passphrase);
  } catch (cause) {
    throw badBody(cause);
  }
}

/** RFC 1421 encryption as OpenSSL and Notary once wrote it; AES only. */
function openLegacy(block: PemBlock, passphrase: string): Uint8Array {
  const info = /^AES-(128|192|256)-CBC,([0-9a-fA-F]{32})$/.exec(block.headers.get("DEK-Info") ?? "");
  if (info === null || block.headers.get("Proc-Type") !== "4,ENCRYPTED") {
    throw new CountersignError("key.format", "a legacy key file encrypted in a way that is not AES-CBC");
  }
  const bits = Number(info[1]);
  const iv = decodeHex(info[2] ?? "");
  return decryptCbc(`aes-${bits}-cbc`, deriveLegacyKey(passphrase, iv, bits / 8), iv, block.bytes);
}

function claimedPublicKey(header: string | undefined): PublicKey | undefined {
  if (header === undefined) return undefined;
  try {
    return publicKeyFromSpki(decodeBase64(header));
  } catch (error) {
    if (isCountersignError(error, "encoding.invalid", "der.invalid", "key.unsupported")) return undefined;
    throw error;
  }
}

function asKeyFormat<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw badBody(cause);
  }
}

function badBody(cause: unknown): unknown {
  if (!isCountersignError(cause, "encoding.invalid", "der.invalid")) return cause;
  return new CountersignError("key.format", `key file is damaged: ${cause.message}`, {
    hints: ["a file that was only half written ends early; restore it from a backup"],
    cause,
  });
}
