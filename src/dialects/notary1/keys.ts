// Key objects of Notary v1: {keytype, keyval: {private: null, public: base64}} (notary-v1, section 4). The id is the hash of exactly
// that and is enforced, as Notary does: an id that is not its key's would let one file mean two keys. A key we cannot use
// (unknown type, broken bytes) is kept and counts for nothing.
import {
  CountersignError,
  decodeBase64,
  decodeMember,
  decodeObject,
  decodeString,
  decodeUtf8,
  encodeBase64,
  encodeUtf8,
  invalidAt,
  isCountersignError,
  type JsonObject,
  type JsonPath,
  type JsonValue,
} from "../../bytes/index.ts";
import {
  type Certificate,
  type KeyAlgorithm,
  type KeyId,
  notaryKeyId,
  type PublicKey,
  parseCertificates,
  publicKeyFromPem,
  publicKeyFromRawEd25519,
  publicKeyFromSpki,
  rootCertificateFault,
  type SignatureScheme,
  schemeFits,
} from "../../keys/index.ts";
import type { Key, RootKeyUse, Signature } from "../../tuf/index.ts";

/** The `keys` of a root or of delegations. @throws metadata.invalid */
export function decodeKeys(value: JsonValue, path: JsonPath): ReadonlyMap<KeyId, Key> {
  const keys = new Map<KeyId, Key>();
  if (value === null) return keys; // Go's nil map
  for (const [name, member] of Object.entries(decodeObject(value, path))) {
    const key = decodeKey(member, { parent: path, step: name });
    if (key.id !== name) throw invalidAt({ parent: path, step: name }, `the key's id is ${key.id}`);
    keys.set(key.id, key);
  }
  return keys;
}

function decodeKey(value: JsonValue, path: JsonPath): Key {
  const source = decodeObject(value, path);
  const keyType = decodeMember(source, "keytype", decodeString, path);
  const keyValue = decodeMember(source, "keyval", decodeObject, path);
  const publicText = decodeMember(keyValue, "public", decodeString, { parent: path, step: "keyval" });
  const id = notaryKeyId(keyType, publicText);
  const bytes = decodeBase64(publicText);
  const certificates = usable(() => (keyType.endsWith("-x509") ? parseCertificates(decodeUtf8(bytes)) : [])) ?? [];
  const publicKey = certificates[0]?.publicKey ?? usable(() => parseBareKey(keyType, bytes));
  const fits = publicKey !== undefined && family(publicKey.algorithm) === keyType.replace("-x509", "");
  return { id, keyType, scheme: undefined, publicKey: fits ? publicKey : undefined, certificates, source };
}

function parseBareKey(keyType: string, bytes: Uint8Array): PublicKey | undefined {
  switch (keyType) {
    case "ecdsa":
      return publicKeyFromSpki(bytes);
    case "rsa": // old pycrypto tools stored PEM text here
      return bytes[0] === 0x2d ? publicKeyFromPem(decodeUtf8(bytes)) : publicKeyFromSpki(bytes);
    case "ed25519":
      return publicKeyFromRawEd25519(bytes);
    default:
      return undefined;
  }
}

/** What `make` gives, or undefined when the bytes are no such thing: such a key harms nobody. */
function usable<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (isCountersignError(error) && (error.kind === "untrusted" || error.code === "key.unsupported")) return undefined;
    throw error;
  }
}

function family(algorithm: KeyAlgorithm): "ecdsa" | "rsa" | "ed25519" {
  return algorithm === "rsa" || algorithm === "ed25519" ? algorithm : "ecdsa";
}

/** A key object; with a certificate the x509 kind, as root keys are. @throws key.unsupported */
export function makeKey(publicKey: PublicKey, certificate?: Certificate): Key {
  const kind = family(publicKey.algorithm);
  if (certificate !== undefined && (kind === "ed25519" || certificate.publicKey?.id !== publicKey.id)) {
    throw new CountersignError("key.unsupported", `no notary1 certificate key can be made of key ${publicKey.id}`);
  }
  const bare = kind === "ed25519" ? publicKey.spki.subarray(-32) : publicKey.spki;
  const keyType = certificate === undefined ? kind : `${kind}-x509`;
  const publicText = encodeBase64(certificate === undefined ? bare : encodeUtf8(certificate.pem));
  const source: JsonObject = { keytype: keyType, keyval: { private: null, public: publicText } };
  const certificates = certificate === undefined ? [] : [certificate];
  return { id: notaryKeyId(keyType, publicText), keyType, scheme: undefined, publicKey, certificates, source };
}

/** @throws key.unsupported */
export function signingScheme(key: Key): { readonly scheme: SignatureScheme; readonly method: string } {
  if (key.publicKey === undefined) throw new CountersignError("key.unsupported", `key ${key.id} cannot be used`);
  switch (family(key.publicKey.algorithm)) {
    case "ecdsa":
      return { scheme: "ecdsa-sha256-raw", method: "ecdsa" };
    case "rsa":
      return { scheme: "rsa-pss-sha256", method: "rsapss" };
    case "ed25519":
      return { scheme: "ed25519", method: "eddsa" };
  }
}

const schemeOfMethod: ReadonlyMap<string, SignatureScheme> = new Map([
  ["ecdsa", "ecdsa-sha256-raw"],
  ["rsapss", "rsa-pss-sha256"],
  ["eddsa", "ed25519"],
  ["rsapkcs1v15", "rsa-pkcs1v15-sha256"],
  ["pycrypto-pkcs#1 pss", "rsa-pss-sha256"],
] as const);

/** A method that does not fit the key fails that signature only. */
export function verifyingScheme(key: Key, signature: Signature): SignatureScheme | undefined {
  const scheme = schemeOfMethod.get(signature.method ?? "");
  const algorithm = key.publicKey?.algorithm;
  return scheme !== undefined && algorithm !== undefined && schemeFits(algorithm, scheme) ? scheme : undefined;
}

/** Only a key with a certificate made for the collection speaks for a root (notary-v1, 4.1). */
export function acceptsRootKey(key: Key, { gun, now }: RootKeyUse): boolean {
  return rootCertificateFault(key.certificates, { gun, now: now ?? 0, checkDates: now !== undefined }) === undefined;
}
