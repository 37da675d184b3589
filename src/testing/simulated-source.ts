// The network of the simulator: a MetadataSource over what was published, which records each request and can be told to lie. A lie
// is set for what would be asked: `root 2`, `root newest`, `timestamp`, `snapshot`, `targets`, `targets/releases`.
import { CountersignError, digestOf, type RoleName } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { FetchOptions, MetadataSource, Wanted } from "../updater/index.ts";

export interface StoredDocument {
  readonly role: RoleName;
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** Everything ever published in one dialect, oldest first. */
export interface StoredDocuments {
  readonly roots: Map<number, Uint8Array>;
  readonly timestamps: StoredDocument[];
  readonly snapshots: StoredDocument[];
  readonly targets: StoredDocument[];
}

export type Lie =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "missing" }
  | { readonly kind: "error"; readonly error: unknown }
  /** Never ends: the adapter gives up after the limit. */
  | { readonly kind: "endless" }
  /** An adapter that forgot the limit hands over one byte too many. */
  | { readonly kind: "oversized" }
  /** Never answers, until the signal says stop. */
  | { readonly kind: "slow" }
  /** Never answers and does not listen to the signal either. */
  | { readonly kind: "deaf" };

export interface Request {
  readonly what: string;
  readonly maxBytes: number;
}

export class SimulatedSource implements MetadataSource {
  readonly dialect: DialectName;
  readonly stored: StoredDocuments;
  readonly lies = new Map<string, Lie>();
  /** Every request, in order. */
  readonly requests: Request[] = [];
  /** Told for every request, and thrown instead of an answer: a server that is down. */
  down: CountersignError | undefined;
  /** Called before each answer, so that a test can change the world in the middle of a refresh. */
  beforeAnswer: ((what: string) => void) | undefined;

  constructor(dialect: DialectName, stored: StoredDocuments) {
    this.dialect = dialect;
    this.stored = stored;
  }

  /** What was asked for since the last call. */
  takeRequests(): string[] {
    return this.requests.splice(0).map((request) => request.what);
  }

  fetchRoot(version: number | undefined, options: FetchOptions): Promise<Uint8Array | undefined> {
    const newest = this.stored.roots.size === 0 ? 0 : Math.max(...this.stored.roots.keys());
    return this.#answer(`root ${version ?? "newest"}`, this.stored.roots.get(version ?? newest), options);
  }

  fetchTimestamp(options: FetchOptions): Promise<Uint8Array | undefined> {
    return this.#answer("timestamp", this.stored.timestamps.at(-1)?.bytes, options);
  }

  fetchSnapshot(wanted: Wanted, options: FetchOptions): Promise<Uint8Array | undefined> {
    return this.#answer("snapshot", this.#find(this.stored.snapshots, wanted), options);
  }

  fetchTargets(role: RoleName, wanted: Wanted, options: FetchOptions): Promise<Uint8Array | undefined> {
    const documents = this.stored.targets.filter((document) => document.role === role);
    return this.#answer(role, this.#find(documents, wanted), options);
  }

  // As the real adapters: notary1 by hash (by version when none is named), tuf1 by version. The newest of several, so that a replaced document is served.
  #find(documents: readonly StoredDocument[], wanted: Wanted): Uint8Array | undefined {
    const fits = (document: StoredDocument) =>
      this.dialect === "notary1" && wanted.digest !== undefined
        ? wanted.digest === digestOf(document.bytes, wanted.digest?.startsWith("sha512:") ? "sha512" : "sha256")
        : wanted.version === document.version;
    return documents.findLast(fits)?.bytes;
  }

  async #answer(what: string, truth: Uint8Array | undefined, options: FetchOptions): Promise<Uint8Array | undefined> {
    this.requests.push({ what, maxBytes: options.maxBytes });
    this.beforeAnswer?.(what);
    if (this.down !== undefined) throw this.down;
    if (options.signal?.aborted === true) return untilAborted(what, options.signal);
    const lie = this.lies.get(what);
    if (lie === undefined) return limited(what, truth?.slice(), options);
    switch (lie.kind) {
      case "bytes":
        return limited(what, lie.bytes.slice(), options);
      case "missing":
        return undefined;
      case "error":
        throw lie.error;
      case "endless":
        throw new CountersignError("download.too_large", `${what}: more than ${options.maxBytes} bytes`);
      case "oversized":
        return new Uint8Array(options.maxBytes + 1);
      case "slow":
        return untilAborted(what, options.signal);
      case "deaf":
        return new Promise(() => undefined);
    }
  }
}

function limited(what: string, bytes: Uint8Array | undefined, options: FetchOptions): Uint8Array | undefined {
  if (bytes !== undefined && bytes.length > options.maxBytes) {
    throw new CountersignError("download.too_large", `${what}: more than ${options.maxBytes} bytes`);
  }
  return bytes;
}

function untilAborted(what: string, signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new CountersignError("download.too_slow", `${what}: no answer in time`));
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
