// Server keys kept in storage, sealed. Opened keys stay in memory for a while, because importing one costs more than a signature.
import type { Clock, Gun } from "../bytes/index.ts";
import { type CanonicalKeyId, generatePrivateKey, type Signer, signerFromPrivateKey } from "../keys/index.ts";
import type { ServerKey, Storage } from "../storage/index.ts";
import { type MasterKey, sealKey, unsealKey } from "./key-sealing.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import type { OnlineRole, RoleSigner } from "./role-signer.ts";

const maxOpenKeys = 10_000;

export function localRoleSigner(storage: Storage, master: MasterKey, clock: Clock): RoleSigner {
  const open = new Map<string, Signer>();
  // The keys of a collection, as last read or made: asked for twice by every publish, in each dialect.
  const lists = new Map<Gun, readonly ServerKey[]>();
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

  const remember = (gun: Gun, keys: readonly ServerKey[]) => {
    const oldest = lists.keys().next();
    if (lists.size >= maxOpenKeys && oldest.done !== true) lists.delete(oldest.value);
    lists.set(gun, keys);
  };

  const make = async (gun: Gun, role: OnlineRole): Promise<ServerKey> => {
    const privateKey = await generatePrivateKey("ecdsa-p256");
    const signer = signerFromPrivateKey(privateKey);
    const keyId: CanonicalKeyId = signer.publicKey.id;
    const sealed = sealKey(master, { gun, role }, privateKey);
    const key = { gun, role, keyId, sealed, createdAt: clock(), usedAt: undefined };
    await storage.addServerKey(key);
    // Its first use, the publish that names it, is about to come.
    keepOpen(key, signer);
    return key;
  };

  return {
    async held(gun, role, { isFresh = false } = {}) {
      let keys = isFresh ? undefined : lists.get(gun);
      if (keys === undefined) {
        keys = await storage.serverKeys(gun);
        remember(gun, keys);
      }
      return keys.filter((key) => key.role === role).map(opened);
    },
    pending(gun, role) {
      return making.run(gun, async () => {
        const keys = await storage.serverKeys(gun);
        const unused = keys.findLast((key) => key.role === role && key.usedAt === undefined);
        if (unused !== undefined) return opened(unused).publicKey;
        // Whoever is told one key of a new collection asks for the other next: both become durable with one write.
        const other: OnlineRole = role === "snapshot" ? "timestamp" : "snapshot";
        const [key, another] = await Promise.all([make(gun, role), keys.length === 0 ? make(gun, other) : undefined]);
        remember(gun, [...keys, key, ...(another === undefined ? [] : [another])]);
        return opened(key).publicKey;
      });
    },
  };
}

function nameOf({ gun, role, keyId }: Pick<ServerKey, "gun" | "role" | "keyId">): string {
  return `${role}\n${gun}\n${keyId}`;
}
