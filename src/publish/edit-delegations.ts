// Changes to the delegations of one role, applied to the model of one dialect. Paths are asked for as Notary's prefixes and written
// as the dialect can say them. Keys are compared by identity (canonical id), never by the id a document lists them under.
import { assertNever, CountersignError, type RoleName } from "../bytes/index.ts";
import type { Dialect } from "../dialects/index.ts";
import type { CanonicalKeyId, KeyId } from "../keys/index.ts";
import type { DelegatedPaths, DelegatedRole, Delegations, Key, Targets } from "../tuf/index.ts";
import { addBeforeBins, isBin } from "./bins.ts";
import type { RemoveDelegation, SetDelegation } from "./change.ts";
import { expressPaths } from "./delegated-paths.ts";

/** @throws role.invalid for a delegation that is not there, or a new one without keys; preflight.inexpressible for its paths */
export function editDelegations(
  dialect: Dialect,
  base: Targets,
  changes: readonly (SetDelegation | RemoveDelegation)[],
): Targets {
  let delegations: Delegations = base.delegations ?? { keys: new Map(), roles: [], succinct: undefined };
  for (const change of changes) {
    delegations =
      change.kind === "delegate" ? setRole(dialect, delegations, change) : removeRole(delegations, change.role);
  }
  return { ...base, delegations };
}

function setRole(dialect: Dialect, before: Delegations, change: SetDelegation): Delegations {
  const keys = new Map(before.keys);
  const index = before.roles.findIndex((role) => role.name === change.role);
  const existing = before.roles[index];
  if (existing === undefined && (change.addKeys ?? []).length === 0) {
    throw new CountersignError("role.invalid", `delegation ${change.role} does not exist, and a new one needs a key`, {
      hints: ["name the public key of the person who will sign for it"],
    });
  }
  const keyIds = editKeys(dialect, keys, existing, change);
  const role: DelegatedRole = {
    name: change.role,
    keyIds,
    threshold: change.threshold ?? existing?.threshold ?? 1,
    terminating: existing?.terminating ?? false,
    paths: editPaths(
      change.clearsPaths === true ? undefined : existing?.paths,
      expressPaths(dialect, change.addPaths ?? []),
      expressPaths(dialect, change.removePaths ?? []),
    ),
  };
  const roles = existing === undefined ? addBeforeBins(before.roles, role) : before.roles.with(index, role);
  return { ...before, keys: usedKeys(keys, roles, before), roles };
}

function removeRole(before: Delegations, name: RoleName): Delegations {
  if (isBin(before, name)) {
    throw new CountersignError("role.invalid", `${name} is a bin: its files would be lost`, {
      hints: ["to have no bins any more: countersign collection layout GUN --bins flat"],
    });
  }
  const roles = before.roles.filter((role) => role.name !== name);
  if (roles.length === before.roles.length)
    throw new CountersignError("role.invalid", `there is no delegation ${name}`);
  return { ...before, keys: usedKeys(before.keys, roles, before), roles };
}

function editKeys(
  dialect: Dialect,
  keys: Map<KeyId, Key>,
  existing: DelegatedRole | undefined,
  change: SetDelegation,
): readonly KeyId[] {
  const identityOf = (id: KeyId): CanonicalKeyId | undefined => keys.get(id)?.publicKey?.id;
  const removed = new Set<string>(change.removeKeys ?? []);
  const kept = (existing?.keyIds ?? []).filter((id) => !removed.has(identityOf(id) ?? id));
  for (const publicKey of change.addKeys ?? []) {
    if (kept.some((id) => identityOf(id) === publicKey.id)) continue;
    const key = dialect.makeKey(publicKey);
    keys.set(key.id, key);
    kept.push(key.id);
  }
  return kept;
}

function editPaths(before: DelegatedPaths | undefined, added: DelegatedPaths, removed: DelegatedPaths): DelegatedPaths {
  const edit = (kept: readonly string[], more: readonly string[], less: readonly string[]) => [
    ...new Set([...kept, ...more].filter((path) => !less.includes(path))),
  ];
  switch (added.kind) {
    case "prefixes": {
      const kept = before?.kind === "prefixes" ? before.prefixes : [];
      return {
        kind: "prefixes",
        prefixes: edit(kept, added.prefixes, removed.kind === "prefixes" ? removed.prefixes : []),
      };
    }
    case "patterns": {
      if (before?.kind === "hashPrefixes") {
        if (added.patterns.length === 0 && removed.kind === "patterns" && removed.patterns.length === 0) return before;
        throw new CountersignError("preflight.inexpressible", "a delegation by path hashes takes no path prefixes");
      }
      const kept = before?.kind === "patterns" ? before.patterns : [];
      return {
        kind: "patterns",
        patterns: edit(kept, added.patterns, removed.kind === "patterns" ? removed.patterns : []),
      };
    }
    case "hashPrefixes":
      throw new CountersignError("bug.unexpected", "path prefixes are never expressed as path hashes");
    default:
      return assertNever(added);
  }
}

/** Keys that some role still names: a dropped key must not linger in a signed document. */
function usedKeys(
  keys: ReadonlyMap<KeyId, Key>,
  roles: readonly DelegatedRole[],
  before: Delegations,
): ReadonlyMap<KeyId, Key> {
  const used = new Set(
    [...roles, ...(before.succinct === undefined ? [] : [before.succinct])].flatMap((role) => role.keyIds),
  );
  return new Map([...keys].filter(([id]) => used.has(id)));
}
