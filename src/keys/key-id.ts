// Key ids: hashes of canonical JSON. Notary hashes {keytype, keyval} (notary-v1, section 4), TUF 1.0 the whole key object
// (specification 1.0.34, section 4.2.1). A document's key id is an opaque name; the canonical id below is the identity.
import {
  CountersignError,
  encodeBase64,
  encodeCanonicalJson,
  encodeHex,
  type JsonObject,
  sha256,
} from "../bytes/index.ts";
import type { CanonicalKeyId, KeyAlgorithm, KeyId } from "./public-key.ts";

/** Notary's id of a key as written: `publicBase64` is keyval.public, whatever the key type puts there. */
export function notaryKeyId(keyType: string, publicBase64: string): KeyId {
  return hashed({ keytype: keyType, keyval: { private: null, public: publicBase64 } }) as KeyId;
}

/** TUF 1.0's id of a key object, every member included. @throws json.* */
export function tufKeyId(keyObject: JsonObject): KeyId {
  return hashed(keyObject) as KeyId;
}

/** The id of the bare key in Notary's form. `spki` must be the normalised one: only parse-public-key.ts calls this. */
export function canonicalKeyId(algorithm: KeyAlgorithm, spki: Uint8Array): CanonicalKeyId {
  const keyType = algorithm === "rsa" || algorithm === "ed25519" ? algorithm : "ecdsa";
  return notaryKeyId(keyType, encodeBase64(algorithm === "ed25519" ? spki.subarray(-32) : spki)) as CanonicalKeyId;
}

/** A canonical key id from outside: a file name, a pin, an argument. 64 lower-case hex digits. @throws key.format */
export function parseCanonicalKeyId(text: string): CanonicalKeyId {
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new CountersignError("key.format", `not a key id: ${JSON.stringify(text.slice(0, 80))}`, {
      hints: ["a key id is 64 hexadecimal digits, as `key list` shows them"],
    });
  }
  return text as CanonicalKeyId;
}

function hashed(value: JsonObject): string {
  return encodeHex(sha256(encodeCanonicalJson(value)));
}
