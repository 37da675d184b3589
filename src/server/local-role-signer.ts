// Server keys kept in storage, sealed. Opened keys stay in memory for a while, because importing one costs more than a signature.
import type { Clock, Gun } from "../bytes/index.ts";
import {
  type CanonicalKeyId,
  generatePrivateKey,
  type PublicKey,
  type Signer,
  signerFromPrivateKey,
} from "../keys/index.ts";
import type { ServerKey, Storage } from "../storage/index.ts";
import { type MasterKey, sealKey, unsealKey } from "./key-sealing.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import type { OnlineRole, RoleSigner } from "./role-signer.ts";

const maxOpenKeys = 10_000;

export function localRoleSigner(storage: Storage, master: MasterKey, clock: Clock): RoleSigner {
  const open = new Map<string, Signer>();
  // Two requests for a first key must get the same one: the second would otherwise retire what the first was told.
  const making = new KeyedQueue();

  const opened = (key: ServerKey): Signer => {
    const name = `${key.role}\n${key.gun}\n${key.keyId}`;
    let signer = open.get(name);
    if (signer === undefined) {
      signer = signerFromPrivateKey(unsealKey(master, key, key.sealed));
      const oldest = open.keys().next();
      if (open.size >= maxOpenKeys && oldest.done !== true) open.delete(oldest.value);
      open.set(name, signer);
    }
    return signer;
  };

  const make = async (gun: Gun, role: OnlineRole): Promise<PublicKey> => {
    const privateKey = await generatePrivateKey("ecdsa-p256");
    const { publicKey } = signerFromPrivateKey(privateKey);
    const keyId: CanonicalKeyId = publicKey.id;
    const sealed = sealKey(master, { gun, role }, privateKey);
    await storage.addServerKey({ gun, role, keyId, sealed, createdAt: clock(), usedAt: undefined });
    return publicKey;
  };

  return {
    async held(gun, role) {
      return (await storage.serverKeys(gun, role)).map(opened);
    },
    pending(gun, role) {
      return making.run(`${role}\n${gun}`, async () => {
        const unused = (await storage.serverKeys(gun, role)).findLast((key) => key.usedAt === undefined);
        return unused === undefined ? make(gun, role) : opened(unused).publicKey;
      });
    },
  };
}
