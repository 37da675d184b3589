// The signer's methods as functions from request bytes to answer bytes, without a socket: the same answers, status codes and texts as
// Notary's signer gives (notary-v1, section 11), but for a request without keyID, of which that one dies.
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import {
  decodeCreateKeyRequest,
  decodeHealthRequest,
  decodeKeyId,
  decodeSignatureRequest,
  encodeHealthAnswer,
  encodeKeyAnswer,
  encodeKeyInfoAnswer,
  encodeSignatureAnswer,
  servingStatus,
} from "./messages.ts";
import { healthServices, methodPaths, signingOf, wireAlgorithm, wirePublicKey } from "./protocol.ts";
import type { SignerKeys } from "./signer-keys.ts";

/** gRPC status codes. */
export const status = { unknown: 2, invalidArgument: 3, notFound: 5, internal: 13 } as const;

/** An answer that is a refusal: what the caller did wrong. */
export class SignerRefusal extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = "SignerRefusal";
    this.code = code;
  }
}

/** @throws SignerRefusal; anything else is the signer's own failure */
export type SignerMethod = (request: Uint8Array) => Promise<Uint8Array>;

/** Notary's columns hold no more. */
const maxNameLength = 255;

export interface SignerMethodsOptions {
  readonly keys: SignerKeys;
  /** @throws storage.* when the keys cannot be reached */
  readonly ping: () => Promise<void>;
}

/** By path. */
export function signerMethods({ keys, ping }: SignerMethodsOptions): ReadonlyMap<string, SignerMethod> {
  const createKey: SignerMethod = async (bytes) => {
    const { algorithm, gun, role } = decode(decodeCreateKeyRequest, bytes);
    if (algorithm !== "ecdsa" && algorithm !== "ed25519") {
      throw new SignerRefusal(status.unknown, `algorithm ${shown(algorithm)} not supported for create key`);
    }
    requireName("gun", gun);
    requireName("role", role);
    const key = await keys.create(gun, role, algorithm);
    return encodeKeyAnswer({ keyId: key.id, algorithm: wireAlgorithm(key.algorithm), publicKey: wirePublicKey(key) });
  };
  const deleteKey: SignerMethod = async (bytes) => {
    await keys.remove(decode(decodeKeyId, bytes));
    return new Uint8Array();
  };
  const getKeyInfo: SignerMethod = async (bytes) => {
    const keyId = decode(decodeKeyId, bytes);
    const found = await keys.info(keyId);
    if (found === undefined) throw new SignerRefusal(status.notFound, `key ${shown(keyId)} not found`);
    const { publicKey, role } = found;
    const algorithm = wireAlgorithm(publicKey.algorithm);
    return encodeKeyInfoAnswer({ keyId, algorithm, publicKey: wirePublicKey(publicKey), role });
  };
  const sign: SignerMethod = async (bytes) => {
    const { keyId, content } = decode(decodeSignatureRequest, bytes);
    if (keyId === undefined) throw new SignerRefusal(status.invalidArgument, "the request names no key");
    const signed = await keys.sign(keyId, content);
    if (signed === undefined) throw new SignerRefusal(status.notFound, `signing key not found: ${shown(keyId)}`);
    const { algorithm } = signed.key;
    return encodeSignatureAnswer({
      keyId,
      algorithm: wireAlgorithm(algorithm),
      method: signingOf(algorithm).method,
      content: signed.signature,
    });
  };
  const health: SignerMethod = async (bytes) => {
    const service = decode(decodeHealthRequest, bytes);
    if (service === "") return encodeHealthAnswer(servingStatus.serving);
    if (!healthServices.some((known) => known === service)) throw new SignerRefusal(status.notFound, "unknown service");
    const isServing = await ping().then(
      () => true,
      (error: unknown) => {
        if (error instanceof CountersignError) return false;
        throw error;
      },
    );
    return encodeHealthAnswer(isServing ? servingStatus.serving : servingStatus.notServing);
  };
  return new Map([
    [methodPaths.createKey, createKey],
    [methodPaths.deleteKey, deleteKey],
    [methodPaths.getKeyInfo, getKeyInfo],
    [methodPaths.sign, sign],
    [methodPaths.health, health],
  ]);
}

function decode<T>(read: (bytes: Uint8Array) => T, bytes: Uint8Array): T {
  try {
    return read(bytes);
  } catch (error) {
    if (isCountersignError(error, "request.invalid")) throw new SignerRefusal(status.invalidArgument, error.message);
    throw error;
  }
}

/** Whatever a Notary server may call a collection, but nothing that a database column or a log line could stumble over. */
function requireName(what: string, text: string): void {
  const hasControl = /[\x00-\x1f\x7f]/.test(text);
  if (text !== "" && text.length <= maxNameLength && !hasControl) return;
  throw new SignerRefusal(status.invalidArgument, `a ${what} has 1 to ${maxNameLength} characters`);
}

/** What a caller sent, short and on one line: header values of the answer carry it back. */
function shown(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 100);
}
