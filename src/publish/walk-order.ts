// One tag, two answers: notary1 readers walk delegations breadth first, tuf1 readers depth first (tuf/target-search.ts). Where nested
// delegations overlap and two roles sign the same name, the dialects may name different ones. Legal, and a surprise worth a warning.
import type { RoleName } from "../bytes/index.ts";
import { searchTarget, type Targets } from "../tuf/index.ts";
import type { CollectionDraft, DialectDraft } from "./collection-draft.ts";
import { type Finding, finding } from "./findings.ts";

/** More would be noise. */
const maxFindings = 5;

/** Names whose deciding role would differ between the dialects after this change. */
export function walkOrderFindings({ dialects }: CollectionDraft): readonly Finding[] {
  const [first, second] = dialects;
  if (first === undefined || second === undefined) return [];
  const isTouched = [...first.roles.values(), ...second.roles.values()].some(({ touch }) => touch === "changed");
  if (!isTouched || ![...first.roles.keys()].some((role) => role.split("/").length > 2)) return [];
  const findings: Finding[] = [];
  for (const name of namesOfSeveral(first)) {
    const [one, other] = [deciding(first, name), deciding(second, name)];
    if (one === undefined || other === undefined || one === other) continue;
    const message = `${JSON.stringify(name)} is decided by ${one} for readers of ${first.dialect.name} and by ${other} for readers of ${second.dialect.name}`;
    const hints = ["sign the name in one of these roles only, or give the delegations paths that do not overlap"];
    findings.push(finding("warning", "delegation.walk_differs", message, { role: one, hints }));
    if (findings.length === maxFindings) break;
  }
  return findings;
}

/** Target names that more than one role holds. */
function namesOfSeveral(one: DialectDraft): ReadonlySet<string> {
  const seen = new Set<string>();
  const several = new Set<string>();
  for (const { content } of one.roles.values()) {
    for (const name of content.targets.keys()) {
      if (seen.has(name)) several.add(name);
      seen.add(name);
    }
  }
  return several;
}

function deciding(one: DialectDraft, name: string): RoleName | undefined {
  const contentOf = (role: RoleName): Targets | undefined => one.roles.get(role)?.content;
  const search = searchTarget(one.dialect.name, name);
  let step = search.next();
  while (step.done !== true) step = search.next(contentOf(step.value.role));
  return step.value.kind === "found" ? step.value.role : undefined;
}
