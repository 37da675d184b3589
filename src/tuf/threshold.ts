// Who signed a document. What is counted are distinct public keys, never key ids: one key listed under two ids, two
// key types or two certificates is one signer (Notary and some TUF clients count ids; CVE-2020-6174 is of this kind). What
// is unknown, unusable, empty or wrong counts for nothing and harms nothing (TUF 1.0.34, 4.2.1, 5.3.4, 5.4.2, 5.5.3, 5.6.3).
import { CountersignError } from "../bytes/index.ts";
import type { CanonicalKeyId, KeyId, PublicKey, SignatureScheme } from "../keys/index.ts";
import { verifySignature } from "../keys/index.ts";
import type { Dialect } from "./dialect.ts";
import type { Document, Key, RoleKeys, Signature } from "./model.ts";

/** More signature entries than this make a document unreadable: each may cost one verification (CVE-2020-6173). */
export const maxSignatures = 1000;

export interface SignerCount {
  readonly threshold: number;
  readonly met: boolean;
  /** Identities of the distinct keys whose signatures verified, in order of the signatures. */
  readonly signers: readonly CanonicalKeyId[];
  /** The ids under which they signed, in the same order. */
  readonly keyIds: readonly KeyId[];
}

export interface CountOptions {
  /** A further condition on a key; a key that fails it counts for nothing. */
  readonly accepts?: (key: Key) => boolean;
  /** Look at all signatures (who signed?) instead of stopping at the threshold (is it enough?). */
  readonly countAll?: boolean;
}

/**
 * Counts the signers of a document for a role. `keys` and `role` come from the delegator: the trusted root or the
 * targets document through which the role was reached.
 * @throws threshold.invalid, limit.exceeded
 */
export function countSigners(
  dialect: Pick<Dialect, "verifyingScheme">,
  document: Document,
  keys: ReadonlyMap<KeyId, Key>,
  role: RoleKeys,
  options: CountOptions = {},
): SignerCount {
  const { threshold } = role;
  if (!Number.isSafeInteger(threshold) || threshold < 1) {
    throw new CountersignError("threshold.invalid", `threshold of ${document.role} is ${threshold}`);
  }
  if (document.signatures.length > maxSignatures) {
    throw new CountersignError("limit.exceeded", `${document.role} has ${document.signatures.length} signatures`);
  }
  const listed = new Set(role.keyIds);
  const signers = new Map<CanonicalKeyId, KeyId>();
  for (const signature of document.signatures) {
    if (!listed.has(signature.keyId)) continue;
    const key = keys.get(signature.keyId);
    if (key?.publicKey === undefined || signers.has(key.publicKey.id)) continue;
    const scheme = dialect.verifyingScheme(key, signature);
    if (scheme === undefined || options.accepts?.(key) === false) continue;
    if (!isVerified(key.publicKey, scheme, document.signedBytes, signature)) continue;
    signers.set(key.publicKey.id, signature.keyId);
    if (signers.size >= threshold && options.countAll !== true) break;
  }
  return { threshold, met: signers.size >= threshold, signers: [...signers.keys()], keyIds: [...signers.values()] };
}

interface Verified {
  readonly key: CanonicalKeyId;
  readonly scheme: SignatureScheme;
  readonly message: Uint8Array;
}

/** What a signature was last found good for. A verification costs more than everything else about a small document. */
const verified = new WeakMap<Signature, Verified>();

/**
 * verifySignature, asked once for the same decoded signature, bytes (the very array), key and scheme: the answer depends on nothing
 * else. Only successes are remembered; a role is still counted afresh under the keys and threshold of each delegator.
 */
function isVerified(key: PublicKey, scheme: SignatureScheme, message: Uint8Array, signature: Signature): boolean {
  const known = verified.get(signature);
  if (known?.message === message && known.key === key.id && known.scheme === scheme) return true;
  if (!verifySignature(key, scheme, message, signature.signature)) return false;
  verified.set(signature, { key: key.id, scheme, message });
  return true;
}

/**
 * Passes when enough distinct keys signed. `authority` says in words whose keys were asked for.
 * @throws signature.none, threshold.unmet, threshold.invalid, limit.exceeded
 */
export function requireThreshold(
  dialect: Pick<Dialect, "verifyingScheme">,
  document: Document,
  keys: ReadonlyMap<KeyId, Key>,
  role: RoleKeys,
  authority: string,
  options: CountOptions = {},
): SignerCount {
  const count = countSigners(dialect, document, keys, role, options);
  if (count.met) return count;
  const what = `${document.role} version ${document.signed.version}`;
  if (document.signatures.length === 0) throw new CountersignError("signature.none", `${what} carries no signatures`);
  throw new CountersignError(
    "threshold.unmet",
    `${what} is signed by ${count.signers.length} of the ${count.threshold} keys that ${authority} asks for`,
  );
}
