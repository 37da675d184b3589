// The dialects as the server uses them: a root decoded once stays decoded, because the same root is read by every publish and renewal of
// its collection, and importing its keys costs more than checking their signatures. Decoding is a pure function of the bytes, so
// what is remembered by their hash cannot differ from what decoding them again would give.
import { encodeHex, sha256 } from "../bytes/index.ts";
import { notary1, tuf1 } from "../dialects/index.ts";
import type { Dialect, DialectName, Document, Root } from "../tuf/index.ts";

/** Of their bytes; decoded they take some five times as much. A thousand ordinary ones have two. */
const maxBytes = 8 * 1024 * 1024;
/** Nobody's root is longer, and whoever may upload could have this memory filled with refused ones. */
const maxRootBytes = 64 * 1024;

export function rememberingRoots(dialect: Dialect): Dialect {
  const roots = new Map<string, Document<Root>>();
  let bytesKept = 0;
  return {
    ...dialect,
    decodeRoot(bytes) {
      if (bytes.length > maxRootBytes) return dialect.decodeRoot(bytes);
      const hash = encodeHex(sha256(bytes));
      const known = roots.get(hash);
      if (known !== undefined) return known;
      const root = dialect.decodeRoot(bytes);
      roots.set(hash, root);
      bytesKept += bytes.length;
      for (const [oldest, { bytes: its }] of roots) {
        if (bytesKept <= maxBytes) break;
        roots.delete(oldest);
        bytesKept -= its.length;
      }
      return root;
    },
  };
}

const dialects: Readonly<Record<DialectName, Dialect>> = {
  notary1: rememberingRoots(notary1),
  tuf1: rememberingRoots(tuf1),
};

export function serverDialect(name: DialectName): Dialect {
  return dialects[name];
}
