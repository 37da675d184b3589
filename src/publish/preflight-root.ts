// Preflight of a root that is about to be signed: each of its roles can reach its threshold, its keys may speak for the collection in
// the eyes of every reader, and nobody is one lost file away from losing the name (notary-v1, 14-A, 14-M, 14-T and 14.1).
import { type Gun, parseRoleName, topRoles } from "../bytes/index.ts";
import type { Dialect, Root } from "../tuf/index.ts";
import type { DialectDraft } from "./collection-draft.ts";
import { type Finding, finding } from "./findings.ts";
import { usableKeys } from "./held-keys.ts";
import { dateOf, renewalWindows } from "./lifetimes.ts";
import { newestRoot } from "./next-roots.ts";

/** Findings about the root a draft ends with, new or not. */
export function rootFindings(one: DialectDraft, gun: Gun, now: number): readonly Finding[] {
  const isNew = one.newRoots.length > 0;
  return rootModelFindings(one.dialect, newestRoot(one), { gun, now, before: one.state.root.signed, isNew });
}

/** `before` undefined: the first root of a collection. `isNew` false: a root that stays; what is wrong with it is pointed out only. */
export function rootModelFindings(
  dialect: Dialect,
  root: Root,
  about: { readonly gun: Gun; readonly now: number; readonly before: Root | undefined; readonly isNew: boolean },
): readonly Finding[] {
  const findings: Finding[] = [];
  const where = { dialect: dialect.name, role: parseRoleName("root") };
  for (const name of topRoles) {
    const role = root.roles[name];
    const usable = usableKeys(root.keys, role).length;
    if (usable >= role.threshold && role.threshold >= 1) continue;
    const code = usable === 0 ? "role.no_keys" : "threshold.unreachable";
    const message = `role ${name} has ${usable} usable keys and a threshold of ${role.threshold}`;
    const hints = ["list more keys or lower the threshold"];
    findings.push(finding(about.isNew ? "bricking" : "warning", code, message, { ...where, hints }));
  }
  return [
    ...findings,
    ...certificateFindings(dialect, root, about, where),
    ...(about.isNew ? singleKeyFindings(root, where) : []),
  ];
}

function certificateFindings(
  dialect: Dialect,
  root: Root,
  about: { readonly gun: Gun; readonly now: number; readonly before: Root | undefined; readonly isNew: boolean },
  where: Pick<Finding, "dialect" | "role">,
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const id of root.roles.root.keyIds) {
    const key = root.keys.get(id);
    if (key === undefined) continue;
    if (!dialect.acceptsRootKey(key, { gun: about.gun, now: about.now })) {
      // A kit that no reader accepts is found out on the day it is needed; so a new one stops the publish.
      const isAdded = about.isNew && about.before?.keys.has(id) !== true;
      const message = `root key ${id} has no certificate that readers accept for ${about.gun}: a root signed by it alone is refused`;
      const hints = ["a root certificate must name the collection and be in force"];
      const severity = isAdded ? "bricking" : "warning";
      findings.push(finding(severity, "certificate.unacceptable", message, { ...where, hints }));
      continue;
    }
    const ends = Math.min(...key.certificates.slice(0, 1).map((certificate) => certificate.notAfter));
    if (ends - about.now < renewalWindows.certificate) {
      const message = `the certificate of root key ${id} ends ${dateOf(ends)}; after that nothing heals the collection`;
      const hints = ["make a root with a new certificate for this key, signed under both, while it is in force"];
      findings.push(finding("warning", "certificate.near_expiry", message, { ...where, hints }));
    }
  }
  return findings;
}

function singleKeyFindings(root: Root, where: Pick<Finding, "dialect" | "role">): readonly Finding[] {
  const role = root.roles.root;
  if (usableKeys(root.keys, role).length > role.threshold) return [];
  const message = `losing one of ${role.keyIds.length} root keys would be losing the collection's name`;
  const hints = ["add a recovery kit: a second root key, on paper"];
  return [finding("warning", "key.single_root", message, { ...where, hints })];
}
