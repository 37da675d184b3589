// A dialect that decodes the same bytes once, and encodes the same model once. Both are pure functions, so what is remembered cannot
// differ from what doing it again would give; it is found by the identity of the byte array or model, which costs nothing to ask
// and ends with it. For code that shows one set of documents to several eyes: a publisher's preflight, a server's checks.
import type { RoleName } from "../bytes/index.ts";
import type { Dialect, Document, Root, Signed, Snapshot, Targets, Timestamp } from "../tuf/index.ts";

export interface RememberingDialect extends Dialect {
  /** Takes over documents that this dialect has decoded before, from the very bytes they carry. */
  rememberRoot(document: Document<Root>): void;
  rememberTargets(document: Document<Targets>): void;
}

/** As `dialect`, for callers that never change byte arrays and models they have handed over (nobody here does). */
export function rememberingDialect(dialect: Dialect): RememberingDialect {
  const roots = new WeakMap<Uint8Array, Document<Root>>();
  const targets = new WeakMap<Uint8Array, Document<Targets>>();
  const encoded = new WeakMap<Signed, Uint8Array>();
  return {
    ...dialect,
    decodeRoot: once<Root>(dialect.decodeRoot, roots),
    decodeSnapshot: once<Snapshot>(dialect.decodeSnapshot),
    decodeTimestamp: once<Timestamp>(dialect.decodeTimestamp),
    decodeTargets(role: RoleName, bytes: Uint8Array): Document<Targets> {
      const known = targets.get(bytes);
      if (known !== undefined && known.role === role) return known;
      const document = dialect.decodeTargets(role, bytes);
      targets.set(bytes, document);
      return document;
    },
    encodeSigned(signed: Signed): Uint8Array {
      const known = encoded.get(signed);
      if (known !== undefined) return known;
      const bytes = dialect.encodeSigned(signed);
      encoded.set(signed, bytes);
      return bytes;
    },
    rememberRoot(document) {
      if (document.dialect === dialect.name) roots.set(document.bytes, document);
    },
    rememberTargets(document) {
      if (document.dialect === dialect.name) targets.set(document.bytes, document);
    },
  };
}

function once<T extends Root | Snapshot | Timestamp>(
  decode: (bytes: Uint8Array) => Document<T>,
  known: WeakMap<Uint8Array, Document<T>> = new WeakMap(),
): (bytes: Uint8Array) => Document<T> {
  return (bytes) => {
    const found = known.get(bytes);
    if (found !== undefined) return found;
    const document = decode(bytes);
    known.set(bytes, document);
    return document;
  };
}
