// The tuf1 dialect: the TUF specification 1.0.34, strict in form, key ids opaque, whatever well-behaved clients let pass let pass.
import {
  CountersignError,
  decodeHex,
  decodeMember,
  decodeObject,
  decodeString,
  formatRfc3339Seconds,
  isCountersignError,
  type JsonPath,
  type JsonValue,
  parseRfc3339,
  parseRoleName,
} from "../../bytes/index.ts";
import type { Dialect, Document, Signature, Signed } from "../../tuf/index.ts";
import { decodeKeyId, type Reading, readDocument } from "../envelope.ts";
import { decodeSnapshot, decodeTimestamp } from "./decode-meta.ts";
import { decodeRoot } from "./decode-root.ts";
import { decodeForeignTargets, decodeTargets, targetEntries } from "./decode-targets.ts";
import { assemble, encodeSigned } from "./encode.ts";
import { makeKey, signingScheme, verifyingScheme } from "./keys.ts";

export const tuf1: Dialect = {
  name: "tuf1",
  ...decoders({ decodeTargets }),
  encodeSigned,
  assemble,
  makeKey,
  signingScheme,
  verifyingScheme,
  acceptsRootKey: () => true,
  formatExpiry: (at) => parseRfc3339(formatRfc3339Seconds(at)),
};

/**
 * A document of many megabytes must not become gigabytes of values. Far more than any client's repositories hold: a million targets
 * in a document of the slowest form, or two million roles in a snapshot.
 */
const maxForeignValues = 8 * 1024 * 1024;

/** tuf1 for reading what other tools publish: as strict in form, and laxer only where that refuses nothing else of a document. */
export const foreignTuf1: Dialect = {
  ...tuf1,
  ...decoders({ decodeTargets: decodeForeignTargets, maxValues: maxForeignValues }),
};

interface Decoding {
  readonly decodeTargets: typeof decodeTargets;
  readonly maxValues?: number;
}

function decoders({
  decodeTargets: targets,
  maxValues,
}: Decoding): Pick<Dialect, "decodeRoot" | "decodeTargets" | "decodeSnapshot" | "decodeTimestamp"> {
  const entries = targetEntries;
  return {
    decodeRoot: (bytes) =>
      read(bytes, { role: parseRoleName("root"), type: "root", decodeSigned: decodeRoot, maxValues }),
    decodeTargets: (role, bytes) => read(bytes, { role, type: "targets", decodeSigned: targets, entries, maxValues }),
    decodeSnapshot: (bytes) =>
      read(bytes, { role: parseRoleName("snapshot"), type: "snapshot", decodeSigned: decodeSnapshot, maxValues }),
    decodeTimestamp: (bytes) =>
      read(bytes, { role: parseRoleName("timestamp"), type: "timestamp", decodeSigned: decodeTimestamp, maxValues }),
  };
}

function read<T extends Signed>(
  bytes: Uint8Array,
  reading: Omit<Reading<T>, "dialect" | "numbers" | "decodeSignature">,
): Document<T> {
  const { role } = reading;
  const document = readDocument(bytes, { ...reading, dialect: "tuf1", numbers: "integer", decodeSignature });
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
