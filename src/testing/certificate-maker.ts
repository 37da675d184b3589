// Certificates for tests: authorities, what they certify, and what they should never have. Only signatures and the few extensions that
// decide something are real; nothing here is fit for use.
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from "node:crypto";
import {
  derBitString,
  derBoolean,
  derExplicit,
  derInteger,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derSetOfOne,
  derTime,
  derUtf8String,
} from "../bytes/index.ts";
import { day } from "./fake-clock.ts";

export interface TestCertificate {
  readonly certificate: X509Certificate;
  readonly key: KeyObject;
  readonly name: string;
  /** As x5c wants it. */
  readonly base64: string;
  readonly pem: string;
}

export interface TestCertificateOptions {
  readonly name: string;
  readonly now: number;
  /** Itself unless told. */
  readonly issuer?: TestCertificate;
  readonly isCa?: boolean;
  readonly pathLength?: number;
  /** From a day before `now` to a day after, unless told. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** The key usage extension's bits: 0x04 may sign certificates. None unless told. */
  readonly keyUsage?: number;
  readonly key?: KeyObject;
}

export function makeCertificate(options: TestCertificateOptions): TestCertificate {
  const { name, now, issuer, isCa = false, pathLength, keyUsage } = options;
  const { notBefore = now - day, notAfter = now + day } = options;
  const key = options.key ?? generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const constraints = isCa
    ? derSequence(derBoolean(true), ...(pathLength === undefined ? [] : [derInteger(pathLength)]))
    : derSequence();
  const extensions = [extension("2.5.29.19", constraints)];
  if (keyUsage !== undefined) extensions.push(extension("2.5.29.15", derBitString(Uint8Array.of(keyUsage))));
  const algorithm = derSequence(derObjectIdentifier("1.2.840.10045.4.3.2"));
  const body = derSequence(
    derExplicit(0, derInteger(2)),
    derInteger(randomBytes(12)),
    algorithm,
    distinguishedName(issuer?.name ?? name),
    derSequence(derTime(notBefore), derTime(notAfter)),
    distinguishedName(name),
    new Uint8Array(createPublicKey(key).export({ type: "spki", format: "der" })),
    derExplicit(3, derSequence(...extensions)),
  );
  const signature = new Uint8Array(sign("sha256", body, issuer?.key ?? key));
  const certificate = new X509Certificate(derSequence(body, algorithm, derBitString(signature)));
  return { certificate, key, name, base64: certificate.raw.toString("base64"), pem: certificate.toString() };
}

function extension(oid: string, value: Uint8Array): Uint8Array {
  return derSequence(derObjectIdentifier(oid), derBoolean(true), derOctetString(value));
}

function distinguishedName(name: string): Uint8Array {
  return derSequence(derSetOfOne(derSequence(derObjectIdentifier("2.5.4.3"), derUtf8String(name))));
}
