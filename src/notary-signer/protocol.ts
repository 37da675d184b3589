// What both ends of the signer protocol agree on: method paths, health service names, limits, and how keys and signatures are
// spelled on the wire (notary-v1, sections 4 and 11).
import { assertNever, CountersignError } from "../bytes/index.ts";
import {
  type KeyAlgorithm,
  type PublicKey,
  publicKeyFromRawEd25519,
  publicKeyFromSpki,
  type SignatureScheme,
} from "../keys/index.ts";
import type { SignerKeyAlgorithm } from "../storage/index.ts";

export const methodPaths = {
  createKey: "/proto.KeyManagement/CreateKey",
  deleteKey: "/proto.KeyManagement/DeleteKey",
  getKeyInfo: "/proto.KeyManagement/GetKeyInfo",
  sign: "/proto.Signer/Sign",
  health: "/grpc.health.v1.Health/Check",
} as const;

/** The names under which notary-server asks, every ten seconds. */
export const healthServices = ["grpc.health.v1.Health.KeyManagement", "grpc.health.v1.Health.Signer"] as const;

/** Of one message, in both directions; a real signer refuses more with ResourceExhausted. */
export const maxMessageBytes = 4 * 1024 * 1024;

export const defaultSignerPort = 7899;

/** How a key type signs: the scheme here, the method's name on the wire. */
export function signingOf(algorithm: KeyAlgorithm): { readonly scheme: SignatureScheme; readonly method: string } {
  switch (wireAlgorithm(algorithm)) {
    case "ecdsa":
      return { scheme: "ecdsa-sha256-raw", method: "ecdsa" };
    case "ed25519":
      return { scheme: "ed25519", method: "eddsa" };
    case "rsa":
      return { scheme: "rsa-pss-sha256", method: "rsapss" };
  }
}

export function wireAlgorithm(algorithm: KeyAlgorithm): SignerKeyAlgorithm {
  switch (algorithm) {
    case "ecdsa-p256":
    case "ecdsa-p384":
    case "ecdsa-p521":
      return "ecdsa";
    case "ed25519":
    case "rsa":
      return algorithm;
    default:
      return assertNever(algorithm);
  }
}

/** Section 4 bytes. */
export function wirePublicKey({ algorithm, spki }: PublicKey): Uint8Array {
  return algorithm === "ed25519" ? spki.subarray(-32) : spki;
}

/** @throws key.unsupported, der.invalid: bytes that are no key of that type */
export function publicKeyFromWire(algorithm: string, bytes: Uint8Array): PublicKey {
  const key = algorithm === "ed25519" ? publicKeyFromRawEd25519(bytes) : publicKeyFromSpki(bytes);
  if (wireAlgorithm(key.algorithm) === algorithm) return key;
  throw new CountersignError(
    "key.unsupported",
    `a key of type ${JSON.stringify(algorithm.slice(0, 40))} that is of another type: ${key.algorithm}`,
  );
}
