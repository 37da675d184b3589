// A change of layout applied to a draft: every file goes to the role that the new layout gives its name to, and nothing is lost on the way.
// Where the collection carries notary1, what stands in `targets` stays there in both dialects, because notary1's readers have nothing
// else; going back to flat puts the files of bins into `targets` of both. Where it carries tuf1 alone, everything moves.
import { CountersignError, type RoleName } from "../bytes/index.ts";
import type { PublicKey } from "../keys/index.ts";
import type { Root, Target } from "../tuf/index.ts";
import {
  type BinLayout,
  binFor,
  binNames,
  hasSameBins,
  isBin,
  requireLayout,
  type SetBins,
  withLayout,
} from "./bins.ts";
import { type CollectionDraft, type DialectDraft, type RoleDraft, targetsRole } from "./collection-draft.ts";
import type { DialectState } from "./collection-state.ts";
import { delegatorOf } from "./delegated-paths.ts";
import { newestRoot } from "./next-roots.ts";

/** @throws usage.invalid, preflight.inexpressible, role.invalid; bug.unexpected where a bin was not read */
export function layOutFiles(draft: CollectionDraft, { layout, signers }: SetBins, now: number): void {
  requireLayout(layout);
  const tuf1 = draft.dialects.find(({ dialect }) => dialect.name === "tuf1");
  if (tuf1 === undefined) {
    throw new CountersignError(
      "preflight.inexpressible",
      "notary1 has no hashed bins, and the collection is notary1 alone",
    );
  }
  const top = requireRole(tuf1, targetsRole);
  const before = top.content.delegations;
  const files = filesInBins(tuf1);
  const movesAll = draft.dialects.length === 1 && layout.kind !== "flat";
  // An entry of `targets` decides before any bin: it is the one that readers see, so it is the one that is kept.
  if (movesAll) for (const [name, target] of top.content.targets) files.set(name, target);
  const delegations = withLayout(tuf1.dialect, before, layout, signers ?? targetsSigners(newestRoot(tuf1)));
  for (const name of binNames(before)) tuf1.roles.delete(name);
  change(tuf1, top, { ...top.content, delegations, targets: movesAll ? new Map() : top.content.targets });
  if (layout.kind === "flat") addFlat(draft, files);
  else fillBins(tuf1, layout, files, now);
}

/** Whether the bins lie like this already, under the keys that the change would give them. */
export function isLaidOut({ dialect, root, targets }: DialectState, { layout, signers }: SetBins): boolean {
  const delegations = targets.get(targetsRole)?.signed.delegations;
  return hasSameBins(delegations, withLayout(dialect, delegations, layout, signers ?? targetsSigners(root.signed)));
}

/** A role that only tuf1 can have, because its delegation is by hash. */
export function isTuf1Only(draft: CollectionDraft, role: RoleName): boolean {
  if (role === targetsRole) return false;
  const tuf1 = draft.dialects.find(({ dialect }) => dialect.name === "tuf1");
  return isBin(tuf1?.roles.get(delegatorOf(role))?.content.delegations, role);
}

/** Every file of every bin. @throws bug.unexpected: without all of them the layout would lose files */
function filesInBins(tuf1: DialectDraft): Map<string, Target> {
  const files = new Map<string, Target>();
  for (const name of binNames(tuf1.roles.get(targetsRole)?.content.delegations)) {
    for (const [file, target] of requireRole(tuf1, name).content.targets) files.set(file, target);
  }
  return files;
}

function addFlat(draft: CollectionDraft, files: ReadonlyMap<string, Target>): void {
  for (const one of draft.dialects) {
    const top = requireRole(one, targetsRole);
    change(one, top, { ...top.content, targets: new Map([...files, ...top.content.targets]) });
  }
}

function fillBins(tuf1: DialectDraft, layout: BinLayout, files: ReadonlyMap<string, Target>, now: number): void {
  const delegations = requireRole(tuf1, targetsRole).content.delegations;
  const bins = new Map(binNames(delegations).map((name) => [name, new Map<string, Target>()]));
  for (const [file, target] of files) {
    const bin = binFor(delegations, file);
    if (bin === undefined) throw new CountersignError("bug.unexpected", `no bin of ${layout.kind} takes a file`);
    bins.get(bin)?.set(file, target);
  }
  const expires = tuf1.dialect.formatExpiry(now);
  for (const [name, targets] of bins) {
    const current = tuf1.state.targets.get(name);
    const empty = { type: "targets", version: 1, expires, delegations: undefined, extra: {} } as const;
    const content = { ...(current?.signed ?? empty), delegations: undefined, targets };
    tuf1.roles.set(name, { current, content, touch: "changed", isOptional: false });
  }
}

function change(one: DialectDraft, before: RoleDraft, content: RoleDraft["content"]): void {
  one.roles.set(targetsRole, { ...before, content, touch: "changed", isOptional: false });
}

function requireRole(one: DialectDraft, role: RoleName): RoleDraft {
  const found = one.roles.get(role);
  if (found !== undefined) return found;
  throw new CountersignError("bug.unexpected", `${role} was not read, and what it lists would be lost`);
}

function targetsSigners({ keys, roles }: Root): { readonly keys: readonly PublicKey[]; readonly threshold: number } {
  const listed = roles.targets.keyIds.flatMap((id) => keys.get(id)?.publicKey ?? []);
  return { keys: listed, threshold: roles.targets.threshold };
}
