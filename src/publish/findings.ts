// What preflight finds. A finding is a value: people read its text, programs its code. Only a bricking one stops a publish.
import { CountersignError, type RoleName } from "../bytes/index.ts";
import type { DialectName } from "../tuf/index.ts";

/** bricking: after this some reader cannot verify or no owner can update. warning: will be, or may surprise somebody. */
export type Severity = "bricking" | "warning";

export type FindingCode =
  | "certificate.near_expiry"
  | "certificate.unacceptable"
  | "custom.breaks_old_writers"
  | "delegation.begins_empty"
  | "delegation.last_key"
  | "delegation.no_paths"
  | "delegation.unreachable_target"
  | "delegation.unsigned"
  | "delegation.vanishes"
  | "delegation.walk_differs"
  | "dialect.behind"
  | "dialect.not_started"
  | "dialect.inexpressible"
  | "document.expired"
  | "document.near_expiry"
  | "document.too_large"
  | "key.not_at_hand"
  | "key.single_root"
  | "reader.refuses"
  | "role.no_keys"
  | "root.not_signed_by_all"
  | "snapshot.held_here"
  | "threshold.unreachable"
  | "version.not_level";

export interface Finding {
  readonly severity: Severity;
  readonly code: FindingCode;
  readonly dialect: DialectName | undefined;
  readonly role: RoleName | undefined;
  /** One sentence of facts. */
  readonly message: string;
  /** What to do about it, one step a line. */
  readonly hints: readonly string[];
  readonly cause: unknown;
}

export function finding(
  severity: Severity,
  code: FindingCode,
  message: string,
  about: {
    readonly dialect?: DialectName | undefined;
    readonly role?: RoleName | undefined;
    readonly hints?: readonly string[];
    readonly cause?: unknown;
  } = {},
): Finding {
  return {
    severity,
    code,
    message,
    dialect: about.dialect,
    role: about.role,
    hints: about.hints ?? [],
    cause: about.cause,
  };
}

export function isBricking(found: Finding): boolean {
  return found.severity === "bricking";
}

/** Stops when any finding is bricking. @throws preflight.would_lock_out with one line a finding */
export function refuseLockOut(findings: readonly Finding[]): void {
  const bricking = findings.filter(isBricking);
  if (bricking.length === 0) return;
  const lines = bricking.map((found) => {
    const where = [found.dialect, found.role].filter((part) => part !== undefined).join(" ");
    return where === "" ? found.message : `${where}: ${found.message}`;
  });
  throw new CountersignError("preflight.would_lock_out", `this change would lock people out: ${lines.join("; ")}`, {
    hints: [...new Set(bricking.flatMap((found) => found.hints))],
    cause: bricking.length === 1 ? bricking[0]?.cause : undefined,
  });
}
