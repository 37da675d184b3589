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
  // Who signs for a role of a collection, as last read: asked twice by every publish.
  const lists = new Map<string, readonly Signer[]>();
  // Two requests for a first key must get the same one: the second would otherwise retire what the first was told.
  const making = new KeyedQueue();

  const keepOpen = (key: Pick<ServerKey, "gun" | "role" | "keyId">, signer: Signer): Signer => {
    const oldest = open.keys().next();
    if (open.size >= maxOpenKeys && oldest.done !== true) open.delete(oldest.value);
    open.set(nameOf(key), signer);
    return signer;
  };

  const opened = (key: ServerKey): Signer =>
    open.get(nameOf(key)) ?? keepOpen(key, signerFromPrivateKey(unsealKey(master, key, key.sealed)));

  const make = async (gun: Gun, role: OnlineRole): Promise<PublicKey> => {
    const privateKey = await generatePrivateKey("ecdsa-p256");
    const signer = signerFromPrivateKey(privateKey);
    const keyId: CanonicalKeyId = signer.publicKey.id;
    const sealed = sealKey(master, { gun, role }, privateKey);
    await storage.addServerKey({ gun, role, keyId, sealed, createdAt: clock(), usedAt: undefined });
    lists.delete(`${role}\n${gun}`);
    // Its first use, the publish that names it, is about to come.
    return keepOpen({ gun, role, keyId }, signer).publicKey;
  };

  return {
    async held(gun, role, { isFresh = false } = {}) {
      const name = `${role}\n${gun}`;
      const known = isFresh ? undefined : lists.get(name);
      if (known !== undefined) return known;
      const signers = (await storage.serverKeys(gun, role)).map(opened);
      const oldest = lists.keys().next();
      if (lists.size >= maxOpenKeys && oldest.done !== true) lists.delete(oldest.value);
      lists.set(name, signers);
      return signers;
    },
    pending(gun, role) {
      return making.run(gun, async () => {
        const mine = await storage.serverKeys(gun, role);
        const unused = mine.findLast((key) => key.usedAt === undefined);
        if (unused !== undefined) return opened(unused).publicKey;
        // Whoever is told one key of a new collection asks for the other next: both become durable with one write.
        const other: OnlineRole = role === "snapshot" ? "timestamp" : "snapshot";
        const isNew = mine.length === 0 && (await storage.serverKeys(gun, other)).length === 0;
        const [key] = await Promise.all([make(gun, role), isNew ? make(gun, other) : undefined]);
        return key;
      });
    },
  };
}

function nameOf({ gun, role, keyId }: Pick<ServerKey, "gun" | "role" | "keyId">): string {
  return `${role}\n${gun}\n${keyId}`;
}
