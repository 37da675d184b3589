// The server's certificate: the operator's own files, or one that it makes for loopback at first start and keeps in the data directory,
// so that the first command works over TLS without anybody's certificate authority (P-256: small, fast, read by all clients).
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Clock, CountersignError } from "../bytes/index.ts";
import { buildSelfSignedCertificate, generatePrivateKey, signerFromPrivateKey } from "../keys/index.ts";
import { makeDataDirectory } from "../storage/index.ts";
import type { TlsChoice } from "./options.ts";
import { writePrivateFile } from "./private-file.ts";

export interface TlsIdentity {
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly certificatePath: string;
  /** Of the leaf; lower-case hex. */
  readonly sha256: string;
  readonly isGenerated: boolean;
}

const tenYearsMs = 10 * 365 * 24 * 60 * 60 * 1000;

/** undefined when TLS is off. @throws disk.unreadable, disk.read_only, certificate.invalid, key.format */
export async function tlsIdentity(choice: TlsChoice, dataDir: string, clock: Clock): Promise<TlsIdentity | undefined> {
  switch (choice.kind) {
    case "off":
      return undefined;
    case "files":
      return readIdentity(choice.certificatePath, choice.keyPath, false);
    case "generated": {
      makeDataDirectory(dataDir);
      const certificatePath = join(dataDir, "tls.crt");
      const keyPath = join(dataDir, "tls.key");
      const isThere = [certificatePath, keyPath].every(
        (path) => statSync(path, { throwIfNoEntry: false }) !== undefined,
      );
      const found = isThere ? readIdentity(certificatePath, keyPath, true) : undefined;
      if (found !== undefined && Date.parse(new X509Certificate(found.certificatePem).validTo) > clock()) return found;
      await generate(certificatePath, keyPath, clock());
      return readIdentity(certificatePath, keyPath, true);
    }
  }
}

async function generate(certificatePath: string, keyPath: string, now: number): Promise<void> {
  const key = await generatePrivateKey("ecdsa-p256");
  const certificate = await buildSelfSignedCertificate({
    commonName: "localhost",
    notBefore: now - 60 * 60 * 1000,
    notAfter: now + tenYearsMs,
    signer: signerFromPrivateKey(key),
    usage: { kind: "tls-server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1", "::1"] },
  });
  writePrivateFile(keyPath, key.export({ format: "pem", type: "pkcs8" }).toString());
  writePrivateFile(certificatePath, certificate.pem);
}

/**
 * The authority that clients' certificates must come from. Go takes any certificate as an anchor; Node's server only self-signed ones, so a
 * file without one would refuse every client, and is refused itself. @throws disk.unreadable, certificate.invalid
 */
export function readClientAuthority(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const pem = read(path);
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  const certificates = blocks.map((block) => parse("certificate.invalid", path, () => new X509Certificate(block)));
  if (certificates.some((one) => one.subject === one.issuer && one.verify(one.publicKey))) return pem;
  const what = certificates.length === 0 ? "no PEM certificate" : "no self-signed certificate";
  throw new CountersignError("certificate.invalid", `${path} holds ${what}, so no client could be believed`, {
    hints: ["name the file of the authority that issued the clients' certificates, with its root"],
  });
}

/** An operator's files. @throws disk.unreadable, certificate.invalid, key.format */
export function readIdentity(certificatePath: string, keyPath: string, isGenerated: boolean): TlsIdentity {
  const certificatePem = read(certificatePath);
  const keyPem = read(keyPath);
  const certificate = parse("certificate.invalid", certificatePath, () => new X509Certificate(certificatePem));
  const key = parse("key.format", keyPath, () => createPrivateKey(keyPem));
  if (!certificate.checkPrivateKey(key)) {
    throw new CountersignError("certificate.invalid", `${keyPath} is not the key of ${certificatePath}`);
  }
  const sha256 = certificate.fingerprint256.replaceAll(":", "").toLowerCase();
  return { certificatePem, keyPem, certificatePath, sha256, isGenerated };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new CountersignError("disk.unreadable", `${path} cannot be read`, { cause });
  }
}

function parse<T>(code: "certificate.invalid" | "key.format", path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new CountersignError(code, `${path} is not a PEM ${code === "key.format" ? "private key" : "certificate"}`, {
      cause,
    });
  }
}
