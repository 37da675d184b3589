// What an import does to a collection that may be here already, the same for every adapter: nothing, a start, or the rest of what an
// earlier import brought. Overwriting is never an answer: whoever published here since would lose it without a word.
import { CountersignError, encodeHex, type Gun, sha256 } from "../bytes/index.ts";
import type { Added, DocumentVersion, ImportedCollection, Sha256Hex } from "./storage.ts";

export interface ImportedDocument extends DocumentVersion {
  readonly bytes: Uint8Array;
  readonly sha256: Sha256Hex;
  readonly storedAt: number;
}

/** What the adapter found under the name, under its lock. */
export interface FoundCollection {
  readonly generation: number;
  readonly isLive: boolean;
  readonly documents: readonly (DocumentVersion & { readonly sha256: Sha256Hex })[];
}

/** The documents to add; undefined when all of them are here. @throws storage.conflict */
export function planImport(
  imported: ImportedCollection,
  found: FoundCollection,
): readonly ImportedDocument[] | undefined {
  const { gun } = imported;
  if (!found.isLive && found.generation > 0) throw conflict(gun, "it was deleted on this server");
  const incoming = new Map<string, ImportedDocument>();
  for (const document of imported.documents) {
    const name = nameOf(document);
    if (incoming.has(name)) throw conflict(gun, `${name} comes twice`);
    incoming.set(name, { ...document, sha256: document.sha256 ?? encodeHex(sha256(document.bytes)) });
  }
  for (const name of imported.current.map(nameOf)) {
    if (!incoming.has(name)) throw conflict(gun, `${name} is to be current and does not come along`);
  }
  const foreign = found.documents.find((document) => !incoming.has(nameOf(document)));
  for (const document of found.documents) {
    const twin = incoming.get(nameOf(document));
    if (twin !== undefined && twin.sha256 !== document.sha256) {
      throw conflict(gun, `it holds another ${nameOf(document)}`);
    }
    incoming.delete(nameOf(document));
  }
  if (incoming.size === 0 && found.isLive) return undefined;
  for (const [name, { bytes, sha256: claimed }] of incoming) {
    // A caller may leave out the bytes of what is here; with nothing here they would be stored under the hash of others.
    if (encodeHex(sha256(bytes)) !== claimed) throw conflict(gun, `the bytes of ${name} are not those of its hash`);
  }
  if (foreign !== undefined) throw conflict(gun, `it holds ${nameOf(foreign)}, which does not come along`);
  return [...incoming.values()].sort((a, b) => a.version - b.version);
}

/** `documents` as `planImport` gives them. */
export function addedBy(documents: readonly ImportedDocument[] = []): Added {
  return { documents: documents.length, bytes: documents.reduce((sum, { bytes }) => sum + bytes.length, 0) };
}

function nameOf({ dialect, role, version }: DocumentVersion): string {
  return `${dialect} ${role} version ${version}`;
}

function conflict(gun: Gun, why: string): CountersignError {
  return new CountersignError("storage.conflict", `${gun} cannot be imported: ${why}`, {
    hints: ["import into an empty server, or delete what is here first if it may be lost"],
  });
}
