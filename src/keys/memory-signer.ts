// Signers whose secret is in memory. The secret lives in a closure: no property, JSON or debug print of the Signer reaches it.
import { constants, generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import { assertNever, CountersignError } from "../bytes/index.ts";
import { publicKeyFromKeyObject } from "./parse-public-key.ts";
import type { KeyAlgorithm, SignatureScheme, Signer } from "./public-key.ts";
import { coordinateSize, rawFromDer, schemeFits, schemeParts } from "./verify-signature.ts";

const rsaBits = 3072;
/** Every signer of the field writes this; readers take any. Notary takes no other with SHA-256. */
const pssSaltLengths = { sha256: 32, sha384: 48, sha512: 64 } as const;

const generate = promisify(generateKeyPair);

/** A Signer with a new key. */
export async function generateSigner(algorithm: KeyAlgorithm = "ecdsa-p256"): Promise<Signer> {
  return signerFromPrivateKey(await generatePrivateKey(algorithm));
}

/** A new private key, for callers that must write it to a file; prefer generateSigner. */
export async function generatePrivateKey(algorithm: KeyAlgorithm = "ecdsa-p256"): Promise<KeyObject> {
  switch (algorithm) {
    case "ecdsa-p256":
      return (await generate("ec", { namedCurve: "P-256" })).privateKey;
    case "ecdsa-p384":
      return (await generate("ec", { namedCurve: "P-384" })).privateKey;
    case "ecdsa-p521":
      return (await generate("ec", { namedCurve: "P-521" })).privateKey;
    case "rsa":
      return (await generate("rsa", { modulusLength: rsaBits })).privateKey;
    case "ed25519":
      return (await generate("ed25519", {})).privateKey;
    default:
      return assertNever(algorithm);
  }
}

/** A Signer with this private key. @throws key.unsupported */
export function signerFromPrivateKey(privateKey: KeyObject): Signer {
  if (privateKey.type !== "private")
    throw new CountersignError("key.unsupported", `a ${privateKey.type} key cannot sign`);
  const publicKey = publicKeyFromKeyObject(privateKey);
  return Object.freeze({
    publicKey,
    async sign(message: Uint8Array, scheme: SignatureScheme): Promise<Uint8Array> {
      if (!schemeFits(publicKey.algorithm, scheme)) {
        throw new CountersignError("key.unsupported", `a key ${publicKey.algorithm} cannot sign with ${scheme}`);
      }
      return signWith(privateKey, publicKey.algorithm, message, scheme);
    },
  });
}

function signWith(key: KeyObject, algorithm: KeyAlgorithm, message: Uint8Array, scheme: SignatureScheme): Uint8Array {
  const { form, hash } = schemeParts(scheme);
  switch (form) {
    case "eddsa":
      return new Uint8Array(sign(null, message, key));
    // A bare KeyObject signs twice as fast as one inside an object that names the encoding; DER is what Node then gives.
    case "raw": {
      const raw = rawFromDer(new Uint8Array(sign(hash, message, key)), coordinateSize(algorithm));
      if (raw === undefined) throw new CountersignError("bug.unexpected", "OpenSSL gave a signature that is not DER");
      return raw;
    }
    case "der":
      return new Uint8Array(sign(hash, message, key));
    case "pkcs1v15":
      return new Uint8Array(sign(hash, message, { key, padding: constants.RSA_PKCS1_PADDING }));
    case "pss": {
      const saltLength = pssSaltLengths[hash ?? "sha256"];
      return new Uint8Array(sign(hash, message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }));
    }
    default:
      return assertNever(form);
  }
}
