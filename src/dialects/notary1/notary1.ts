// The notary1 dialect: Notary v1's TUF 0.9 JSON, byte for byte what Go writes and whatever Go reads, minus what could hide a lie.
import {
  decodeBase64,
  decodeMember,
  decodeObject,
  decodeString,
  formatRfc3339,
  type JsonPath,
  type JsonValue,
  parseRfc3339,
  parseRoleName,
  type RoleName,
} from "../../bytes/index.ts";
import type { Dialect, Signature, Signed } from "../../tuf/index.ts";
import { decodeKeyId, type Reading, readDocument } from "../envelope.ts";
import { decodeSnapshot, decodeTimestamp } from "./decode-meta.ts";
import { decodeRoot } from "./decode-root.ts";
import { decodeTargets, targetEntries } from "./decode-targets.ts";
import { assemble, encodeSigned } from "./encode.ts";
import { acceptsRootKey, makeKey, signingScheme, verifyingScheme } from "./keys.ts";

export const notary1: Dialect = {
  name: "notary1",
  decodeRoot: (bytes) => readDocument(bytes, reading(parseRoleName("root"), "Root", decodeRoot)),
  decodeTargets: (role, bytes) =>
    readDocument(bytes, {
      ...reading(role, "Targets", (signed, entries) => decodeTargets(role, signed, entries)),
      entries: targetEntries,
    }),
  decodeSnapshot: (bytes) => readDocument(bytes, reading(parseRoleName("snapshot"), "Snapshot", decodeSnapshot)),
  decodeTimestamp: (bytes) => readDocument(bytes, reading(parseRoleName("timestamp"), "Timestamp", decodeTimestamp)),
  encodeSigned,
  assemble,
  makeKey,
  signingScheme,
  verifyingScheme,
  acceptsRootKey,
  formatExpiry: (at) => parseRfc3339(formatRfc3339(at)),
};

function reading<T extends Signed>(role: RoleName, type: string, decode: Reading<T>["decodeSigned"]): Reading<T> {
  // Notary's verifier takes 1.0 and 1e3 for the integers they are.
  return { dialect: "notary1", role, type, numbers: "integral", decodeSigned: decode, decodeSignature };
}

export function decodeSignature(value: JsonValue, path: JsonPath): Signature {
  const object = decodeObject(value, path);
  return {
    keyId: decodeMember(object, "keyid", decodeKeyId, path),
    method: decodeMember(object, "method", decodeString, path).toLowerCase(),
    signature: decodeBase64(decodeMember(object, "sig", decodeString, path)),
  };
}
