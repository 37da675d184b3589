// What `init` keeps until the server has confirmed: the signed first documents and the recovery kit's text (encrypted), so that a second
// run uploads the same bytes and asks for nothing.
import {
  CountersignError,
  decodeArray,
  decodeBase64,
  decodeMember,
  decodeObject,
  decodeOptionalMember,
  decodeString,
  encodeBase64,
  encodeUtf8,
  type Gun,
  isCountersignError,
  jsonPath,
  parseJson,
  parseRoleName,
} from "../bytes/index.ts";
import { type Dialect, dialectNamed } from "../dialects/index.ts";
import type { Publication } from "../publish/index.ts";
import type { Document } from "../tuf/index.ts";

export interface UnfinishedInit {
  readonly publication: Publication;
  readonly kit: { readonly path: string; readonly text: string } | undefined;
}

export function encodeUnfinishedInit(work: UnfinishedInit): Uint8Array {
  const documents = work.publication.documents.map(({ dialect, role, bytes }) => {
    return { dialect, role, bytes: encodeBase64(bytes) };
  });
  const kit = work.kit === undefined ? {} : { kit: work.kit };
  return encodeUtf8(`${JSON.stringify({ init: 1, gun: work.publication.gun, documents, ...kit })}\n`);
}

/** @throws cache.corrupt: the file is of no use, and removing it loses nothing that a new run could not make */
export function decodeUnfinishedInit(gun: Gun, bytes: Uint8Array): UnfinishedInit {
  try {
    const path = jsonPath("unfinished");
    const object = decodeObject(parseJson(bytes, { maxBytes: 4 * 1024 * 1024 }), path);
    const named = decodeMember(object, "gun", decodeString, path);
    if (named !== gun) throw new CountersignError("cache.corrupt", `it is about ${named}`);
    const documents = decodeMember(object, "documents", decodeArray(decodeObject), path).map((entry, index) => {
      const at = jsonPath(`documents[${index}]`);
      const dialect = dialectNamed(decodeMember(entry, "dialect", decodeString, at) === "tuf1" ? "tuf1" : "notary1");
      const role = decodeMember(entry, "role", decodeString, at);
      return decodeDocument(dialect, role, decodeBase64(decodeMember(entry, "bytes", decodeString, at)));
    });
    const kit = decodeOptionalMember(object, "kit", decodeObject, path);
    return {
      publication: { gun, documents, blobs: new Map() },
      kit:
        kit === undefined
          ? undefined
          : {
              path: decodeMember(kit, "path", decodeString, path),
              text: decodeMember(kit, "text", decodeString, path),
            },
    };
  } catch (cause) {
    if (!isCountersignError(cause)) throw cause;
    throw new CountersignError("cache.corrupt", `the unfinished init of ${gun} cannot be read: ${cause.message}`, {
      cause,
    });
  }
}

function decodeDocument(dialect: Dialect, role: string, bytes: Uint8Array): Document {
  return role === "root" ? dialect.decodeRoot(bytes) : dialect.decodeTargets(parseRoleName(role), bytes);
}
