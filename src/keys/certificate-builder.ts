// Builds the two self-signed certificates we need (RFC 5280): the wrapper of a root key, exactly as Notary writes it
// (notary-v1, section 4.1), and a TLS server's own certificate. Asynchronous, since the key may be in a device.
import { randomBytes } from "node:crypto";
import {
  CountersignError,
  derBitString,
  derBoolean,
  derElement,
  derExplicit,
  derImplicit,
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSetOfOne,
  derTag,
  derTime,
  derUtf8String,
  encodeUtf8,
} from "../bytes/index.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { parseIpAddress } from "./ip-address.ts";
import type { KeyAlgorithm, SignatureScheme, Signer } from "./public-key.ts";

export type CertificateUsage =
  | { readonly kind: "root-of-trust" }
  | {
      readonly kind: "tls-server";
      readonly dnsNames: readonly string[];
      /** In text form, IPv4 or IPv6. */
      readonly ipAddresses: readonly string[];
      /** For a peer that also has to show a certificate of its own when it calls (mutual TLS). */
      readonly alsoClient?: true;
    };

export interface SelfSignedCertificateOptions {
  /** For a root of trust: the collection's name. */
  readonly commonName: string;
  /** Milliseconds since the Unix epoch; certificates keep whole seconds. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly signer: Signer;
  readonly usage: CertificateUsage;
  /** 16 random bytes unless told. */
  readonly serialNumber?: Uint8Array;
}

interface CertificateSignature {
  readonly scheme: SignatureScheme;
  readonly oid: string;
}

const signatures: Readonly<Record<KeyAlgorithm, CertificateSignature>> = {
  "ecdsa-p256": { scheme: "ecdsa-sha256-der", oid: "1.2.840.10045.4.3.2" },
  "ecdsa-p384": { scheme: "ecdsa-sha384-der", oid: "1.2.840.10045.4.3.3" },
  "ecdsa-p521": { scheme: "ecdsa-sha512-der", oid: "1.2.840.10045.4.3.4" },
  rsa: { scheme: "rsa-pkcs1v15-sha256", oid: "1.2.840.113549.1.1.11" },
  ed25519: { scheme: "ed25519", oid: "1.3.101.112" },
};

const oidCommonName = "2.5.4.3";
const oidKeyUsage = "2.5.29.15";
const oidSubjectAltName = "2.5.29.17";
const oidBasicConstraints = "2.5.29.19";
const oidExtendedKeyUsage = "2.5.29.37";
const oidServerAuth = "1.3.6.1.5.5.7.3.1";
const oidClientAuth = "1.3.6.1.5.5.7.3.2";
const oidCodeSigning = "1.3.6.1.5.5.7.3.3";

/** @throws certificate.invalid, usage.invalid (an IP address or DNS name that is none), and whatever the signer throws */
export async function buildSelfSignedCertificate(options: SelfSignedCertificateOptions): Promise<Certificate> {
  const { commonName, notBefore, notAfter, signer, usage, serialNumber = randomBytes(16) } = options;
  if (!(notBefore < notAfter))
    throw new CountersignError("certificate.invalid", "a certificate that ends before it starts");
  const { scheme, oid } = signatures[signer.publicKey.algorithm];
  const algorithm =
    signer.publicKey.algorithm === "rsa"
      ? derSequence(derObjectIdentifier(oid), derNull())
      : derSequence(derObjectIdentifier(oid));
  const name = derSequence(derSetOfOne(derSequence(derObjectIdentifier(oidCommonName), derName(commonName))));
  const body = derSequence(
    derExplicit(0, derInteger(2)), // version 3
    derInteger(serialNumber),
    algorithm,
    name,
    derSequence(derTime(notBefore), derTime(notAfter)),
    name,
    signer.publicKey.spki,
    derExplicit(3, derSequence(...extensions(usage))),
  );
  const signature = await signer.sign(body, scheme);
  return parseCertificate(derSequence(body, algorithm, derBitString(signature)));
}

function extensions(usage: CertificateUsage): readonly Uint8Array[] {
  const digitalSignature = 0x80;
  const keyEncipherment = 0x20;
  const isRoot = usage.kind === "root-of-trust";
  const keyUsage = isRoot
    ? derBitString(Uint8Array.of(digitalSignature | keyEncipherment), 5)
    : derBitString(Uint8Array.of(digitalSignature), 7);
  const purposes = isRoot ? [oidCodeSigning] : [oidServerAuth, ...(usage.alsoClient === true ? [oidClientAuth] : [])];
  const common = [
    extension(oidKeyUsage, keyUsage, true),
    extension(oidExtendedKeyUsage, derSequence(...purposes.map(derObjectIdentifier)), false),
    extension(oidBasicConstraints, derSequence(), true), // CA:FALSE is the default and so left out
  ];
  if (isRoot) return common;
  const names = [
    ...usage.dnsNames.map(derDnsName),
    ...usage.ipAddresses.map((ip) => derImplicit(7, parseIpAddress(ip))),
  ];
  return names.length === 0 ? common : [...common, extension(oidSubjectAltName, derSequence(...names), false)];
}

function extension(oid: string, value: Uint8Array, critical: boolean): Uint8Array {
  const criticality = critical ? [derBoolean(true)] : [];
  return derSequence(derObjectIdentifier(oid), ...criticality, derOctetString(value));
}

/** PrintableString where its alphabet is enough, as Go's x509 writes names. */
function derName(text: string): Uint8Array {
  return /^[A-Za-z0-9 '()+,./:=?-]*$/.test(text)
    ? derElement(derTag.printableString, encodeUtf8(text))
    : derUtf8String(text);
}

function derDnsName(name: string): Uint8Array {
  if (!/^(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$/.test(name)) {
    throw new CountersignError("usage.invalid", `not a DNS name: ${JSON.stringify(name.slice(0, 80))}`);
  }
  return derImplicit(2, encodeUtf8(name));
}
