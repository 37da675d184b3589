// The keys a trust server holds for a collection (snapshot, timestamp), asked for before the first root names them. Notary v1 sections
// 4 and 6: `{"keytype":"ecdsa","keyval":{"public":"<base64>","private":null}}`. The server's word is enough here: these
// keys only ever vouch for freshness, and root names them under the owner's signature.
import {
  CountersignError,
  decodeBase64,
  decodeMember,
  decodeObject,
  decodeString,
  isCountersignError,
  jsonPath,
  parseJson,
} from "../bytes/index.ts";
import { type PublicKey, publicKeyFromRawEd25519, publicKeyFromSpki } from "../keys/index.ts";
import type { ReadPorts } from "./ports.ts";

/** The key the server uses or would use. @throws publish.refused when the answer is no key; download.* */
export async function fetchServerKey(ports: ReadPorts, role: "snapshot" | "timestamp"): Promise<PublicKey> {
  return parseServerKey(ports, role, await ports.server.serverKey(role, callOptions(ports)));
}

/** A key of the server's that has never signed; the same one until a published root names it. @throws as fetchServerKey */
export async function fetchNewServerKey(ports: ReadPorts, role: "snapshot" | "timestamp"): Promise<PublicKey> {
  return parseServerKey(ports, role, await ports.server.rotateServerKey(role, callOptions(ports)));
}

function callOptions({ signal }: ReadPorts): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function parseServerKey(ports: ReadPorts, role: string, bytes: Uint8Array): PublicKey {
  try {
    const path = jsonPath(`${role} key`);
    const key = decodeObject(parseJson(bytes), path);
    const keyType = decodeMember(key, "keytype", decodeString, path);
    const value = decodeMember(key, "keyval", decodeObject, path);
    const raw = decodeBase64(decodeMember(value, "public", decodeString, path));
    return keyType === "ed25519" && raw.length === 32 ? publicKeyFromRawEd25519(raw) : publicKeyFromSpki(raw);
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError("publish.refused", `${ports.server.url} gave no usable ${role} key`, { cause });
  }
}
