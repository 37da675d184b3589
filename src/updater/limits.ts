// How many bytes and steps a reader grants a repository before it gives up. Every fetch has a limit, so that a mirror cannot
// fill the memory (endless data) or keep a reader busy (endless roots, delegation mazes). TUF 1.0 clients agree on the tuf1
// figures (tuf-1.0, section 4); notary1's are those of Notary's client (notary-v1, section 1), which large collections rely on.
import type { DialectName } from "../tuf/index.ts";

export interface Limits {
  readonly rootBytes: number;
  readonly timestampBytes: number;
  readonly snapshotBytes: number;
  /** For targets and every delegated role, where the parent lists no length. */
  readonly targetsBytes: number;
  /** Root versions one run may walk. */
  readonly rootRotations: number;
  /** Delegated roles one lookup may visit, and a listing may read. */
  readonly delegations: number;
}

const mebibyte = 1024 * 1024;

/** TUF 1.0 clients' figures, but for targets: they stop at 5 MB, about 34,000 tags, which a registry outgrows. */
export const tuf1Limits: Limits = {
  rootBytes: 512_000,
  timestampBytes: 16_384,
  snapshotBytes: 2_000_000,
  targetsBytes: 100 * mebibyte,
  rootRotations: 256,
  delegations: 32,
};

/** Notary's client: 1 MiB of timestamp, 100 MiB of anything else; snapshots and roots are held tighter here. */
export const notary1Limits: Limits = {
  rootBytes: mebibyte,
  timestampBytes: mebibyte,
  snapshotBytes: 10 * mebibyte,
  targetsBytes: 100 * mebibyte,
  rootRotations: 256,
  delegations: 1_024,
};

export function defaultLimits(dialect: DialectName): Limits {
  return dialect === "notary1" ? notary1Limits : tuf1Limits;
}
