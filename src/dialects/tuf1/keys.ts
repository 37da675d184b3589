// Key objects of TUF 1.0: {keytype, scheme, keyval: {public}} (specification 1.0.34, 4.2; tuf-1.0, section 3). A key id is an opaque
// name here (TAP 12): what counts is the key. We write the three standard members only, and the id that is their hash, because
// some clients recompute it. A key we cannot use is kept and counts for nothing.
import {
  CountersignError,
  decodeHex,
  decodeMember,
  decodeObject,
  decodeString,
  encodeBase64,
  encodeHex,
  isCountersignError,
  type JsonObject,
  type JsonPath,
  type JsonValue,
} from "../../bytes/index.ts";
import {
  type KeyId,
  type PublicKey,
  publicKeyFromHexPoint,
  publicKeyFromPem,
  publicKeyFromRawEd25519,
  type SignatureScheme,
  schemeFits,
  tufKeyId,
} from "../../keys/index.ts";
import type { Key } from "../../tuf/index.ts";
import { decodeKeyId } from "../envelope.ts";

/** The `keys` of a root or of delegations. @throws metadata.invalid */
export function decodeKeys(value: JsonValue, path: JsonPath): ReadonlyMap<KeyId, Key> {
  const keys = new Map<KeyId, Key>();
  for (const [name, member] of Object.entries(decodeObject(value, path))) {
    const at = { parent: path, step: name };
    const id = decodeKeyId(name, at);
    keys.set(id, decodeKey(id, member, at));
  }
  return keys;
}

function decodeKey(id: KeyId, value: JsonValue, path: JsonPath): Key {
  const source = decodeObject(value, path);
  const keyType = decodeMember(source, "keytype", decodeString, path);
  const scheme = decodeMember(source, "scheme", decodeString, path);
  const keyValue = decodeMember(source, "keyval", decodeObject, path);
  const publicText = Object.hasOwn(keyValue, "public") ? keyValue.public : undefined;
  const publicKey = typeof publicText === "string" ? parsePublic(keyType, publicText) : undefined;
  return { id, keyType, scheme, publicKey, certificates: [], source };
}

function parsePublic(keyType: string, text: string): PublicKey | undefined {
  try {
    switch (keyType) {
      case "ed25519":
        return publicKeyFromRawEd25519(decodeHex(text));
      case "ecdsa":
      case "ecdsa-sha2-nistp256": // older spellings; their keys also come as hex points
      case "ecdsa-sha2-nistp384":
      case "ecdsa-sha2-nistp521": {
        const publicKey = /^0[234][0-9a-f]+$/i.test(text) ? publicKeyFromHexPoint(text) : publicKeyFromPem(text);
        return publicKey.algorithm.startsWith("ecdsa-") ? publicKey : undefined;
      }
      case "rsa": {
        const publicKey = publicKeyFromPem(text);
        return publicKey.algorithm === "rsa" ? publicKey : undefined;
      }
      default:
        return undefined;
    }
  } catch (error) {
    if (isCountersignError(error) && (error.kind === "untrusted" || error.code === "key.unsupported")) return undefined;
    throw error;
  }
}

const ecdsaSchemes = {
  "ecdsa-p256": "ecdsa-sha2-nistp256",
  "ecdsa-p384": "ecdsa-sha2-nistp384",
  "ecdsa-p521": "ecdsa-sha2-nistp521",
} as const;

/** A key object that every TUF client reads and whose id every one computes alike. */
export function makeKey(publicKey: PublicKey): Key {
  const source = keyObject(publicKey);
  return {
    id: tufKeyId({ ...source }),
    keyType: source.keytype,
    scheme: source.scheme,
    publicKey,
    certificates: [],
    source: { ...source },
  };
}

interface KeyObjectMembers {
  readonly keytype: string;
  readonly scheme: string;
  readonly keyval: JsonObject;
}

function keyObject(publicKey: PublicKey): KeyObjectMembers {
  const { algorithm, spki } = publicKey;
  switch (algorithm) {
    case "ed25519":
      return { keytype: "ed25519", scheme: "ed25519", keyval: { public: encodeHex(spki.subarray(-32)) } };
    case "rsa":
      return { keytype: "rsa", scheme: "rsassa-pss-sha256", keyval: { public: pemText(spki) } };
    default:
      return { keytype: "ecdsa", scheme: ecdsaSchemes[algorithm], keyval: { public: pemText(spki) } };
  }
}

/** SubjectPublicKeyInfo as PEM with the final newline that OpenSSL and python-tuf write. */
function pemText(spki: Uint8Array): string {
  const lines = encodeBase64(spki).match(/.{1,64}/g) ?? [];
  return `-----BEGIN PUBLIC KEY-----\n${lines.join("\n")}\n-----END PUBLIC KEY-----\n`;
}

const schemeOfName: ReadonlyMap<string, SignatureScheme> = new Map([
  ["ed25519", "ed25519"],
  ["ecdsa-sha2-nistp256", "ecdsa-sha256-der"],
  ["ecdsa-sha2-nistp384", "ecdsa-sha384-der"],
  ["ecdsa-sha2-nistp521", "ecdsa-sha512-der"],
  ["rsassa-pss-sha256", "rsa-pss-sha256"],
  ["rsassa-pss-sha384", "rsa-pss-sha384"],
  ["rsassa-pss-sha512", "rsa-pss-sha512"],
  ["rsa-pkcs1v15-sha256", "rsa-pkcs1v15-sha256"],
  ["rsa-pkcs1v15-sha384", "rsa-pkcs1v15-sha384"],
  ["rsa-pkcs1v15-sha512", "rsa-pkcs1v15-sha512"],
] as const);

/** In tuf1 the key names the scheme, for signing and for checking. undefined: none that fits the key. */
export function verifyingScheme(key: Key): SignatureScheme | undefined {
  const scheme = schemeOfName.get(key.scheme ?? "");
  const algorithm = key.publicKey?.algorithm;
  return scheme !== undefined && algorithm !== undefined && schemeFits(algorithm, scheme) ? scheme : undefined;
}

/** @throws key.unsupported */
export function signingScheme(key: Key): { readonly scheme: SignatureScheme; readonly method: undefined } {
  const scheme = verifyingScheme(key);
  if (scheme === undefined) {
    throw new CountersignError(
      "key.unsupported",
      `key ${key.id} of type ${key.keyType} has no scheme we can sign with`,
    );
  }
  return { scheme, method: undefined };
}
