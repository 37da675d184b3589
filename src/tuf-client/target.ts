// A target as the client hands it out: what the role that decided says of it, and through whom that role was reached.
import type { Hashes, JsonValue, RoleName } from "../bytes/index.ts";
import { roleInTuf1 } from "../dialects/index.ts";
import type { Target } from "../tuf/index.ts";

/** What a trusted role says of a target. */
export interface TufTarget {
  readonly path: string;
  readonly length: number;
  /** Raw hashes by algorithm, also of algorithms that we cannot check. */
  readonly hashes: Hashes;
  readonly custom: JsonValue | undefined;
  /** From `targets` to the role that decided, each delegated to the next; names as metadata writes them. */
  readonly chain: readonly string[];
}

/** `chain`: from `targets` to the role that decided. */
export function describeTarget(path: string, target: Target, chain: readonly RoleName[]): TufTarget {
  return {
    path,
    length: target.length,
    hashes: target.hashes,
    custom: target.custom,
    chain: chain.map(roleInTuf1),
  };
}
