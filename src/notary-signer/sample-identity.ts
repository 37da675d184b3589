// Test code: TLS identities on disk, each its own authority, for servers on loopback and callers that must show a certificate.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../bytes/index.ts";
import { buildSelfSignedCertificate, generatePrivateKey, signerFromPrivateKey } from "../keys/index.ts";

export interface SampleIdentity {
  readonly certificatePath: string;
  readonly keyPath: string;
}

export async function sampleIdentity(directory: string, name: string): Promise<SampleIdentity> {
  const key = await generatePrivateKey("ecdsa-p256");
  const now = systemClock();
  const certificate = await buildSelfSignedCertificate({
    commonName: name,
    notBefore: now - 60_000,
    notAfter: now + 3_600_000,
    signer: signerFromPrivateKey(key),
    usage: { kind: "tls-server", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"], alsoClient: true },
  });
  const certificatePath = join(directory, `${name}.crt`);
  const keyPath = join(directory, `${name}.key`);
  writeFileSync(certificatePath, certificate.pem);
  writeFileSync(keyPath, key.export({ format: "pem", type: "pkcs8" }), { mode: 0o600 });
  return { certificatePath, keyPath };
}
