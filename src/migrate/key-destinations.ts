// Where the secrets of server keys go (server-keys.ts names the three ways).
import type { KeyObject } from "node:crypto";
import { CountersignError } from "../bytes/index.ts";
import type { SignerKeys } from "../notary-signer/index.ts";
import { isRememberedRemoteKey, type MasterKey, rememberedRemoteKey, sealKey } from "../server/index.ts";
import type { KeyDestination, OpenedKey } from "./server-keys.ts";

/** Sealed under the server's own master key, beside the documents. */
export function sealedUnder(master: MasterKey): KeyDestination {
  return {
    needsSecret: true,
    async holds(key) {
      return isRememberedRemoteKey(key) ? "otherwise" : "held";
    },
    async seal(key) {
      return sealKey(master, key, secretOf(key));
    },
  };
}

/** Into the store of our own signer, which the new server asks for signatures. The secret is there before storage knows of the key. */
export function intoSignerKeys(keys: Pick<SignerKeys, "importKey" | "noteUse">): KeyDestination {
  return {
    needsSecret: true,
    async holds(key, usedAt) {
      const isThere = await keys.noteUse(key.keyId, usedAt);
      return isThere && isRememberedRemoteKey(key) ? "held" : "otherwise";
    },
    async seal(key) {
      const { gun, role, publicKey, createdAt, usedAt } = key;
      await keys.importKey({ gun, role, privateKey: secretOf(key), keyId: publicKey.id, createdAt, usedAt });
      return rememberedRemoteKey(publicKey);
    },
  };
}

/** They stay with notary-signer: storage keeps public halves, by which the server asks it for signatures. */
export const keptBySigner: KeyDestination = {
  needsSecret: false,
  // What is sealed here may be the only copy that opens: nobody has looked at the signer's.
  async holds(key) {
    return isRememberedRemoteKey(key) ? "held" : "sealed-here";
  },
  async seal({ publicKey }) {
    return rememberedRemoteKey(publicKey);
  },
};

/** A dry run: keys are opened and checked, and go nowhere. */
export const nowhere: KeyDestination = {
  needsSecret: true,
  async holds() {
    return "held";
  },
  async seal() {
    throw new CountersignError("bug.unexpected", "a dry run seals no key");
  },
};

function secretOf({ privateKey }: OpenedKey): KeyObject {
  if (privateKey === undefined) throw new CountersignError("bug.unexpected", "a key to seal without its secret");
  return privateKey;
}
