// Which certificates Notary accepts for a root key (notary-v1, section 4.1): the leaf names the collection, is of this
// time, and is no certificate authority. Without the name, the root of one collection could be served for another.
import { CountersignError } from "../bytes/index.ts";
import type { Certificate } from "./certificate.ts";

export interface RootCertificateOptions {
  readonly gun: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** False for the root a reader already trusted, whose certificates may have run out since. */
  readonly checkDates?: boolean;
}

/** A certificate may start this much in the future: clocks differ. */
const clockSkewMs = 24 * 60 * 60 * 1000;

/** Why this bundle (leaf first) cannot stand for a root key of the collection; undefined when it can. */
export function rootCertificateFault(
  certificates: readonly Certificate[],
  { gun, now, checkDates = true }: RootCertificateOptions,
): string | undefined {
  const [leaf, ...others] = certificates;
  if (leaf === undefined) return "there is no certificate";
  if (leaf.isCa) return "the first certificate is a certificate authority's, not a leaf";
  if (others.some((certificate) => !certificate.isCa)) return "the bundle has more than one leaf certificate";
  if (leaf.publicKey === undefined) return "the certificate's key is of a kind or size that is not accepted";
  if (leaf.isWeaklySigned) return "the certificate is signed over SHA-1 or weaker";
  if (!namesCollection(leaf.commonName, gun)) {
    return `the certificate is for ${JSON.stringify((leaf.commonName ?? "").slice(0, 255))}, not for ${JSON.stringify(gun)}`;
  }
  if (checkDates && leaf.notBefore > now + clockSkewMs) {
    return `the certificate is valid only from ${new Date(leaf.notBefore).toISOString()} on`;
  }
  if (checkDates && leaf.notAfter < now) return `the certificate expired on ${new Date(leaf.notAfter).toISOString()}`;
  return undefined;
}

/** rootCertificateFault as an exception; gives the leaf. @throws certificate.invalid */
export function checkRootCertificate(
  certificates: readonly Certificate[],
  options: RootCertificateOptions,
): Certificate {
  const [leaf] = certificates;
  const fault = rootCertificateFault(certificates, options);
  if (fault !== undefined || leaf === undefined) {
    throw new CountersignError("certificate.invalid", `root key of ${options.gun}: ${fault}`);
  }
  return leaf;
}

/** The name itself, or a prefix of it that ends in `*`. */
function namesCollection(commonName: string | undefined, gun: string): boolean {
  if (commonName === undefined) return false;
  return commonName === gun || (commonName.endsWith("*") && gun.startsWith(commonName.slice(0, -1)));
}
