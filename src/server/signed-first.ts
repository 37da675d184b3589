// Large uploads are read only if a key of the collection has signed them. Reading costs many times what a hash and a signature cost, and
// whoever has no key could have the server read for as long as it likes: so what is over a small allowance must carry a good signature
// over its bytes as they stand, before anybody looks into them. It decides nothing else: thresholds, roles and delegations are held
// against the document afterwards (next-set.ts), as if this had not been.
import { CountersignError, type RoleName } from "../bytes/index.ts";
import { glance } from "../dialects/index.ts";
import { type KeyId, verifySignature } from "../keys/index.ts";
import type { Dialect, Document, Key, Root, Signature, Targets } from "../tuf/index.ts";
import { requireSparse } from "./document-bounds.ts";
import { placeOf, refuse } from "./refusal.ts";
import type { UploadedDocument } from "./upload.ts";

/** What one upload may have read without a signature, in each dialect: also all that a new collection may begin with. */
export const maxUnsignedBytes = 2 * 1024 * 1024;
/** Signatures by known keys that are tried: each has the whole document hashed. One good one is enough. */
const maxTried = 4;

export class SignedFirst {
  readonly #dialect: Dialect;
  readonly #keys = new Map<KeyId, Key>();
  readonly #isSmall: boolean;
  #unsignedBytes = 0;
  readonly #signed = new Map<Uint8Array, boolean>();

  /** `uploaded`: all documents of one dialect. */
  constructor(dialect: Dialect, uploaded: readonly UploadedDocument[]) {
    this.#dialect = dialect;
    this.#isSmall = uploaded.reduce((sum, { bytes }) => sum + bytes.length, 0) <= maxUnsignedBytes;
  }

  /** The keys that a stored, or verified, root or targets document lists: whoever holds one may have much read. */
  know({ signed }: Document<Root> | Document<Targets>): void {
    if (this.#isSmall) return;
    const keys = signed.type === "root" ? signed.keys : signed.delegations?.keys;
    for (const [id, key] of keys ?? []) this.#keys.set(id, key);
    for (const [bytes, isSigned] of this.#signed) if (!isSigned) this.#signed.delete(bytes);
  }

  /** As `know`, if one of the known keys has signed the document. */
  knowIfSigned(document: Document<Targets>): void {
    if (!this.#isSmall && this.#isSigned(document)) this.know(document);
  }

  isAdmissible({ bytes }: UploadedDocument): boolean {
    return this.#isSmall || this.#unsignedBytes + bytes.length <= maxUnsignedBytes || this.#isKnownToBeSigned(bytes);
  }

  /** To be called before a document is decoded. @throws RefusedUpload (threshold.unmet), request.too_large */
  require({ role, bytes }: UploadedDocument): void {
    if (!this.#isSmall && this.#isKnownToBeSigned(bytes)) return;
    requireSparse(role, bytes);
    this.#unsignedBytes += bytes.length;
    if (this.#unsignedBytes > maxUnsignedBytes) this.refuse(role);
  }

  /** Looked at once for each set of keys: an upload may have thousands of parts. */
  #isKnownToBeSigned(bytes: Uint8Array): boolean {
    const known = this.#signed.get(bytes);
    if (known !== undefined) return known;
    const seen = glance(this.#dialect.name, bytes);
    const isSigned = seen !== undefined && this.#isSigned(seen);
    this.#signed.set(bytes, isSigned);
    return isSigned;
  }

  refuse(role: RoleName): never {
    return refuse(
      placeOf(role),
      new CountersignError(
        "threshold.unmet",
        `over ${maxUnsignedBytes} bytes that no key of the collection has signed in canonical form: ${role}`,
        { hints: ["publish the collection with few targets first, and all of them then, in canonical JSON"] },
      ),
    );
  }

  #isSigned({ signedBytes, signatures }: { signedBytes: Uint8Array; signatures: readonly Signature[] }): boolean {
    const candidates = signatures.filter(({ keyId }) => this.#keys.has(keyId)).slice(0, maxTried);
    return candidates.some((signature) => {
      const key = this.#keys.get(signature.keyId);
      const scheme = key === undefined ? undefined : this.#dialect.verifyingScheme(key, signature);
      if (key?.publicKey === undefined || scheme === undefined) return false;
      return verifySignature(key.publicKey, scheme, signedBytes, signature.signature);
    });
  }
}
