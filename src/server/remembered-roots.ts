// The dialects as the server uses them: a root decoded once stays decoded, because the same root is read by every publish and renewal of
// its collection, and importing its keys costs more than checking their signatures. Decoding is a pure function of the bytes, so
// what is remembered by their hash cannot differ from what decoding them again would give.
import { encodeHex, sha256 } from "../bytes/index.ts";
import { notary1, tuf1 } from "../dialects/index.ts";
import type { Dialect, DialectName, Document, Root } from "../tuf/index.ts";

const maxRoots = 2_000;

function remembering(dialect: Dialect): Dialect {
  const roots = new Map<string, Document<Root>>();
  return {
    ...dialect,
    decodeRoot(bytes) {
      const hash = encodeHex(sha256(bytes));
      const known = roots.get(hash);
      if (known !== undefined) return known;
      const root = dialect.decodeRoot(bytes);
      const oldest = roots.keys().next();
      if (roots.size >= maxRoots && oldest.done !== true) roots.delete(oldest.value);
      roots.set(hash, root);
      return root;
    },
  };
}

const dialects: Readonly<Record<DialectName, Dialect>> = { notary1: remembering(notary1), tuf1: remembering(tuf1) };

export function serverDialect(name: DialectName): Dialect {
  return dialects[name];
}
