// How thorough a run is.

export interface BenchSettings {
  /** Under three minutes in all; fewer rounds, fewer sizes. */
  readonly short: boolean;
  readonly rounds: number;
  /** The built package, made once for the run. */
  readonly program: string;
}

export const tagSizes = { short: [1, 1_000, 10_000], full: [1, 1_000, 10_000, 100_000] } as const;
