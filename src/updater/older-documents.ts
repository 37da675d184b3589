// Targets documents of the past, asked for by version: within bounds of number and bytes, and only ever handed on once verified. No snapshot
// that anybody still serves lists them, so their length and hash are nobody's word; role, version and signatures are what can be checked.
import { isCountersignError, type RoleName } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import type { KeyId } from "../keys/index.ts";
import {
  countSigners,
  type Dialect,
  type DialectName,
  type Document,
  type Key,
  type RoleKeys,
  type Targets,
} from "../tuf/index.ts";
import { guardedSource } from "./guarded-source.ts";
import type { MetadataSource } from "./ports.ts";

export interface OlderDocumentsOptions {
  readonly dialect: DialectName;
  readonly source: MetadataSource;
  /** Documents that may be asked for in all; with 0 the source is left alone. */
  readonly maxDocuments?: number;
  /** Bytes that they may have together. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** Keys that may have signed a document, and how many of them had to. */
export interface Authority {
  readonly keys: ReadonlyMap<KeyId, Key>;
  readonly role: RoleKeys;
}

/** After its first failure the source is not asked again: nobody waits for a deadline a document. */
export class OlderDocuments {
  readonly #dialect: Dialect;
  readonly #source: MetadataSource;
  #documentsLeft: number;
  #bytesLeft: number;

  constructor({ dialect, source, signal, maxDocuments = 24, maxBytes = 16 * 1024 * 1024 }: OlderDocumentsOptions) {
    this.#dialect = dialectNamed(dialect);
    this.#source = guardedSource(source, signal);
    this.#documentsLeft = maxDocuments;
    this.#bytesLeft = maxBytes;
  }

  get isDone(): boolean {
    return this.#documentsLeft <= 0 || this.#bytesLeft <= 0;
  }

  /** undefined: not there, out of reach, or not verified. */
  async read(
    role: RoleName,
    version: number,
    authorities: readonly Authority[],
  ): Promise<Document<Targets> | undefined> {
    const bytes = await this.#fetch(role, version);
    return bytes && this.#verified(role, version, bytes, authorities);
  }

  async #fetch(role: RoleName, version: number): Promise<Uint8Array | undefined> {
    this.#documentsLeft--;
    try {
      const wanted = { version, digest: undefined };
      const bytes = await this.#source.fetchTargets(role, wanted, { maxBytes: this.#bytesLeft });
      this.#bytesLeft -= bytes?.length ?? 0;
      return bytes;
    } catch (error) {
      if (!isCountersignError(error)) throw error;
      this.#documentsLeft = 0;
      return undefined;
    }
  }

  #verified(
    role: RoleName,
    version: number,
    bytes: Uint8Array,
    authorities: readonly Authority[],
  ): Document<Targets> | undefined {
    try {
      const document = this.#dialect.decodeTargets(role, bytes);
      const isSigned = authorities.some(
        ({ keys, role: listed }) => countSigners(this.#dialect, document, keys, listed).met,
      );
      return isSigned && document.signed.version === version ? document : undefined;
    } catch (error) {
      if (isCountersignError(error)) return undefined;
      throw error;
    }
  }
}
