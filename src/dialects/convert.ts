// The same content said in the other dialect: keys re-made from their public halves, delegation paths translated, dates in that
// dialect's precision, versions untouched. Only what publishers sign is converted (root, targets, delegations); snapshot and
// timestamp are made anew. What would mean something else in the other dialect is refused, never approximated.
import { extraMembers, isTopRole, type JsonObject, type RoleName, type topRoles } from "../bytes/index.ts";
import type { Certificate, KeyId, PublicKey } from "../keys/index.ts";
import type {
  DelegatedPaths,
  DelegatedRole,
  Delegations,
  Dialect,
  Key,
  RoleKeys,
  Root,
  Targets,
} from "../tuf/index.ts";
import { maxDepth, patternsOfPrefixes, prefixesOfPatterns } from "./convert-paths.ts";
import { inexpressible } from "./envelope.ts";

/** The certificate of a root key for notary1, made for the collection. */
export type CertificateOf = (publicKey: PublicKey) => Certificate | undefined;

/**
 * A root in dialect `to`. Keys that no role lists (Notary keeps old root certificates) are left behind; several certificates of
 * one key become one key. @throws preflight.inexpressible, key.unsupported
 */
export function convertRoot(root: Root, to: Dialect, certificateOf: CertificateOf = () => undefined): Root {
  const keys = new Map<KeyId, Key>();
  const role = (name: (typeof topRoles)[number]) =>
    convertRoleKeys(name, root.roles[name], root.keys, keys, to, (publicKey) => {
      if (to.name !== "notary1" || name !== "root") return to.makeKey(publicKey);
      const certificate = certificateOf(publicKey);
      if (certificate === undefined) throw inexpressible("notary1", `root key ${publicKey.id} without a certificate`);
      return to.makeKey(publicKey, certificate);
    });
  return {
    type: "root",
    version: root.version,
    expires: to.formatExpiry(root.expires.at),
    consistentSnapshot: to.name === "tuf1",
    roles: { root: role("root"), targets: role("targets"), snapshot: role("snapshot"), timestamp: role("timestamp") },
    keys,
    extra: convertExtra(root.extra),
  };
}

/** `targets` or a delegated role in dialect `to`. @throws preflight.inexpressible, key.unsupported */
export function convertTargets(role: RoleName, targets: Targets, to: Dialect): Targets {
  if (to.name === "tuf1" && !isTopRole(role)) {
    for (const name of targets.targets.keys()) {
      if (name.split("/").length > maxDepth) {
        throw inexpressible(
          "tuf1",
          `a target of ${role} with more than ${maxDepth} path segments: ${name.slice(0, 80)}`,
        );
      }
    }
  }
  return {
    type: "targets",
    version: targets.version,
    expires: to.formatExpiry(targets.expires.at),
    targets: targets.targets,
    delegations: convertDelegations(role, targets.delegations, to),
    extra: convertExtra(targets.extra),
  };
}

function convertDelegations(
  parent: RoleName,
  delegations: Delegations | undefined,
  to: Dialect,
): Delegations | undefined {
  if (delegations === undefined) return undefined;
  if (delegations.succinct !== undefined) throw inexpressible(to.name, "hashed bins");
  if (delegations.roles.length === 0) return undefined;
  const keys = new Map<KeyId, Key>();
  const roles = delegations.roles.map((role): DelegatedRole => {
    if (to.name === "notary1" && role.terminating) throw inexpressible("notary1", `that ${role.name} is terminating`);
    if (to.name === "notary1" && role.name.slice(0, role.name.lastIndexOf("/")) !== parent) {
      throw inexpressible("notary1", `a delegation from ${parent} to ${role.name}`);
    }
    const roleKeys = convertRoleKeys(role.name, role, delegations.keys, keys, to, (key) => to.makeKey(key));
    return { ...roleKeys, name: role.name, paths: convertPaths(role, to), terminating: role.terminating };
  });
  return { keys, roles, succinct: undefined };
}

function convertPaths({ name, paths }: DelegatedRole, to: Dialect): DelegatedPaths {
  if (paths.kind === "prefixes") {
    return to.name === "notary1" ? paths : { kind: "patterns", patterns: patternsOfPrefixes(paths.prefixes) };
  }
  if (to.name === "tuf1") return paths;
  if (paths.kind === "patterns") return { kind: "prefixes", prefixes: prefixesOfPatterns(paths.patterns) };
  throw inexpressible("notary1", `hash prefixes of ${name}`);
}

/** Re-makes the keys of one role and adds them to `keys`. */
function convertRoleKeys(
  name: string,
  role: RoleKeys,
  from: ReadonlyMap<KeyId, Key>,
  keys: Map<KeyId, Key>,
  to: Dialect,
  make: (publicKey: PublicKey) => Key,
): RoleKeys {
  const keyIds = new Set<KeyId>();
  for (const id of role.keyIds) {
    const publicKey = from.get(id)?.publicKey;
    if (publicKey === undefined) throw inexpressible(to.name, `key ${id} of ${name}, which cannot be read`);
    const key = make(publicKey);
    keys.set(key.id, key);
    keyIds.add(key.id);
  }
  if (keyIds.size < role.threshold && role.keyIds.length >= role.threshold) {
    throw inexpressible(to.name, `a threshold of ${role.threshold} for ${name} over ${keyIds.size} distinct keys`);
  }
  return { keyIds: [...keyIds], threshold: role.threshold };
}

/** spec_version belongs to tuf1 alone. */
function convertExtra(extra: JsonObject): JsonObject {
  return extraMembers(extra, ["spec_version"]);
}
