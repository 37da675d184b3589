// TLS for the peers, made by openssl: one authority, certificates for loopback, and client certificates where both sides authenticate.
import { needPeer } from "./find.ts";
import { runOk } from "./process.ts";
import type { Scratch } from "./scratch.ts";

export interface CertificateFiles {
  readonly authority: string;
  readonly authorityKey: string;
  readonly certificate: string;
  readonly key: string;
}

/** P-256 throughout; valid for a day, for 127.0.0.1 and localhost, as server and as client. */
export async function makeCertificate(directory: Scratch, name: string): Promise<CertificateFiles> {
  const openssl = needPeer("openssl");
  const files = {
    authority: directory.at(`${name}-ca.crt`),
    authorityKey: directory.at(`${name}-ca.key`),
    certificate: directory.at(`${name}.crt`),
    key: directory.at(`${name}.key`),
  };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const authority = [
    "-x509",
    "-subj",
    `/CN=${name} test authority`,
    "-keyout",
    files.authorityKey,
    "-out",
    files.authority,
  ];
  await runOk(openssl, ["req", ...curve, ...authority]);
  const usage = ["subjectAltName=IP:127.0.0.1,DNS:localhost", "extendedKeyUsage=serverAuth,clientAuth"];
  const signer = [
    "-x509",
    "-CA",
    files.authority,
    "-CAkey",
    files.authorityKey,
    "-addext",
    "basicConstraints=critical,CA:FALSE",
  ];
  const leaf = ["-subj", "/CN=localhost", ...usage.flatMap((one) => ["-addext", one])];
  await runOk(openssl, ["req", ...curve, ...signer, ...leaf, "-keyout", files.key, "-out", files.certificate]);
  return files;
}
