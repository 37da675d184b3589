// A delegation as people name it: `targets/releases`, or `releases` for short.
import { CountersignError, isTopRole, parseRoleName, type RoleName } from "../bytes/index.ts";

/** @throws role.invalid, also for the roles of the root */
export function delegatedRole(text: string): RoleName {
  if (!isTopRole(text)) return parseRoleName(text.startsWith("targets/") ? text : `targets/${text}`);
  throw new CountersignError("role.invalid", `${text} is a role of the root, not a delegation`, {
    hints: ["its keys are changed with: countersign rotate GUN ROLE"],
  });
}
