// Where the secrets of server keys go (server-keys.ts names the three ways).
import { CountersignError } from "../bytes/index.ts";
import { type MasterKey, sealKey } from "../server/index.ts";
import type { KeyDestination } from "./server-keys.ts";

/** Sealed under the server's own master key, beside the documents. */
export function sealedUnder(master: MasterKey): KeyDestination {
  return {
    needsSecret: true,
    async seal({ gun, role, privateKey }) {
      if (privateKey === undefined) throw new CountersignError("bug.unexpected", "a key to seal without its secret");
      return sealKey(master, { gun, role }, privateKey);
    },
  };
}

/** A dry run: keys are opened and checked, and go nowhere. */
export const nowhere: KeyDestination = {
  needsSecret: true,
  async seal() {
    throw new CountersignError("bug.unexpected", "a dry run seals no key");
  },
};

/** Marks what is sealed as a public key: the secret is at the signer. */
const publicFormat = 2;

/** They stay with notary-signer: storage keeps public halves, by which the server asks it for signatures. */
export const keptBySigner: KeyDestination = {
  needsSecret: false,
  async seal({ publicKey }) {
    return Uint8Array.of(publicFormat, ...publicKey.spki);
  },
};
