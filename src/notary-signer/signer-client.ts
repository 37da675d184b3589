// The client of a notary-signer, Debian's or ours. Nothing that it answers is believed: a new key must be of the type asked for and
// have the id of its own bytes, a signature must verify before anybody sees it. notary-v1, section 11.
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { type PublicKey, verifySignature } from "../keys/index.ts";
import {
  decodeHealthAnswer,
  decodeKeyAnswer,
  decodeKeyInfoAnswer,
  decodeSignatureAnswer,
  encodeCreateKeyRequest,
  encodeHealthRequest,
  encodeKeyId,
  encodeSignatureRequest,
  type KeyAnswer,
  servingStatus,
} from "./messages.ts";
import { healthServices, methodPaths, publicKeyFromWire, signingOf } from "./protocol.ts";
import { openConnection, type SignerClientOptions } from "./signer-call.ts";

export type NewKeyAlgorithm = "ecdsa" | "ed25519";

export interface RemoteKey {
  readonly publicKey: PublicKey;
  /** As it was given when the key was made; nothing vouches for it. */
  readonly role: string;
}

/** Whoever asks for the health is a probe with little patience. */
const maxHealthTimeoutMs = 2_500;

export type SignerHealth = { readonly serving: true } | { readonly serving: false; readonly reason: string };

/** Every method but `healthy` and `close` @throws server.signing_unavailable, whatever the signer did wrong. */
export interface SignerClient extends Disposable {
  /** A key for that use that has never signed: a new one, or one asked for before and not used yet. */
  createKey(gun: string, role: string, algorithm: NewKeyAlgorithm): Promise<PublicKey>;
  /** In the key's own form (ecdsa: r||s), verified. */
  sign(key: PublicKey, content: Uint8Array): Promise<Uint8Array>;
  /** undefined when the signer does not hold the key. */
  keyInfo(keyId: string): Promise<RemoteKey | undefined>;
  /** Also when there was none. */
  deleteKey(keyId: string): Promise<void>;
  /** Asks for both of the signer's services. Never throws. */
  healthy(): Promise<SignerHealth>;
  close(): void;
}

/** Connects at the first call, and again whenever the connection is lost. @throws disk.unreadable, certificate.invalid, key.format, usage.invalid */
export async function openSignerClient(options: SignerClientOptions): Promise<SignerClient> {
  const healthTimeoutMs = Math.min(options.timeoutMs ?? maxHealthTimeoutMs, maxHealthTimeoutMs);
  const connection = await openConnection(options);
  const call = connection.call;
  return {
    async createKey(gun, role, algorithm) {
      const answer = await call(methodPaths.createKey, encodeCreateKeyRequest({ algorithm, gun, role }));
      if (answer.kind === "not-found") throw unusable("says that it cannot make a key");
      return believe("a key", () => {
        const key = checkKey(decodeKeyAnswer(answer.bytes));
        if (key.algorithm === (algorithm === "ecdsa" ? "ecdsa-p256" : algorithm)) return key;
        throw unusable(`made a key of type ${key.algorithm} where ${algorithm} was asked for`);
      });
    },
    async sign(key, content) {
      const answer = await call(methodPaths.sign, encodeSignatureRequest({ keyId: key.id, content }));
      if (answer.kind === "not-found") {
        throw unusable(`does not hold the key ${key.id}`, [
          "check that it uses the same database and passphrases as when the key was made",
        ]);
      }
      return believe("a signature", () => {
        const { keyId, method, content: signature } = decodeSignatureAnswer(answer.bytes);
        const expected = signingOf(key.algorithm);
        const isRight =
          keyId === key.id && method === expected.method && verifySignature(key, expected.scheme, content, signature);
        if (!isRight) throw unusable(`gave a signature that is not one of the key ${key.id}`);
        return signature;
      });
    },
    async keyInfo(keyId) {
      const answer = await call(methodPaths.getKeyInfo, encodeKeyId(keyId));
      if (answer.kind === "not-found") return undefined;
      return believe("a key", () => {
        const told = decodeKeyInfoAnswer(answer.bytes);
        const publicKey = checkKey(told);
        if (publicKey.id !== keyId) throw unusable(`answered with another key than ${keyId.slice(0, 80)}`);
        return { publicKey, role: told.role };
      });
    },
    async deleteKey(keyId) {
      await call(methodPaths.deleteKey, encodeKeyId(keyId));
    },
    async healthy() {
      try {
        for (const service of healthServices) {
          const answer = await call(methodPaths.health, encodeHealthRequest(service), healthTimeoutMs);
          const isServing =
            answer.kind === "answer" &&
            believe("a health status", () => decodeHealthAnswer(answer.bytes)) === servingStatus.serving;
          if (!isServing) return { serving: false, reason: `the signer says that ${service} does not serve` };
        }
        return { serving: true };
      } catch (error) {
        if (isCountersignError(error, "server.signing_unavailable")) return { serving: false, reason: error.message };
        throw error;
      }
    },
    close: connection.close,
    [Symbol.dispose]: connection.close,
  };
}

function checkKey({ keyId, algorithm, publicKey: bytes }: KeyAnswer): PublicKey {
  const key = publicKeyFromWire(algorithm, bytes);
  // A key under another's id would sign what nobody verifies.
  if (key.id !== keyId) throw unusable(`gave a key whose id is not the hash of its bytes: ${keyId.slice(0, 80)}`);
  return key;
}

/** Runs checks of an answer; bytes that are no such message or key are the signer's fault too. */
function believe<T>(what: string, check: () => T): T {
  try {
    return check();
  } catch (cause) {
    if (isCountersignError(cause, "server.signing_unavailable")) throw cause;
    const why = isCountersignError(cause) ? `: ${cause.message}` : "";
    throw new CountersignError("server.signing_unavailable", `the signer gave something that is not ${what}${why}`, {
      cause,
    });
  }
}

function unusable(what: string, hints: readonly string[] = []): CountersignError {
  return new CountersignError("server.signing_unavailable", `the signer ${what}`, { hints });
}
