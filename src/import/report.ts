// What an import tells of each collection: how it ended, and why. Nothing is left out without a line, and what was believed only because
// it was seen first is said each time.
import type { CountersignError, Gun } from "../bytes/index.ts";
import type { AnchorKind } from "./record.ts";

export type OutcomeKind =
  /** Verified, and kept as evidence; nothing else was asked for. */
  | "verified"
  /** The chain goes on at the destination. */
  | "carriedOn"
  /** Under a new root at the destination, which states where it is from. */
  | "startedAnew"
  /** Done by an earlier run, or by somebody else with the keys. */
  | "already"
  /** Verified and kept; its root keys are not at hand. */
  | "keysMissing"
  /** The source does not verify; nothing was kept. */
  | "refused"
  /** The source has no such collection. */
  | "missing"
  /** A server could not be reached: run it again. */
  | "unreachable"
  /** Verified and kept; the destination did not take it. */
  | "failed";

export interface CollectionOutcome {
  readonly gun: Gun;
  readonly source: string;
  readonly kind: OutcomeKind;
  readonly evidence?: EvidenceFacts;
  /** Of refused, missing, unreachable, failed, keysMissing. */
  readonly error?: CountersignError;
  /** Things that somebody should look at. */
  readonly warnings: readonly string[];
}

export interface EvidenceFacts {
  readonly sha256: string;
  readonly anchor: AnchorKind;
  /** RFC 3339: everything was in force then. */
  readonly judgedAt: string;
  readonly isExpired: boolean;
  readonly firstRoot: number;
  readonly lastRoot: number;
  readonly tags: number;
}

export interface ImportReport {
  readonly archive: string;
  /** The destination's address; undefined: evidence only. */
  readonly destination: string | undefined;
  /** By name. */
  readonly collections: readonly CollectionOutcome[];
}

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly gun: Gun;
}

export function countOutcomes(report: ImportReport): ReadonlyMap<OutcomeKind, number> {
  const counts = new Map<OutcomeKind, number>();
  for (const { kind } of report.collections) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** The worst of it: what the exit code says. */
export function worstOutcome(report: ImportReport): OutcomeKind | undefined {
  const order = ["refused", "failed", "missing", "unreachable", "keysMissing"] as const;
  return order.find((kind) => report.collections.some((outcome) => outcome.kind === kind));
}
