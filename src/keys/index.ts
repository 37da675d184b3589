// Public keys apart from any metadata format: their one identity, checking signatures, the Signer port, certificates of root
// keys. No secret is stored here and none is reachable through a Signer. TUF 1.0.34 section 4.2, Notary v1 (TUF 0.9), RFC 5280.
export { type Certificate, parseCertificate, parseCertificates } from "./certificate.ts";
export {
  buildSelfSignedCertificate,
  type CertificateUsage,
  type SelfSignedCertificateOptions,
} from "./certificate-builder.ts";
export { isCertifiedBy } from "./certificate-chain.ts";
export { notaryKeyId, parseCanonicalKeyId, tufKeyId } from "./key-id.ts";
export { generatePrivateKey, generateSigner, signerFromPrivateKey } from "./memory-signer.ts";
export {
  publicKeyFromHexPoint,
  publicKeyFromKeyObject,
  publicKeyFromPem,
  publicKeyFromRawEd25519,
  publicKeyFromSpki,
} from "./parse-public-key.ts";
export type {
  CanonicalKeyId,
  KeyAlgorithm,
  KeyId,
  PublicKey,
  SignatureScheme,
  Signer,
} from "./public-key.ts";
export { checkRootCertificate, type RootCertificateOptions, rootCertificateFault } from "./root-certificate.ts";
export { schemeFits, verifySignature } from "./verify-signature.ts";
