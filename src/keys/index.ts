// Public keys apart from any metadata format: their one identity, checking signatures, the Signer port, certificates of root
// keys. No secret is stored here and none is reachable through a Signer. TUF 1.0.34 section 4.2, Notary v1 (TUF 0.9), RFC 5280.
export type { Certificate } from "./certificate.ts";
export type {
  CanonicalKeyId,
  KeyAlgorithm,
  KeyId,
  PublicKey,
  SignatureScheme,
  Signer,
} from "./public-key.ts";
