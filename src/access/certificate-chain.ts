// Whether a chain of certificates sent with a token (x5c, RFC 7515, section 4.1.6) leads to one that the operator trusts. As docker's
// registry reads it: the first certifies the signing key, the rest may help to reach the bundle (RFC 5280, section 6, without
// names and policies: what is trusted is whoever a certificate of the bundle vouches for).
import { type KeyObject, X509Certificate } from "node:crypto";
import { CountersignError, contextTag, DerReader, derTag, isCountersignError, parsePem } from "../bytes/index.ts";

/** A longer chain is somebody making us work. */
const maxChain = 8;
const maxBundle = 1_000;

/** @throws config.invalid. `origin`: what to call the text in errors. */
export function parseCertificateBundle(pem: string, origin: string): readonly X509Certificate[] {
  const fail = (why: string, cause?: unknown) => new CountersignError("config.invalid", `${origin}: ${why}`, { cause });
  try {
    const certificates = parsePem(pem).filter(({ label }) => label === "CERTIFICATE");
    if (certificates.length === 0) throw fail("no certificate in it");
    if (certificates.length > maxBundle) throw fail(`over ${maxBundle} certificates`);
    return certificates.map(({ bytes }) => new X509Certificate(bytes));
  } catch (cause) {
    if (isCountersignError(cause, "config.invalid")) throw cause;
    throw fail("not a bundle of PEM certificates", cause);
  }
}

/** The certified key of the first certificate, when the chain is good at `now`; otherwise which step fails. */
export function verifyChain(
  x5c: readonly string[],
  bundle: readonly X509Certificate[],
  now: number,
): { readonly key: KeyObject } | { readonly why: string } {
  if (x5c.length === 0 || x5c.length > maxChain) return { why: "the token's chain is empty or too long" };
  const chain = x5c.map(readCertificate).filter((certificate) => certificate !== undefined);
  const [leaf] = chain;
  if (leaf === undefined || chain.length !== x5c.length)
    return { why: "a certificate of the token's chain is malformed" };
  const verdict = searchAnchor(leaf, chain.slice(1), bundle, now);
  return verdict.isTrusted ? { key: leaf.publicKey } : { why: verdict.why };
}

/**
 * From the leaf upwards, nearest issuers first, and each certificate once: where several vouch for each other the paths between them
 * are more than anybody may have us walk, and the shortest way to one is also the one that path length limits allow most.
 */
function searchAnchor(
  leaf: X509Certificate,
  helpers: readonly X509Certificate[],
  bundle: readonly X509Certificate[],
  now: number,
): { readonly isTrusted: true } | { readonly isTrusted: false; readonly why: string } {
  const faults: string[] = [];
  const waiting = new Set(helpers);
  let reached = [leaf];
  // How many issuers stand between the reached ones and the leaf.
  for (let below = 0; reached.length > 0; below++) {
    const next: X509Certificate[] = [];
    for (const certificate of reached) {
      if (!isValidAt(certificate, now)) {
        faults.push("a certificate of the token's chain is expired or not yet valid");
        continue;
      }
      if (bundle.some((anchor) => anchor.raw.equals(certificate.raw))) return { isTrusted: true };
      const isItsIssuer = (issuer: X509Certificate) =>
        isIssuer(certificate, issuer, below) && certificate.verify(issuer.publicKey);
      for (const anchor of bundle.filter(isItsIssuer)) {
        if (isValidAt(anchor, now)) return { isTrusted: true };
        faults.push("the certificate of the bundle that vouches for the token is expired or not yet valid");
      }
      for (const issuer of [...waiting].filter(isItsIssuer)) {
        waiting.delete(issuer);
        next.push(issuer);
      }
    }
    reached = next;
  }
  return { isTrusted: false, why: faults[0] ?? "the token's chain does not lead to the bundle" };
}

/** checkIssued also asks for the right to sign certificates, where the issuer has key usages. */
function isIssuer(certificate: X509Certificate, issuer: X509Certificate, below: number): boolean {
  if (!issuer.ca || !certificate.checkIssued(issuer)) return false;
  const limit = pathLength(issuer);
  return limit === undefined || below <= limit;
}

function isValidAt(certificate: X509Certificate, now: number): boolean {
  return certificate.validFromDate.getTime() <= now && now <= certificate.validToDate.getTime();
}

/** Standard base64 of DER, not base64url (RFC 7515, section 4.1.6); broken into lines too, as Go reads it and some issuers write it. */
function readCertificate(text: string): X509Certificate | undefined {
  const base64 = text.replace(/[\r\n]/g, "");
  if (base64.length > 20_000 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  try {
    const certificate = new X509Certificate(Buffer.from(base64, "base64"));
    return readConstraints(certificate) === undefined ? undefined : certificate;
  } catch {
    return undefined;
  }
}

function pathLength(certificate: X509Certificate): number | undefined {
  return readConstraints(certificate)?.pathLength;
}

/** What Node does not show of a certificate. undefined: malformed, or signed over MD5 or SHA-1. */
function readConstraints({ raw }: X509Certificate): { readonly pathLength: number | undefined } | undefined {
  try {
    const outer = new DerReader(raw).enter();
    const body = outer.enter();
    if (weakSignatures.has(outer.enter().objectIdentifier())) return undefined;
    body.readOptional(contextTag(0, true)); // version
    for (let skipped = 0; skipped < 6; skipped++) body.next(); // serial number, algorithm, issuer, validity, subject, key
    body.readOptional(contextTag(1, false));
    body.readOptional(contextTag(2, false));
    const extensions = body.enterOptional(contextTag(3, true))?.enter();
    while (extensions !== undefined && !extensions.isAtEnd) {
      const extension = extensions.enter();
      const isBasicConstraints = extension.objectIdentifier() === "2.5.29.19";
      if (extension.peekTag() === derTag.boolean) extension.boolean(); // critical
      if (!isBasicConstraints) continue;
      const constraints = new DerReader(extension.octetString()).enter();
      if (constraints.peekTag() === derTag.boolean) constraints.boolean();
      if (constraints.isAtEnd) break;
      const [length, ...more] = constraints.next().content;
      // More than one byte, or the sign bit: longer than any chain we read.
      return { pathLength: length === undefined || more.length > 0 || length > 127 ? maxChain : length };
    }
    return { pathLength: undefined };
  } catch (error) {
    if (isCountersignError(error)) return undefined;
    throw error;
  }
}

const weakSignatures: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.1.4", // MD5 with RSA
  "1.2.840.113549.1.1.5", // SHA-1 with RSA
  "1.2.840.10040.4.3", // SHA-1 with DSA
  "1.2.840.10045.4.1", // SHA-1 with ECDSA
]);
