// One run of the client: the options as the steps of the workflow need them, with one time for all of it. A clock that moved between two
// documents could call one fresh and its parent expired (TUF 1.0.34, 5.1).
import { type Clock, CountersignError } from "../bytes/index.ts";
import type { Document, Root } from "../tuf/index.ts";
import { fetchBytes } from "./fetch-bytes.ts";
import { defaultTufLimits, type TufLimits } from "./limits.ts";
import type { TufStore, TufTransport } from "./ports.ts";
import { metadataUrl, parseBaseUrl } from "./repository-urls.ts";
import { type WriteBehind, writeBehind } from "./write-behind.ts";

export interface TufRepositoryOptions {
  /** Where `timestamp.json` is; with or without a slash at the end. */
  readonly metadataUrl: string;
  /** Where targets are; not needed for lookups. */
  readonly targetsUrl?: string | undefined;
  readonly store: TufStore;
  readonly transport: TufTransport;
  readonly clock: Clock;
  readonly limits?: Partial<TufLimits> | undefined;
  /**
   * A root that came with the program. Trust begins at it in every run: the roots after it are verified again up to the stored one, so
   * that who can write the store cannot put another root there. Without it the stored root is where trust begins.
   */
  readonly bootstrapRoot?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told what is asked for next, for people. */
  readonly onStep?: ((step: string) => void) | undefined;
}

export interface Session {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  readonly limits: TufLimits;
  readonly store: WriteBehind;
  readonly transport: TufTransport;
  readonly bootstrapRoot: Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onStep: (step: string) => void;
  /** Told of every root that is trusted in this run, the first one included, in order. */
  readonly onRoot: (root: Document<Root>) => void;
  /** With a slash at the end. @throws usage.invalid when none was given */
  targetsBase(): string;
  /** undefined: not there. @throws download.* */
  fetchMetadata(file: string, maxBytes: number, absentStatuses?: readonly number[]): Promise<Uint8Array | undefined>;
}

/** @throws usage.invalid for addresses that are none */
export function startSession(
  options: TufRepositoryOptions,
  onRoot: (root: Document<Root>) => void = () => undefined,
): Session {
  const limits: TufLimits = { ...defaultTufLimits, ...options.limits };
  const metadataBase = parseBaseUrl(options.metadataUrl);
  const targetsBase = options.targetsUrl === undefined ? undefined : parseBaseUrl(options.targetsUrl);
  const { transport, signal, onStep = () => undefined } = options;
  return {
    now: options.clock(),
    limits,
    store: writeBehind(options.store),
    transport,
    bootstrapRoot: options.bootstrapRoot,
    signal,
    onStep,
    onRoot,
    targetsBase() {
      if (targetsBase !== undefined) return targetsBase;
      throw new CountersignError("usage.invalid", "nothing says where this repository's targets are");
    },
    fetchMetadata(file, maxBytes, absentStatuses) {
      onStep(file);
      const url = metadataUrl(metadataBase, file);
      const { documentMs: totalMs, idleMs } = limits;
      return fetchBytes(transport, { url, maxBytes, totalMs, idleMs, signal }, absentStatuses);
    },
  };
}
