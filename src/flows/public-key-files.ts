// Other people's keys as files: a public key or a certificate in PEM, with or without Notary's headers, as docker, notary and OpenSSL
// write them. A private key in their place is refused by name: it should never have been sent.
import { CountersignError, decodeUtf8, type Gun, isCountersignError, parsePem } from "../bytes/index.ts";
import { diskError, readSmallFile } from "../home/index.ts";
import {
  type Certificate,
  type PublicKey,
  parseCertificate,
  publicKeyFromSpki,
  rootCertificateFault,
} from "../keys/index.ts";

export interface PublicKeyFile {
  readonly publicKey: PublicKey;
  readonly certificate: Certificate | undefined;
  /** Docker writes the signer's name into a `role` header. */
  readonly name: string | undefined;
}

const maxFileBytes = 64 * 1024;

/** @throws disk.unreadable, key.format, key.unsupported, certificate.invalid for a certificate out of its dates */
export async function readPublicKeyFile(path: string, now: number): Promise<PublicKeyFile> {
  const bytes = await readSmallFile(path, { maxBytes: maxFileBytes });
  if (bytes === undefined)
    throw diskError(new CountersignError("disk.unreadable", `there is no file ${path}`), "read", path);
  const [block, another] = blocksOf(path, bytes);
  if (block === undefined || (another !== undefined && block.label !== "CERTIFICATE")) {
    throw notAKey(path, "it holds no key, or more than one");
  }
  if (block.label.endsWith("PRIVATE KEY")) {
    throw new CountersignError("key.format", `${path} holds a private key`, {
      hints: ["ask for the public half, and tell its owner that the private one has left its machine"],
    });
  }
  const name = block.headers.get("role");
  if (block.label === "PUBLIC KEY") return { publicKey: publicKeyFromSpki(block.bytes), certificate: undefined, name };
  if (block.label !== "CERTIFICATE")
    throw notAKey(path, `it is a PEM block of ${JSON.stringify(block.label.slice(0, 40))}`);
  const certificate = parseCertificate(block.bytes);
  if (certificate.publicKey === undefined) {
    throw new CountersignError("key.unsupported", `${path}: the certificate's key cannot be used`);
  }
  if (certificate.notAfter < now || certificate.notBefore > now + 24 * 3_600_000) {
    throw new CountersignError("certificate.invalid", `${path}: the certificate is not in force today`);
  }
  return { publicKey: certificate.publicKey, certificate, name };
}

/** The certificate of a root key for this collection. @throws certificate.invalid */
export function requireRootCertificate(file: PublicKeyFile, gun: Gun, now: number): Certificate {
  const { certificate } = file;
  const fault = certificate === undefined ? "it holds a bare key" : rootCertificateFault([certificate], { gun, now });
  if (certificate !== undefined && fault === undefined) return certificate;
  throw new CountersignError("certificate.invalid", `no root key can be made of it for ${gun}: ${fault}`, {
    hints: ["its owner makes one with: countersign key certificate KEY-ID GUN"],
  });
}

function blocksOf(path: string, bytes: Uint8Array) {
  try {
    return parsePem(decodeUtf8(bytes));
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw notAKey(path, cause.message, cause);
  }
}

function notAKey(path: string, why: string, cause?: unknown): CountersignError {
  return new CountersignError("key.format", `${path} is no public key: ${why}`, {
    cause,
    hints: ["a public key is PEM text: -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE-----"],
  });
}
