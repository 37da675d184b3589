// A dialect turns the model into bytes and back. Two exist, notary1 and tuf1, each one object of this shape (folder
// dialects). The interface stands here so that TrustedSet serves both without knowing either.
import type { Gun, RoleName } from "../bytes/index.ts";
import type { Certificate, PublicKey, SignatureScheme } from "../keys/index.ts";
import type {
  DialectName,
  Document,
  Expiry,
  Key,
  Root,
  Signature,
  Signed,
  Snapshot,
  Targets,
  Timestamp,
} from "./model.ts";

/** For whom and when a root key is to be used. */
export interface RootKeyUse {
  readonly gun: Gun;
  /** Milliseconds since the Unix epoch; undefined = the dates of certificates do not matter (a root that is being left). */
  readonly now: number | undefined;
}

export interface Dialect {
  readonly name: DialectName;
  /** Decodes and checks the form of a document; signatures are not looked at. @throws json.*, metadata.*, threshold.invalid, ... */
  decodeRoot(bytes: Uint8Array): Document<Root>;
  /** A delegated role is named as the model does, `targets/NAME`, in both dialects. */
  decodeTargets(role: RoleName, bytes: Uint8Array): Document<Targets>;
  decodeSnapshot(bytes: Uint8Array): Document<Snapshot>;
  decodeTimestamp(bytes: Uint8Array): Document<Timestamp>;
  /** The canonical bytes that signatures cover. @throws preflight.inexpressible */
  encodeSigned(signed: Signed): Uint8Array;
  /** The final bytes of a document. `signedBytes` is what encodeSigned gave. */
  assemble(signedBytes: Uint8Array, signatures: readonly Signature[]): Uint8Array;
  /** A key object for this dialect; notary1 root keys carry their certificate. @throws key.unsupported */
  makeKey(publicKey: PublicKey, certificate?: Certificate): Key;
  /** How a signature by `key` is made, and the `method` it is written with. @throws key.unsupported */
  signingScheme(key: Key): { readonly scheme: SignatureScheme; readonly method: string | undefined };
  /** How a received signature is to be checked; undefined = a method that does not fit the key: it counts for nothing. */
  verifyingScheme(key: Key, signature: Signature): SignatureScheme | undefined;
  /** Whether a key may speak for a root: notary1 asks for a certificate that fits the collection, tuf1 for nothing more. */
  acceptsRootKey(key: Key, use: RootKeyUse): boolean;
  /** This dialect's text for a point in time (milliseconds since the epoch). */
  formatExpiry(at: number): Expiry;
}
