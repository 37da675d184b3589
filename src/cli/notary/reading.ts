// A collection as `notary list`, `lookup`, `verify` and `delegation list` read it: verified by the code every other reader of ours runs,
// from the server, or from an unexpired cache with Notary's warnings when the server cannot be reached.
import { parseRoleName, type RoleName } from "../../bytes/index.ts";
import { openTrustedCollection } from "../../flows/index.ts";
import { findDelegation, restrictPrefixes, type Target, type Targets } from "../../tuf/index.ts";
import type { Collection } from "../../updater/index.ts";
import type { Desk } from "./desk.ts";
import type { NotaryContext } from "./front-context.ts";

export interface ListedByRole {
  readonly name: string;
  readonly target: Target;
  readonly role: RoleName;
}

const targetsRole = parseRoleName("targets");

/** @throws what openTrustedCollection throws */
export async function readCollection(context: NotaryContext, desk: Desk): Promise<Collection> {
  const { gun, ports, pins, trustOnFirstUse } = desk;
  const options = { gun, dialect: "notary1", pins, trustOnFirstUse, offline: "allowed" } as const;
  const collection = await openTrustedCollection(ports, options);
  if (collection.freshness.kind === "cached") {
    const { url } = ports.server;
    context.log("error", `could not reach ${url.origin}: ${collection.freshness.reason.message}`);
    context.log(
      "warning",
      "Error while downloading remote metadata, using cached timestamp - this might not be the latest version available remotely",
    );
  }
  for (const warning of collection.warnings) context.log("warning", warning.message);
  return collection;
}

/** Loads every delegation, and warns of those that readers pass over. */
export async function warnOfDelegations(context: NotaryContext, collection: Collection): Promise<void> {
  for (const { role, state } of await collection.roles()) {
    if (state.kind !== "unusable") continue;
    const expired = state.reason.code === "metadata.expired";
    const why = expired ? state.reason.message : `valid signatures did not meet threshold for ${role}`;
    context.log("warning", `Error getting ${role}: ${why}`);
  }
}

/**
 * With roles named: each one's subtree in the order given, without the other named roles; the first that has a name gives it
 * (notary-v1, section 9.4). Needs the delegations loaded.
 */
export function listByRoles(collection: Collection, roles: readonly RoleName[]): readonly ListedByRole[] {
  const { targets } = collection.documents();
  const found = new Map<string, ListedByRole>();
  for (const start of roles) {
    const named = new Set(roles.filter((role) => role !== start));
    for (const { role, content, prefixes } of subtree(targets, start, named)) {
      for (const [name, target] of content.targets) {
        const isAllowed = prefixes === undefined || prefixes.some((prefix) => name.startsWith(prefix));
        if (isAllowed && !found.has(name)) found.set(name, { name, target, role });
      }
    }
  }
  return [...found.values()];
}

interface Visited {
  readonly role: RoleName;
  readonly content: Targets;
  /** undefined: every name. */
  readonly prefixes: readonly string[] | undefined;
}

/** Breadth first, children in file order, each with the paths that its parents leave it. */
function subtree(
  documents: ReadonlyMap<RoleName, { readonly signed: Targets }>,
  start: RoleName,
  skipped: ReadonlySet<RoleName>,
): readonly Visited[] {
  const visited: Visited[] = [];
  const pending: { readonly role: RoleName; readonly prefixes: readonly string[] | undefined }[] = [
    { role: start, prefixes: prefixesOf(documents, start) },
  ];
  const seen = new Set<RoleName>();
  for (let step = pending.shift(); step !== undefined; step = pending.shift()) {
    const content = documents.get(step.role)?.signed;
    if (content === undefined || seen.has(step.role)) continue;
    seen.add(step.role);
    visited.push({ ...step, content });
    for (const { name, paths } of content.delegations?.roles ?? []) {
      if (skipped.has(name)) continue;
      const own = paths.kind === "prefixes" ? paths.prefixes : [];
      pending.push({ role: name, prefixes: step.prefixes === undefined ? own : restrictPrefixes(own, step.prefixes) });
    }
  }
  return visited;
}

/** What every delegator on the way leaves a role; none for a role that nobody delegates to. */
function prefixesOf(
  documents: ReadonlyMap<RoleName, { readonly signed: Targets }>,
  role: RoleName,
): readonly string[] | undefined {
  if (role === targetsRole) return undefined;
  const parent = parseRoleName(role.slice(0, role.lastIndexOf("/")));
  const paths = findDelegation(documents.get(parent)?.signed.delegations, role)?.paths;
  const own = paths?.kind === "prefixes" ? paths.prefixes : [];
  const above = prefixesOf(documents, parent);
  return above === undefined ? own : restrictPrefixes(own, above);
}
