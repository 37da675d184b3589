// Delegated paths as people ask for them, Notary's plain prefixes ("" = everything), in the words of one dialect; and which targets a
// role may hold after a change. An entry outside its role's paths is signed and never found (notary-v1, 14-Q).
import { isTopRole, parseRoleName, type RoleName } from "../bytes/index.ts";
import { type Dialect, patternsOfPrefixes } from "../dialects/index.ts";
import { allowsTarget, type DelegatedPaths, findDelegation, restrictPrefixes, type Targets } from "../tuf/index.ts";

/** @throws preflight.inexpressible */
export function expressPaths(dialect: Pick<Dialect, "name">, prefixes: readonly string[]): DelegatedPaths {
  if (dialect.name === "notary1") return { kind: "prefixes", prefixes };
  return { kind: "patterns", patterns: patternsOfPrefixes(prefixes) };
}

/** The role whose document holds a delegation: everything before the last slash. */
export function delegatorOf(role: RoleName): RoleName {
  return parseRoleName(role.slice(0, Math.max(0, role.lastIndexOf("/"))));
}

/** From the role just below `targets` down to `role`. */
export function chainTo(role: RoleName): readonly RoleName[] {
  return isTopRole(role) ? [] : [...chainTo(delegatorOf(role)), role];
}

/** Whether readers will find a target of `role`: every hop from `targets` down must allow its name. */
export function reachableIn(
  role: RoleName,
  contentOf: (role: RoleName) => Targets | undefined,
): (name: string) => boolean {
  const hops = chainTo(role).map((hop) => findDelegation(contentOf(delegatorOf(hop))?.delegations, hop)?.paths);
  let inherited: readonly string[] | undefined;
  const effective = hops.map((paths): DelegatedPaths | undefined => {
    if (paths?.kind !== "prefixes") return paths;
    const prefixes = inherited === undefined ? paths.prefixes : restrictPrefixes(paths.prefixes, inherited);
    inherited = prefixes;
    return { kind: "prefixes", prefixes };
  });
  return (name) => effective.every((paths) => paths !== undefined && allowsTarget(paths, name));
}
