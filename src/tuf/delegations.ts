// Which delegated roles may speak for a target, and through which keys a role is reached. A role's file is always checked with
// the keys and paths of the delegator it was reached through; there is no such thing as a role's own keys.
// TUF 1.0.34, 4.5 (paths, path_hash_prefixes), TAP 15 (succinct hashed bins), Notary v1 (plain prefixes).
import { encodeHex, parseTuf1RoleName, type RoleName, sha256 } from "../bytes/index.ts";
import type { DelegatedPaths, DelegatedRole, Delegations, SuccinctRoles } from "./model.ts";
import { matchesPattern } from "./path-pattern.ts";

/** True when a role with these paths may speak for the target. No path at all allows nothing. */
export function allowsTarget(paths: DelegatedPaths, target: string): boolean {
  switch (paths.kind) {
    case "prefixes":
      return paths.prefixes.some((prefix) => target.startsWith(prefix));
    case "patterns":
      return paths.patterns.some((pattern) => matchesPattern(pattern, target));
    case "hashPrefixes":
      return hasPrefix(paths.hashPrefixes, encodeHex(sha256(target)));
  }
}

function hasPrefix(prefixes: readonly string[], digest: string): boolean {
  return prefixes.some((prefix) => digest.startsWith(prefix));
}

/**
 * Notary's rule for nested delegations: of a child's prefixes only those count that start with one of its parent's. A child's
 * "" below a parent's "v1." therefore counts for nothing, as in Notary, although the two have names in common.
 */
export function restrictPrefixes(child: readonly string[], parent: readonly string[]): readonly string[] {
  return child.filter((prefix) => parent.some((allowed) => prefix.startsWith(allowed)));
}

/** The delegations that may speak for the target, in order of priority. */
export function delegationsFor(delegations: Delegations | undefined, target: string): readonly DelegatedRole[] {
  if (delegations === undefined) return [];
  const { succinct } = delegations;
  if (succinct !== undefined) return [binRole(succinct, binOf(succinct, target))];
  // Hashed once: of bins by hash prefixes there are thousands.
  let digest: string | undefined;
  return delegations.roles.filter(({ paths }) => {
    if (paths.kind !== "hashPrefixes") return allowsTarget(paths, target);
    digest ??= encodeHex(sha256(target));
    return hasPrefix(paths.hashPrefixes, digest);
  });
}

/** The delegation to `role`, whatever its paths. */
export function findDelegation(delegations: Delegations | undefined, role: RoleName): DelegatedRole | undefined {
  if (delegations === undefined) return undefined;
  const { succinct } = delegations;
  if (succinct === undefined) return delegations.roles.find(({ name }) => name === role);
  const bin = binNumber(succinct, role);
  return bin === undefined ? undefined : binRole(succinct, bin);
}

/** How many roles a targets document delegates to; 2^bitLength for hashed bins. */
export function countDelegations(delegations: Delegations | undefined): number {
  if (delegations === undefined) return 0;
  return delegations.succinct === undefined ? delegations.roles.length : 2 ** delegations.succinct.bitLength;
}

/** Every delegated role in order; ask countDelegations first, hashed bins can be four thousand million. */
export function* allDelegations(delegations: Delegations | undefined): Generator<DelegatedRole, void, void> {
  if (delegations === undefined) return;
  yield* delegations.roles;
  const { succinct } = delegations;
  if (succinct === undefined) return;
  for (let bin = 0; bin < 2 ** succinct.bitLength; bin++) yield binRole(succinct, bin);
}

/** The bin that holds a target: the top `bitLength` bits of the SHA-256 of its name. */
function binOf(succinct: SuccinctRoles, target: string): number {
  const digest = sha256(target);
  const top = new DataView(digest.buffer, digest.byteOffset).getUint32(0);
  return top >>> (32 - succinct.bitLength);
}

function binRole(succinct: SuccinctRoles, bin: number): DelegatedRole {
  return {
    name: parseTuf1RoleName(`${succinct.namePrefix}-${binSuffix(succinct, bin)}`),
    keyIds: succinct.keyIds,
    threshold: succinct.threshold,
    // A bin may speak for exactly the targets that hash into it; as hash prefixes where the bits end on a digit they would
    // say the same. The search only ever reaches a bin through delegationsFor, which computed it.
    paths: { kind: "hashPrefixes", hashPrefixes: binPrefixes(succinct, bin) },
    // One bin at most can match, so clients treat it as terminating, whatever TAP 15's text says (tuf-1.0, section 5).
    terminating: true,
  };
}

function binSuffix(succinct: SuccinctRoles, bin: number): string {
  return bin.toString(16).padStart(Math.ceil(succinct.bitLength / 4), "0");
}

function binNumber(succinct: SuccinctRoles, role: string): number | undefined {
  const start = `${succinct.namePrefix}-`;
  if (!role.startsWith(start)) return undefined;
  const suffix = role.slice(start.length);
  if (!/^[0-9a-f]{1,8}$/.test(suffix)) return undefined;
  const bin = Number.parseInt(suffix, 16);
  return bin < 2 ** succinct.bitLength && binSuffix(succinct, bin) === suffix ? bin : undefined;
}

/** The hex prefixes of all hashes in a bin: one, or up to eight where the bits end inside a digit. */
function binPrefixes(succinct: SuccinctRoles, bin: number): readonly string[] {
  const digits = Math.ceil(succinct.bitLength / 4);
  const spareBits = digits * 4 - succinct.bitLength;
  const first = bin * 2 ** spareBits;
  return Array.from({ length: 2 ** spareBits }, (_, index) => (first + index).toString(16).padStart(digits, "0"));
}
