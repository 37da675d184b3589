// How much a repository may ask of its reader. The numbers are those that TUF clients share (python-tuf, go-tuf, tuf-js), so that a
// repository which one of them reads is read by all. TUF 1.0.34, section 5: W, X, Y, Z and the numbers of roots and roles.

export interface TufLimits {
  readonly rootBytes: number;
  readonly timestampBytes: number;
  /** Where the timestamp lists no length. */
  readonly snapshotBytes: number;
  /** Where the snapshot lists no length. */
  readonly targetsBytes: number;
  /** A listed length is believed up to here: whoever signs it must not be able to fill this machine's memory. */
  readonly listedBytes: number;
  /** New root versions accepted in one run. */
  readonly rootRotations: number;
  /** Roles visited in the search for one target, the top-level role included. */
  readonly roles: number;
  /** Longest time for one document, in milliseconds. */
  readonly documentMs: number;
  /** Longest silence on the wire, in milliseconds. */
  readonly idleMs: number;
  /** A target may take documentMs and then as long as this speed gives it. */
  readonly targetBytesPerSecond: number;
}

export const defaultTufLimits: TufLimits = {
  rootBytes: 512_000,
  timestampBytes: 16_384,
  snapshotBytes: 2_000_000,
  targetsBytes: 5_000_000,
  listedBytes: 256 * 1024 * 1024,
  rootRotations: 256,
  roles: 32,
  documentMs: 60_000,
  idleMs: 15_000,
  targetBytesPerSecond: 8_192,
};
