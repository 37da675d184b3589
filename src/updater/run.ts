// What every step of one refresh shares: the caller's ports behind guards, the limits, the warnings, and whether the source has
// turned out to be out of reach. One run has one `now`.
import {
  CountersignError,
  digestOf,
  encodeHex,
  type Gun,
  isCountersignError,
  parseDigest,
  type RoleName,
} from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import type { Dialect, Document, MetaEntry, Root } from "../tuf/index.ts";
import { guardedSource } from "./guarded-source.ts";
import { defaultLimits, type Limits } from "./limits.ts";
import { MemoryKeeper } from "./memory-keeper.ts";
import type { OpenOptions } from "./open-options.ts";
import type { Pin } from "./pins.ts";
import type { MetadataCache, MetadataSource, Wanted } from "./ports.ts";

export class Run {
  readonly gun: Gun;
  readonly dialect: Dialect;
  readonly now: number;
  readonly pins: readonly Pin[];
  readonly trustOnFirstUse: boolean;
  readonly limits: Limits;
  readonly memory: MemoryKeeper;
  readonly warnings: CountersignError[];
  /** Roots accepted, ascending. */
  readonly roots: Document<Root>[] = [];
  readonly #source: MetadataSource;
  readonly #cache: MetadataCache;
  readonly #mayBeOffline: boolean;
  #outOfReach: CountersignError | undefined;

  private constructor(options: OpenOptions, memory: MemoryKeeper, warnings: CountersignError[]) {
    this.gun = options.gun;
    this.dialect = dialectNamed(options.dialect);
    this.now = options.now;
    this.pins = options.pins;
    this.trustOnFirstUse = options.trustOnFirstUse ?? false;
    this.limits = { ...defaultLimits(options.dialect), ...options.limits };
    this.memory = memory;
    this.warnings = warnings;
    this.#source = guardedSource(options.source, options.signal);
    this.#cache = options.cache;
    this.#mayBeOffline = options.offline === "allowed";
  }

  static async start(options: OpenOptions): Promise<Run> {
    const warnings: CountersignError[] = [];
    const memory = await MemoryKeeper.open(options.memory, (warning) => warnings.push(warning));
    return new Run(options, memory, warnings);
  }

  /** Why the source cannot be asked, once that is known and the caller allows going on without it. */
  get outOfReach(): CountersignError | undefined {
    return this.#outOfReach;
  }

  warn(warning: CountersignError): void {
    this.warnings.push(warning);
  }

  /**
   * Asks the source. After the first failure of the network, if the caller allows to go on offline, every further fetch fails at once
   * with the same error: a reader must not wait for one deadline per document.
   */
  async fetch<T>(ask: (source: MetadataSource) => Promise<T>): Promise<T> {
    if (this.#outOfReach !== undefined) throw this.#outOfReach;
    try {
      return await ask(this.#source);
    } catch (error) {
      if (this.#mayBeOffline && isCountersignError(error, ...networkFailures)) this.#outOfReach = error;
      throw error;
    }
  }

  /** A cached document; a damaged one is reported, removed and treated as absent. */
  async readCached(role: RoleName): Promise<Uint8Array | undefined> {
    try {
      return await this.#cache.read(role);
    } catch (error) {
      if (!isCountersignError(error, "cache.corrupt")) throw error;
      await this.dropCached(role, error);
      return undefined;
    }
  }

  /** Only ever called with a document that was just trusted. */
  async keep(role: RoleName, bytes: Uint8Array): Promise<void> {
    await this.#cache.write(role, bytes);
  }

  async forget(role: RoleName): Promise<void> {
    await this.#cache.remove(role);
  }

  /** Forgets a cached document that is not what was once trusted. */
  async dropCached(role: RoleName, cause: CountersignError): Promise<void> {
    this.warn(
      new CountersignError("cache.corrupt", `the cached ${role} of ${this.gun} (${this.dialect.name}) was unusable`, {
        cause,
      }),
    );
    await this.forget(role);
  }
}

/** Failures after which an unexpired cache may answer: the server was not there. A refusal or a lie is none of them. */
const networkFailures = [
  "download.unreachable",
  "download.unavailable",
  "download.too_slow",
  "download.failed",
] as const;

/** What to ask the source for, given what the parent says. */
export function wantedOf(entry: MetaEntry, consistentSnapshot: boolean): Wanted {
  const sha256 = entry.hashes.get("sha256");
  const sha512 = entry.hashes.get("sha512");
  const digest =
    sha256 !== undefined
      ? parseDigest(`sha256:${encodeHex(sha256)}`)
      : sha512 !== undefined
        ? parseDigest(`sha512:${encodeHex(sha512)}`)
        : undefined;
  return { version: consistentSnapshot ? entry.version : undefined, digest };
}

/** sha256 of a trusted document, taken from its parent's entry where that has been checked. */
export function documentDigest(document: Document, entry: MetaEntry | undefined) {
  const listed = entry?.hashes.get("sha256");
  return listed === undefined ? digestOf(document.bytes) : parseDigest(`sha256:${encodeHex(listed)}`);
}
