// A dialect that decodes the same bytes once. Decoding is a pure function of the bytes, so what is remembered cannot differ from what
// decoding again would give; it is found by the identity of the byte array, which costs nothing to ask and ends with the array.
// For code that shows one set of documents to several readers: preflight, and a server between two publishes.
import type { RoleName } from "../bytes/index.ts";
import type { Dialect, Document, Root, Snapshot, Targets, Timestamp } from "../tuf/index.ts";

export interface RememberingDialect extends Dialect {
  /** Takes over a targets document that this dialect has decoded before, from the very bytes it carries. */
  remember(document: Document<Targets>): void;
}

/** As `dialect`, for callers that never write into byte arrays they have handed over (nobody here does). */
export function rememberingDialect(dialect: Dialect): RememberingDialect {
  const targets = new WeakMap<Uint8Array, Document<Targets>>();
  return {
    ...dialect,
    decodeRoot: once<Root>(dialect.decodeRoot),
    decodeSnapshot: once<Snapshot>(dialect.decodeSnapshot),
    decodeTimestamp: once<Timestamp>(dialect.decodeTimestamp),
    decodeTargets(role: RoleName, bytes: Uint8Array): Document<Targets> {
      const known = targets.get(bytes);
      if (known !== undefined && known.role === role) return known;
      const document = dialect.decodeTargets(role, bytes);
      targets.set(bytes, document);
      return document;
    },
    remember(document) {
      if (document.dialect === dialect.name) targets.set(document.bytes, document);
    },
  };
}

function once<T extends Root | Snapshot | Timestamp>(
  decode: (bytes: Uint8Array) => Document<T>,
): (bytes: Uint8Array) => Document<T> {
  const known = new WeakMap<Uint8Array, Document<T>>();
  return (bytes) => {
    const found = known.get(bytes);
    if (found !== undefined) return found;
    const document = decode(bytes);
    known.set(bytes, document);
    return document;
  };
}
