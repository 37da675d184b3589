// The private key inside a key file, in every shape that Notary and OpenSSL write: PKCS#8, SEC1, PKCS#1, and Notary's own ed25519
// (the 96 bytes public + Go's private under a borrowed object identifier; notary-v1, 4.2). RFC 5208, 5915, 8017, 8410.
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import {
  CountersignError,
  DerReader,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  equalBytes,
} from "../bytes/index.ts";
import { publicKeyFromKeyObject } from "../keys/index.ts";

const oidGoEd25519 = "1.3.6.1.4.1.11591.15.1";
const oidEd25519 = "1.3.101.112";
const oidEc = "1.2.840.10045.2.1";
const oidRsa = "1.2.840.113549.1.1.1";

export type PrivateKeyShape = "pkcs8" | "sec1" | "pkcs1" | "notary-ed25519";

/**
 * A private key whose two halves belong together. @throws key.format for bytes that are no such key; key.unsupported for a curve,
 * size or kind that is not used here; der.invalid
 */
export function parsePrivateKey(bytes: Uint8Array, shape: PrivateKeyShape): KeyObject {
  const key = importKey(bytes, shape);
  publicKeyFromKeyObject(key);
  requireWhole(key);
  return key;
}

/** Standard PKCS#8, as OpenSSL and Node write it. The caller wipes it. */
export function standardPkcs8(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ format: "der", type: "pkcs8" }));
}

/** PKCS#8 in Notary's spelling, which for ed25519 is the only one it reads. The caller wipes it. */
export function notaryPkcs8(key: KeyObject): Uint8Array {
  const { algorithm, spki } = publicKeyFromKeyObject(key);
  if (algorithm === "ed25519") {
    const reader = new DerReader(standardPkcs8(key)).enter();
    reader.smallInteger();
    reader.enter();
    const seed = new DerReader(reader.octetString()).octetString();
    const publicBytes = spki.subarray(-32);
    const body = Uint8Array.from([...publicBytes, ...seed, ...publicBytes]);
    return derSequence(derInteger(0), derSequence(derObjectIdentifier(oidGoEd25519)), derOctetString(body));
  }
  if (algorithm === "rsa") {
    const body = new Uint8Array(key.export({ format: "der", type: "pkcs1" }));
    return derSequence(derInteger(0), derSequence(derObjectIdentifier(oidRsa)), derOctetString(body));
  }
  const curve = new DerReader(spki).enter().enter();
  curve.objectIdentifier();
  const curveOid = curve.objectIdentifier();
  const body = new Uint8Array(key.export({ format: "der", type: "sec1" }));
  return derSequence(
    derInteger(1),
    derSequence(derObjectIdentifier(oidEc), derObjectIdentifier(curveOid)),
    derOctetString(body),
  );
}

function importKey(bytes: Uint8Array, shape: PrivateKeyShape): KeyObject {
  switch (shape) {
    case "notary-ed25519":
      return goEd25519(bytes);
    case "pkcs8":
      return importPkcs8(bytes);
    default:
      return importDer(bytes, shape);
  }
}

function importPkcs8(bytes: Uint8Array): KeyObject {
  const outer = new DerReader(bytes);
  const info = outer.enter();
  outer.end();
  info.smallInteger();
  const algorithm = info.enter().objectIdentifier();
  return algorithm === oidGoEd25519 ? goEd25519(info.octetString()) : importDer(bytes, "pkcs8");
}

function goEd25519(body: Uint8Array): KeyObject {
  if (body.length !== 96) {
    throw new CountersignError("key.format", `an ed25519 key of Notary's has 96 bytes, this one ${body.length}`);
  }
  const seed = body.subarray(32, 64);
  const pkcs8 = derSequence(
    derInteger(0),
    derSequence(derObjectIdentifier(oidEd25519)),
    derOctetString(derOctetString(seed)),
  );
  const key = importDer(pkcs8, "pkcs8");
  const publicBytes = publicKeyFromKeyObject(key).spki.subarray(-32);
  if (!equalBytes(publicBytes, body.subarray(0, 32)) || !equalBytes(publicBytes, body.subarray(64))) {
    throw new CountersignError("key.format", "an ed25519 key file whose public half belongs to another key");
  }
  return key;
}

function importDer(bytes: Uint8Array, type: "pkcs8" | "sec1" | "pkcs1"): KeyObject {
  try {
    return createPrivateKey({ key: Buffer.from(bytes), format: "der", type });
  } catch {
    // The cause stays out: OpenSSL's errors never quote the key, but nothing here should depend on that.
    throw new CountersignError("key.format", `not a private key in ${type} form`);
  }
}

/** OpenSSL believes the public point that a file states; a signature made with such a key would verify for nobody. */
function requireWhole(key: KeyObject): void {
  const message = Buffer.from("countersign: do the halves of this key belong together?");
  const digest = key.asymmetricKeyType === "ed25519" ? null : "sha256";
  let isWhole = false;
  try {
    isWhole = verify(digest, message, createPublicKey(key), sign(digest, message, key));
  } catch {
    isWhole = false;
  }
  if (!isWhole) throw new CountersignError("key.format", "a key file whose public half belongs to another key");
}
