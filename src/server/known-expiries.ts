// When documents expire, by the hash of their bytes, for those that were decoded once in this process: the status of a collection of
// many targets is asked for with every publish, and would decode all of them for one date each. A pure function of the bytes.
import { CountersignError, type Gun, parseRfc3339 } from "../bytes/index.ts";
import type { ListedDocument, Sha256Hex, Storage, StoredDocument } from "../storage/index.ts";
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

  /** @throws metadata.missing for a document that went meanwhile */
  async of(document: StoredDocument | ListedDocument, gun: Gun, storage: Pick<Storage, "byVersion">): Promise<Expiry> {
    const known = this.#expiries.get(document.sha256);
    if (known !== undefined) return known;
    const read = "bytes" in document ? document : await storage.byVersion(gun, document, document.version);
    if (read === undefined) {
      throw new CountersignError("metadata.missing", `${gun} has no ${document.role} any more`);
    }
    const expires = decodedExpiry(read);
    this.learn(document.sha256, expires);
    return expires;
  }
}

/** How a canonical tuf1 bin begins. No member can stand before these, nor come twice in a document that was accepted. */
const beginning = /^\{"signed":\{"_type":"targets","expires":"([^"\\]+)"/;

function decodedExpiry({ dialect, role, bytes }: StoredDocument): Expiry {
  const said = beginning.exec(
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 100)).toString("latin1"),
  );
  if (said?.[1] !== undefined) return parseRfc3339(said[1]);
  const decoder = serverDialect(dialect);
  if (role === "root") return decoder.decodeRoot(bytes).signed.expires;
  if (role === "timestamp") return decoder.decodeTimestamp(bytes).signed.expires;
  if (role === "snapshot") return decoder.decodeSnapshot(bytes).signed.expires;
  return decoder.decodeTargets(role, bytes).signed.expires;
}
