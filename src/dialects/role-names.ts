// How roles are named in the two dialects. The model speaks Notary's way, `targets/NAME`, whatever the dialect; tuf1 writes `NAME`.
// The mapping only adds or removes the prefix, so it is one to one: no tuf1 name can become a top-level role.
import { isTopRole, parseRoleName, parseTuf1RoleName, type RoleName } from "../bytes/index.ts";

const prefix = "targets/";

/** The model's name for a delegated role that tuf1 metadata names. @throws role.invalid, also for the top-level names */
export function delegatedRoleFromTuf1(wireName: string): RoleName {
  return parseTuf1RoleName(`${prefix}${parseTuf1RoleName(wireName)}`);
}

/** The model's name for any role as tuf1 metadata and file names spell it. @throws role.invalid */
export function roleFromTuf1(wireName: string): RoleName {
  return isTopRole(wireName) ? parseRoleName(wireName) : delegatedRoleFromTuf1(wireName);
}

/** The name tuf1 writes for a role of the model. */
export function roleInTuf1(role: RoleName): string {
  return role.startsWith(prefix) ? role.slice(prefix.length) : role;
}
