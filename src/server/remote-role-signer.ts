// The signing port over a remote signer (Debian's notary-signer or `countersign signer`). Storage remembers which keys the signer holds
// for a collection, as public keys; the secrets are there. A signer that is away, or lies, fails the signature and nothing else: documents
// that are signed go on being served. What storage keeps: format (1 byte, 2), DER SubjectPublicKeyInfo.
import {
  type Clock,
  CountersignError,
  derInteger,
  derSequence,
  encodeHex,
  type Gun,
  isCountersignError,
} from "../bytes/index.ts";
import { type PublicKey, publicKeyFromSpki, type SignatureScheme, type Signer, schemeFits } from "../keys/index.ts";
import type { NewKeyAlgorithm, SignerClient } from "../notary-signer/index.ts";
import type { ServerKey, Storage } from "../storage/index.ts";
import { KeyedQueue } from "./keyed-queue.ts";
import type { ServerLog } from "./options.ts";
import { rememberedFor } from "./remembered-for.ts";
import type { OnlineRole, RoleSigner } from "./role-signer.ts";

const format = 2;
/** However many ask, the signer is asked once in this time. */
const healthMs = 2_000;

export interface RemoteRoleSignerOptions {
  readonly client: SignerClient;
  readonly storage: Storage;
  readonly clock: Clock;
  /** Of new keys. */
  readonly algorithm: NewKeyAlgorithm;
  readonly log?: ServerLog;
}

/** What storage keeps of a key whose secret is at a remote signer. */
export function rememberedRemoteKey(key: PublicKey): Uint8Array {
  return Buffer.concat([Buffer.of(format), key.spki]);
}

/** Whether storage keeps the public half alone, as above: a server that signs itself cannot use such a key. */
export function isRememberedRemoteKey({ sealed }: Pick<ServerKey, "sealed">): boolean {
  return sealed[0] === format;
}

export function remoteRoleSigner({ client, storage, clock, algorithm, log }: RemoteRoleSignerOptions): RoleSigner {
  // Two requests for a first key must get the same one, and the signer is asked for it once.
  const making = new KeyedQueue();

  /** The signer may have lost it since, with a database restored from a backup: then publishes that name it would fail for ever. */
  const isHeld = async (key: PublicKey): Promise<boolean> => (await client.keyInfo(key.id)) !== undefined;

  return {
    async held(gun, role) {
      return (await storage.serverKeys(gun, role)).flatMap((stored) => {
        const key = remoteKey(stored);
        return key === undefined ? [] : [remoteSigner(client, key)];
      });
    },
    pending(gun: Gun, role: OnlineRole) {
      return making.run(`${role}\n${gun}`, async () => {
        const mine = await storage.serverKeys(gun, role);
        const unused = mine.findLast((stored) => stored.usedAt === undefined && isRememberedRemoteKey(stored));
        const known = unused === undefined ? undefined : remoteKey(unused);
        if (known !== undefined && (await isHeld(known))) return known;
        const key = await client.createKey(gun, role, algorithm);
        // The signer repeats a key that has not signed; one that storage has already is not remembered twice.
        if (!mine.some(({ keyId }) => keyId === key.id)) {
          const sealed = rememberedRemoteKey(key);
          await storage.addServerKey({ gun, role, keyId: key.id, sealed, createdAt: clock(), usedAt: undefined });
        }
        return key;
      });
    },
    health: rememberedFor(healthMs, async () => {
      const health = await client.healthy();
      if (health.serving) return undefined;
      // Anybody may ask: addresses and the signer's words are for the log.
      log?.("error", { reason: health.reason });
      return "server.signing_unavailable";
    }),
  };
}

/** undefined for a key of the server's own, which a server with a remote signer cannot open. @throws storage.corrupt */
function remoteKey(stored: ServerKey): PublicKey | undefined {
  if (!isRememberedRemoteKey(stored)) return undefined;
  const { gun, role, keyId, sealed } = stored;
  try {
    const key = publicKeyFromSpki(sealed.subarray(1));
    if (key.id === keyId) return key;
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
  }
  throw new CountersignError(
    "storage.corrupt",
    `the ${role} key ${keyId} of ${gun} is stored as something else (${encodeHex(sealed.subarray(0, 8))}...)`,
  );
}

function remoteSigner(client: SignerClient, publicKey: PublicKey): Signer {
  return {
    publicKey,
    async sign(message: Uint8Array, scheme: SignatureScheme): Promise<Uint8Array> {
      switch (scheme) {
        case "ed25519":
        case "ecdsa-sha256-raw":
        case "rsa-pss-sha256":
          requireFit(publicKey, scheme);
          return client.sign(publicKey, message);
        // TUF 1.0's form of the same signature: the protocol knows only Notary's.
        case "ecdsa-sha256-der": {
          requireFit(publicKey, scheme);
          const raw = await client.sign(publicKey, message);
          const half = raw.length / 2;
          return derSequence(derInteger(raw.subarray(0, half)), derInteger(raw.subarray(half)));
        }
        default:
          throw unsupported(publicKey, scheme);
      }
    },
  };
}

function requireFit(key: PublicKey, scheme: SignatureScheme): void {
  if (!schemeFits(key.algorithm, scheme)) throw unsupported(key, scheme);
}

function unsupported({ algorithm }: PublicKey, scheme: SignatureScheme): CountersignError {
  return new CountersignError("key.unsupported", `a remote key ${algorithm} cannot sign with ${scheme}`);
}
