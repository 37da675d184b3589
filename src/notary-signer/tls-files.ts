// The TLS files of either end, read once at start: a file that is missing, no PEM, or a key of another certificate is told then, by
// its path, and not as "connection closed" at the first call.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { CountersignError } from "../bytes/index.ts";

export interface TlsPair {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

/** @throws disk.unreadable, certificate.invalid, key.format */
export function readTlsPair(certificatePath: string, keyPath: string): TlsPair {
  const certificate = readCertificates(certificatePath);
  const key = read(keyPath);
  const parsedKey = parse("key.format", keyPath, () => createPrivateKey(key));
  if (!new X509Certificate(certificate).checkPrivateKey(parsedKey)) {
    throw new CountersignError("certificate.invalid", `${keyPath} is not the key of ${certificatePath}`);
  }
  return { certificate, key };
}

/** One or more certificates in PEM. @throws disk.unreadable, certificate.invalid */
export function readCertificates(path: string): Buffer {
  const content = read(path);
  parse("certificate.invalid", path, () => new X509Certificate(content));
  return content;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new CountersignError("disk.unreadable", `${path} cannot be read`, { cause });
  }
}

function parse<T>(code: "certificate.invalid" | "key.format", path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const what = code === "key.format" ? "private key" : "certificate";
    throw new CountersignError(code, `${path} is not a PEM ${what}`, { cause });
  }
}
