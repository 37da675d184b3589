// The keys at hand, as publishing sees them: which there are is known without a passphrase, opening one may ask for it. So
// preflight can refuse a change before anybody types a secret.
import { CountersignError } from "../bytes/index.ts";
import type { CanonicalKeyId, Signer } from "../keys/index.ts";

export interface KeyRing {
  /** The keys this publisher could open. */
  ids(): ReadonlySet<CanonicalKeyId>;
  /** @throws key.missing, key.passphrase_missing, key.passphrase_wrong */
  open(id: CanonicalKeyId): Promise<Signer>;
}

/** A ring of signers that are open already. */
export function keyRingOf(signers: Iterable<Signer>): KeyRing {
  const byId = new Map<CanonicalKeyId, Signer>();
  for (const signer of signers) byId.set(signer.publicKey.id, signer);
  return {
    ids: () => new Set(byId.keys()),
    open: async (id) => {
      const signer = byId.get(id);
      if (signer === undefined) throw new CountersignError("key.missing", `key ${id} is not at hand`);
      return signer;
    },
  };
}
