// The tuf1 dialect: the TUF specification 1.0.34, strict in form, key ids opaque, whatever well-behaved clients let pass let pass.
import {
  CountersignError,
  decodeHex,
  decodeMember,
  decodeObject,
  decodeString,
  type EntriesWanted,
  formatRfc3339Seconds,
  isCountersignError,
  type JsonEntries,
  type JsonObject,
  type JsonPath,
  type JsonValue,
  parseRfc3339,
  parseRoleName,
  type RoleName,
} from "../../bytes/index.ts";
import type { Dialect, Document, Signature, Signed } from "../../tuf/index.ts";
import { decodeKeyId, readDocument } from "../envelope.ts";
import { decodeSnapshot, decodeTimestamp } from "./decode-meta.ts";
import { decodeRoot } from "./decode-root.ts";
import { decodeForeignTargets, decodeTargets, targetEntries } from "./decode-targets.ts";
import { assemble, encodeSigned } from "./encode.ts";
import { makeKey, signingScheme, verifyingScheme } from "./keys.ts";

export const tuf1: Dialect = {
  name: "tuf1",
  decodeRoot: (bytes) => read(bytes, parseRoleName("root"), "root", decodeRoot),
  decodeTargets: (role, bytes) => read(bytes, role, "targets", decodeTargets, targetEntries),
  decodeSnapshot: (bytes) => read(bytes, parseRoleName("snapshot"), "snapshot", decodeSnapshot),
  decodeTimestamp: (bytes) => read(bytes, parseRoleName("timestamp"), "timestamp", decodeTimestamp),
  encodeSigned,
  assemble,
  makeKey,
  signingScheme,
  verifyingScheme,
  acceptsRootKey: () => true,
  formatExpiry: (at) => parseRfc3339(formatRfc3339Seconds(at)),
};

/** tuf1 for reading what other tools publish: as strict in form, and laxer only where that refuses nothing else of a document. */
export const foreignTuf1: Dialect = {
  ...tuf1,
  decodeTargets: (role, bytes) => read(bytes, role, "targets", decodeForeignTargets, targetEntries),
};

function read<T extends Signed>(
  bytes: Uint8Array,
  role: RoleName,
  type: string,
  decodeSigned: (signed: JsonObject, entries: JsonEntries | undefined) => T,
  entries?: EntriesWanted,
): Document<T> {
  const document = readDocument(bytes, {
    dialect: "tuf1",
    role,
    type,
    numbers: "integer",
    decodeSigned,
    decodeSignature,
    ...(entries === undefined ? {} : { entries }),
  });
  // One key id signs once; clients refuse the whole file otherwise, even where the threshold would be met (4.2.1).
  const ids = new Set(document.signatures.map(({ keyId }) => keyId));
  if (ids.size !== document.signatures.length) {
    throw new CountersignError("metadata.invalid", `${role} carries two signatures under one key id`);
  }
  return document;
}

export function decodeSignature(value: JsonValue, path: JsonPath): Signature {
  const object = decodeObject(value, path);
  return {
    keyId: decodeMember(object, "keyid", decodeKeyId, path),
    method: undefined,
    signature: signatureBytes(decodeMember(object, "sig", decodeString, path)),
  };
}

/** "" is a placeholder (not signed yet), and what is no hex is no signature: neither harms the others. */
function signatureBytes(text: string): Uint8Array {
  try {
    return decodeHex(text);
  } catch (error) {
    if (isCountersignError(error, "encoding.invalid")) return new Uint8Array();
    throw error;
  }
}
