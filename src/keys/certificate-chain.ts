// Whether a root certificate comes from an authority that somebody pinned (Notary's `ca` pins; notary-v1, section 8). As Go's verifier
// with its default purpose: every certificate in force, issuers are authorities, extended key usage absent, any, or TLS server. Names
// inside certificates play no part here: the leaf's own name is checked by root-certificate.ts.
import { X509Certificate } from "node:crypto";
import { equalBytes } from "../bytes/index.ts";
import type { Certificate } from "./certificate.ts";

const oidServerAuth = "1.3.6.1.5.5.7.3.1";
const oidAnyPurpose = "2.5.29.37.0";

/** `certificates` leaf first, its intermediates behind it; `now` in milliseconds since the Unix epoch. */
export function isCertifiedBy(
  certificates: readonly Certificate[],
  authorities: readonly Certificate[],
  now: number,
): boolean {
  const [leaf, ...intermediates] = certificates;
  if (leaf === undefined) return false;
  let reached: readonly Certificate[] = [leaf];
  const unused = new Set(intermediates.filter(({ isCa }) => isCa));
  while (reached.length > 0) {
    const usable = reached.filter((certificate) => isInForce(certificate, now) && servesTls(certificate));
    if (usable.some((one) => authorities.some((authority) => endsAt(one, authority, now)))) return true;
    // Each intermediate is climbed to once, so that a bundle in a circle ends.
    reached = [...unused].filter((issuer) => usable.some((one) => isIssuedBy(one, issuer)));
    for (const issuer of reached) unused.delete(issuer);
  }
  return false;
}

/** The authority itself, or something it has issued. */
function endsAt(certificate: Certificate, authority: Certificate, now: number): boolean {
  if (!isInForce(authority, now)) return false;
  return equalBytes(certificate.der, authority.der) || (authority.isCa && isIssuedBy(certificate, authority));
}

function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (certificate.isWeaklySigned) return false;
  const [child, parent] = [new X509Certificate(certificate.pem), new X509Certificate(issuer.pem)];
  return child.checkIssued(parent) && child.verify(parent.publicKey);
}

function isInForce({ notBefore, notAfter }: Certificate, now: number): boolean {
  return notBefore <= now && now <= notAfter;
}

function servesTls(certificate: Certificate): boolean {
  // Node calls the extended key usage keyUsage; undefined where there is none.
  const usages: readonly string[] | undefined = new X509Certificate(certificate.pem).keyUsage;
  return (
    usages === undefined || usages.length === 0 || usages.includes(oidServerAuth) || usages.includes(oidAnyPurpose)
  );
}
