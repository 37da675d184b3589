// X.509 certificates (RFC 5280) as Notary wraps root keys in them, read with our own strict DER reader: one reading, of
// exactly the fields that decide something. No chain is built and no signature of a certificate is checked: a root key
// is trusted because it is pinned, never because of who certified it (notary-v1, section 4.1).
import {
  CountersignError,
  contextTag,
  type DerElement,
  DerReader,
  decodeUtf8,
  derTag,
  formatPem,
  isCountersignError,
  parsePem,
} from "../bytes/index.ts";
import { publicKeyFromSpki } from "./parse-public-key.ts";
import type { PublicKey } from "./public-key.ts";

export interface Certificate {
  /** PEM text of this one certificate. */
  readonly pem: string;
  readonly der: Uint8Array;
  /** undefined when the subject has none, or more than one. */
  readonly commonName: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isCa: boolean;
  /** Signed over SHA-1 or MD5. */
  readonly isWeaklySigned: boolean;
  /** undefined when the key is of a kind we do not use. */
  readonly publicKey: PublicKey | undefined;
}

/** A bundle longer than this is no root key's. */
const maxCertificates = 16;

const oidCommonName = "2.5.4.3";
const oidBasicConstraints = "2.5.29.19";

/** MD2, MD5 and SHA-1 with RSA, SHA-1 with DSA and with ECDSA. */
const weakSignatures: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.2",
  "1.2.840.113549.1.1.4",
  "1.2.840.113549.1.1.5",
  "1.3.14.3.2.29",
  "1.2.840.10040.4.3",
  "1.3.14.3.2.27",
  "1.2.840.10045.4.1",
]);

/** All certificates of a PEM bundle, in its order (a leaf stands first). @throws certificate.invalid */
export function parseCertificates(pem: string): readonly Certificate[] {
  const blocks = readPem(pem);
  if (blocks.length === 0) throw new CountersignError("certificate.invalid", "no certificate in the PEM text");
  if (blocks.length > maxCertificates) {
    throw new CountersignError("certificate.invalid", `${blocks.length} certificates; the limit is ${maxCertificates}`);
  }
  return blocks.map(({ label, bytes }) => {
    if (label !== "CERTIFICATE") {
      throw new CountersignError("certificate.invalid", `a PEM block ${label} among the certificates`);
    }
    return parseCertificate(bytes);
  });
}

/** One certificate. @throws certificate.invalid */
export function parseCertificate(der: Uint8Array): Certificate {
  try {
    return readCertificate(der);
  } catch (cause) {
    if (!isCountersignError(cause, "der.invalid", "encoding.invalid")) throw cause;
    throw new CountersignError("certificate.invalid", "a certificate is malformed", { cause });
  }
}

function readPem(pem: string) {
  try {
    return parsePem(pem);
  } catch (cause) {
    if (!isCountersignError(cause, "encoding.invalid", "limit.exceeded")) throw cause;
    throw new CountersignError("certificate.invalid", "the certificates are not valid PEM", { cause });
  }
}

function readCertificate(der: Uint8Array): Certificate {
  const file = new DerReader(der);
  const outer = file.enter();
  file.end();
  const body = outer.enter();
  const signatureOid = outer.enter().objectIdentifier();
  outer.bitString();
  outer.end();

  body.readOptional(contextTag(0, true)); // version
  body.read(derTag.integer); // serial number
  body.enter(); // signature algorithm, again
  body.enter(); // issuer
  const validity = body.enter();
  const notBefore = readTime(validity.next());
  const notAfter = readTime(validity.next());
  validity.end();
  const commonName = readCommonName(body.enter());
  const publicKey = readPublicKey(body.next().bytes);
  body.readOptional(contextTag(1, false)); // issuer's unique id
  body.readOptional(contextTag(2, false)); // subject's unique id
  const isCa = readIsCa(body.enterOptional(contextTag(3, true)));
  body.end();

  const isWeaklySigned = weakSignatures.has(signatureOid);
  const bytes = Uint8Array.from(der);
  const pem = formatPem("CERTIFICATE", bytes);
  return { pem, der: bytes, commonName, notBefore, notAfter, isCa, isWeaklySigned, publicKey };
}

function readPublicKey(spki: Uint8Array): PublicKey | undefined {
  try {
    return publicKeyFromSpki(spki);
  } catch (error) {
    if (isCountersignError(error, "key.unsupported")) return undefined;
    throw error;
  }
}

function readCommonName(subject: DerReader): string | undefined {
  const found: string[] = [];
  while (!subject.isAtEnd) {
    const attributes = subject.enter(derTag.set);
    while (!attributes.isAtEnd) {
      const attribute = attributes.enter();
      const oid = attribute.objectIdentifier();
      const value = attribute.next();
      attribute.end();
      if (oid === oidCommonName) found.push(readName(value));
    }
  }
  return found.length === 1 ? found[0] : undefined;
}

function readName({ tag, content }: DerElement): string {
  const isText = tag === derTag.utf8String || tag === derTag.printableString || tag === derTag.ia5String;
  if (!isText) throw new CountersignError("der.invalid", "a common name in an unknown kind of text");
  return decodeUtf8(content);
}

function readIsCa(extensions: DerReader | undefined): boolean {
  if (extensions === undefined) return false;
  const list = extensions.enter();
  extensions.end();
  let isCa: boolean | undefined;
  while (!list.isAtEnd) {
    const extension = list.enter();
    const oid = extension.objectIdentifier();
    if (extension.peekTag() === derTag.boolean) extension.boolean(); // critical
    const value = extension.octetString();
    extension.end();
    if (oid !== oidBasicConstraints) continue;
    if (isCa !== undefined) throw new CountersignError("der.invalid", "basic constraints given twice");
    const constraints = new DerReader(value).enter();
    isCa = constraints.peekTag() === derTag.boolean && constraints.boolean();
  }
  return isCa ?? false;
}

/** UTCTime or GeneralizedTime in RFC 5280's only form: to the second, in UTC. */
function readTime({ tag, content }: DerElement): number {
  const text = decodeUtf8(content);
  const short = tag === derTag.utcTime && /^[0-9]{12}Z$/.test(text);
  const long = tag === derTag.generalizedTime && /^[0-9]{14}Z$/.test(text);
  const digits = short ? `${text < "5" ? "20" : "19"}${text}` : text;
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z");
  const at = short || long ? Date.parse(iso) : Number.NaN;
  // A Date takes 31 February for 3 March: what does not write back the same is no date.
  if (Number.isNaN(at) || new Date(at).toISOString() !== iso.replace("Z", ".000Z")) {
    throw new CountersignError("der.invalid", `not a date: ${JSON.stringify(text.slice(0, 40))}`);
  }
  return at;
}
