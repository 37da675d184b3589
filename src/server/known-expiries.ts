// When documents expire, by the hash of their bytes, for those that were decoded once in this process: the status of a collection of
// many targets is asked for with every publish, and would decode all of them for one date each. A pure function of the bytes.
import type { Sha256Hex, StoredDocument } from "../storage/index.ts";
import type { Expiry } from "../tuf/index.ts";
import { serverDialect } from "./remembered-roots.ts";

const maxEntries = 50_000;

export class KnownExpiries {
  readonly #expiries = new Map<Sha256Hex, Expiry>();

  /** Of a document that was just decoded. */
  learn(sha256: Sha256Hex, expires: Expiry): void {
    const oldest = this.#expiries.keys().next();
    if (this.#expiries.size >= maxEntries && oldest.done !== true) this.#expiries.delete(oldest.value);
    this.#expiries.set(sha256, expires);
  }

  of(document: StoredDocument): Expiry {
    const known = this.#expiries.get(document.sha256);
    if (known !== undefined) return known;
    const expires = decodedExpiry(document);
    this.learn(document.sha256, expires);
    return expires;
  }
}

function decodedExpiry({ dialect, role, bytes }: StoredDocument): Expiry {
  const decoder = serverDialect(dialect);
  if (role === "root") return decoder.decodeRoot(bytes).signed.expires;
  if (role === "timestamp") return decoder.decodeTimestamp(bytes).signed.expires;
  if (role === "snapshot") return decoder.decodeSnapshot(bytes).signed.expires;
  return decoder.decodeTargets(role, bytes).signed.expires;
}
