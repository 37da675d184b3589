// X.509 certificates of Notary root keys (notary-v1, section 4.1).
import type { PublicKey } from "./public-key.ts";

export interface Certificate {
  /** PEM text of this one certificate. */
  readonly pem: string;
  readonly der: Uint8Array;
  readonly commonName: string | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly isCa: boolean;
  /** undefined when the key is of a kind we do not use. */
  readonly publicKey: PublicKey | undefined;
}
