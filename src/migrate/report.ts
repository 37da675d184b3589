// What a migration tells: counts, and every single thing that is not as it should be. Nothing is dropped without a finding.
// The report of a dry run has the same shape, and says what a run would do.
import type { Gun } from "../bytes/index.ts";

export type Severity =
  /** Worth knowing; nothing to do. */
  | "note"
  /** Migrated; readers go on as they did, and somebody should act before it gets worse. */
  | "warning"
  /** Migrated as it is, and readers could not verify it before and cannot now. */
  | "broken"
  /** Not migrated. */
  | "left_out"
  /** The destination holds something else; left alone. */
  | "conflict";

/** Stable names, for scripts, and what each says; docs/migration.md has them too. */
export const findingMeanings = {
  "certificate.expired":
    "the root is signed under expired certificates: every Notary client refuses it and nobody can repair it",
  "changes.conflict": "a row of the change feed has an id that is another row's on the new server",
  "changes.name_refused": "rows of the change feed are of a name that the new server does not take",
  "collection.conflict": "both servers were published to",
  "collection.deleted_since": "the old server deleted it after an earlier run had brought it",
  "collection.moved_on": "the new server has everything of the old one's, and newer documents",
  "collection.no_root": "no usable root is stored",
  "collection.unreadable": "a document that readers get does not verify",
  "delegation.unusable": "a delegated role is expired or signed by too few of its keys",
  "document.expired": "a document is past its date",
  "document.unreachable":
    "the chain from timestamp to targets names a document that is not stored, or a stored one is named by nothing",
  "key.deleted": "a key's row is marked as deleted",
  "key.missing": "no row has the key that the root names",
  "key.role": "a key is for another role than snapshot or timestamp",
  "key.sealed_here": "an earlier run gave the key to the new server itself, which is now to ask a signer",
  "key.unnamed":
    "a key's row names no collection (Notary before 0.4) and it was not given to this one, or to none: see the message",
  "key.unopened": "a key does not open with the passphrase of its alias, or is not the key of its row",
  "name.refused": "the new server takes no collection of this name",
  "root.chain": "a root does not follow the one before it",
  "row.deleted": "a row is marked as deleted",
  "row.hash": "a row's sha256 is not that of its data",
  "row.role": "a row's role is no role of TUF",
  "row.unreadable": "a row's data is no signed document of its role",
  "row.version": "a row's data is another version than the row says",
  "signer.absent": "no signer database was given",
} as const;

export type FindingCode = keyof typeof findingMeanings;

export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  /** As the source has it. */
  readonly gun?: string;
  readonly role?: string;
  readonly version?: number;
  readonly keyId?: string;
  /** What is so, and why. */
  readonly message: string;
  /** What follows from it, and what to do. */
  readonly consequence?: string;
}

export interface CollectionCounts {
  readonly found: number;
  /** New here, or brought up to date. */
  readonly copied: number;
  /** Here already, by an earlier run. */
  readonly already: number;
  /** Of those copied: a fresh reader verifies them whole. */
  readonly verified: number;
  readonly broken: number;
  readonly leftOut: number;
  readonly conflicts: number;
}

export interface MigrationReport {
  readonly dryRun: boolean;
  readonly server: string;
  readonly signer: string | undefined;
  readonly destination: string;
  readonly collections: CollectionCounts;
  readonly documents: {
    readonly found: number;
    readonly copied: number;
    readonly leftOut: number;
    readonly bytes: number;
  };
  /** Tags (targets) that a fresh reader finds in the collections read in this run. */
  readonly targets: number;
  readonly keys: {
    readonly found: number;
    readonly copied: number;
    readonly already: number;
    readonly leftOut: number;
  };
  readonly changes: {
    readonly found: number;
    readonly copied: number;
    readonly already: number;
    readonly leftOut: number;
  };
  readonly findings: readonly Finding[];
}

/** The worst of a report: what the exit code says. */
export function outcomeOf(report: MigrationReport): "complete" | "incomplete" | "conflict" {
  const has = (...severities: readonly Severity[]) =>
    report.findings.some((finding) => severities.includes(finding.severity));
  if (has("conflict")) return "conflict";
  return has("broken", "left_out") ? "incomplete" : "complete";
}

type Counter = { -readonly [K in keyof CollectionCounts]: number };

/** Gathers while a migration runs. */
export class Tally {
  readonly collections: Counter = {
    found: 0,
    copied: 0,
    already: 0,
    verified: 0,
    broken: 0,
    leftOut: 0,
    conflicts: 0,
  };
  readonly documents = { found: 0, copied: 0, leftOut: 0, bytes: 0 };
  readonly keys = { found: 0, copied: 0, already: 0, leftOut: 0 };
  readonly changes = { found: 0, copied: 0, already: 0, leftOut: 0 };
  targets = 0;
  readonly #findings: Finding[] = [];

  add(...findings: readonly Finding[]): void {
    this.#findings.push(...findings);
  }

  /** Worst first, then by name: two runs over the same data give the same report. */
  get findings(): readonly Finding[] {
    return this.#findings.toSorted(
      (a, b) =>
        order.indexOf(a.severity) - order.indexOf(b.severity) ||
        compare(a.gun ?? "", b.gun ?? "") ||
        compare(a.code, b.code) ||
        compare(a.role ?? "", b.role ?? "") ||
        (a.version ?? 0) - (b.version ?? 0) ||
        compare(a.keyId ?? "", b.keyId ?? ""),
    );
  }
}

const order: readonly Severity[] = ["conflict", "left_out", "broken", "warning", "note"];

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** How far a migration is. */
export interface Progress {
  readonly step: "listing" | "collections" | "keys" | "changes";
  readonly done: number;
  readonly total: number;
  /** The one just done. */
  readonly gun?: Gun | string;
}
