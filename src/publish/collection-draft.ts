// The collection as it will be: per dialect the current root and targets roles, and which of them must be signed again. A draft
// starts level: where one dialect lags (an old client wrote notary1 only), its content is taken from the newer, verified one.
// Versions of a role are one number for both dialects, so that a reader that remembers cannot be rolled back by switching.
import { CountersignError, equalBytes, parseRoleName, type RoleName } from "../bytes/index.ts";
import { convertTargets, type Dialect } from "../dialects/index.ts";
import {
  type DialectName,
  type Document,
  findDelegation,
  type Root,
  type Snapshot,
  type Target,
  type Targets,
} from "../tuf/index.ts";
import { isBin, withBinsOf, withoutBins } from "./bins.ts";
import type { CollectionState, DialectState } from "./collection-state.ts";
import { delegatorOf } from "./delegated-paths.ts";
import { keepingSettings } from "./signed-settings.ts";

export const rootRole: RoleName = parseRoleName("root");
export const targetsRole: RoleName = parseRoleName("targets");

/** Why a role is signed again. `levelled`: only because the other dialect is ahead. */
export type Touch = "changed" | "renewed" | "levelled";

export interface RoleDraft {
  /** What is published now in this dialect, if anything. */
  readonly current: Document<Targets> | undefined;
  content: Targets;
  touch: Touch | undefined;
  /** Nobody asked for it: left out with a warning when its keys do not open. */
  isOptional: boolean;
}

export interface DialectDraft {
  readonly dialect: Dialect;
  readonly state: DialectState;
  /** Roots to publish, ascending; empty when the current one stays. */
  newRoots: readonly Root[];
  rootTouch: Touch | undefined;
  /** An unasked renewal: dropped when its keys do not open. */
  isRootOptional: boolean;
  /** The root lags behind the other dialect's and the keys to level it are not at hand. */
  isRootBehind: boolean;
  readonly roles: Map<RoleName, RoleDraft>;
}

export interface CollectionDraft {
  readonly gun: CollectionState["gun"];
  readonly dialects: readonly DialectDraft[];
}

/** One thing levelling did or found, for people. */
export interface Levelled {
  readonly dialect: DialectName;
  readonly role: RoleName;
  readonly fromVersion: number;
  readonly toVersion: number;
}

/** The draft of a collection as it stands, and what levelling would sign. @throws preflight.inexpressible */
export function draftCollection(state: CollectionState): {
  readonly draft: CollectionDraft;
  readonly levelled: readonly Levelled[];
} {
  const dialects = [...state.dialects.values()].map(
    (dialectState): DialectDraft => ({
      dialect: dialectState.dialect,
      state: dialectState,
      newRoots: [],
      rootTouch: undefined,
      isRootOptional: false,
      isRootBehind: false,
      roles: new Map(
        [...dialectState.targets].map(([role, document]) => [
          role,
          { current: document, content: document.signed, touch: undefined, isOptional: false },
        ]),
      ),
    }),
  );
  const draft = { gun: state.gun, dialects };
  return { draft, levelled: levelTargets(draft) };
}

/** The newest version of a role that any reader may have seen, in either dialect; 0 when there was none. */
export function highestVersion(draft: CollectionDraft, role: RoleName): number {
  return Math.max(
    0,
    ...draft.dialects.flatMap(({ state, roles }) => [
      roles.get(role)?.current?.signed.version ?? 0,
      // A delegation that was removed stays listed in tuf1 snapshots: made anew, it must go on from there.
      listedVersion(state.snapshot?.signed, role),
    ]),
  );
}

/** The dialect whose document of a role is the newest; notary1 where they are level, because only old clients write one-sided. */
export function leadingDialect(draft: CollectionDraft, role: RoleName): DialectDraft {
  const ordered = [...draft.dialects].sort(
    (a, b) => Number(b.dialect.name === "notary1") - Number(a.dialect.name === "notary1"),
  );
  const version = (one: DialectDraft) => one.roles.get(role)?.current?.signed.version ?? 0;
  const [first, ...rest] = ordered;
  if (first === undefined)
    throw new CountersignError("collection.missing", `${draft.gun} has no documents in any dialect`);
  return rest.reduce((best, one) => (version(one) > version(best) ? one : best), first);
}

function levelTargets(draft: CollectionDraft): Levelled[] {
  const levelled: Levelled[] = [];
  const roles = new Set(draft.dialects.flatMap((one) => [...one.roles.keys()]));
  for (const role of [...roles].sort(parentsFirst)) {
    if (dropUndelegated(draft, role)) continue;
    const leader = leadingDialect(draft, role);
    const leading = leader.roles.get(role);
    if (leading === undefined) continue;
    const source = leading.content;
    for (const lagging of draft.dialects) {
      if (lagging === leader || isBinOf(leader, role)) continue;
      const current = lagging.roles.get(role)?.current;
      if (current !== undefined && isLevel(current.signed, source)) continue;
      if (current?.signed.version === source.version) leader.roles.set(role, { ...leading, touch: "renewed" });
      lagging.roles.set(role, {
        current,
        content: levelledContent(role, source, current?.signed, lagging.dialect),
        touch: "levelled",
        isOptional: false,
      });
      levelled.push({
        dialect: lagging.dialect.name,
        role,
        fromVersion: current?.signed.version ?? 0,
        toVersion: source.version,
      });
    }
  }
  return levelled;
}

/** A role whose delegation the newer dialect has removed is not brought back by the older one. Parents are level by now. */
function dropUndelegated(draft: CollectionDraft, role: RoleName): boolean {
  if (role === targetsRole) return false;
  const delegator = delegatorOf(role);
  if (draft.dialects.some((one) => isBinOf(one, role))) return false;
  const isDelegated = draft.dialects.every(
    ({ roles }) => findDelegation(roles.get(delegator)?.content.delegations, role) !== undefined,
  );
  if (!isDelegated) for (const { roles } of draft.dialects) roles.delete(role);
  return !isDelegated;
}

/** A bin is tuf1's alone: there is nothing to level. */
function isBinOf({ roles }: DialectDraft, role: RoleName): boolean {
  return role !== targetsRole && isBin(roles.get(delegatorOf(role))?.content.delegations, role);
}

/** What the newer dialect says, and what only this one has beside it: bins, and whom the collection must serve. */
function levelledContent(role: RoleName, source: Targets, current: Targets | undefined, to: Dialect): Targets {
  const converted = convertTargets(role, { ...source, delegations: withoutBins(source.delegations) }, to);
  return {
    ...converted,
    delegations: withBinsOf(converted.delegations, current?.delegations),
    extra: keepingSettings(converted.extra, current?.extra),
  };
}

/** Same version and the same targets: the version alone could be a coincidence of two one-sided publishes. */
function isLevel(a: Targets, b: Targets): boolean {
  if (a.version !== b.version || a.targets.size !== b.targets.size) return false;
  for (const [name, target] of a.targets) {
    const other = b.targets.get(name);
    if (other === undefined || !isSameContent(target, other)) return false;
  }
  return true;
}

function isSameContent(a: Target, b: Target): boolean {
  if (a.length !== b.length) return false;
  for (const algorithm of ["sha256", "sha512"]) {
    const left = a.hashes.get(algorithm);
    const right = b.hashes.get(algorithm);
    if ((left === undefined) !== (right === undefined)) return false;
    if (left !== undefined && right !== undefined && !equalBytes(left, right)) return false;
  }
  return true;
}

function listedVersion(snapshot: Snapshot | undefined, role: RoleName): number {
  return snapshot?.meta.get(role)?.version ?? 0;
}

/** Fewer segments first, then by name: a delegation never comes before the role that makes it. */
export function parentsFirst(a: RoleName, b: RoleName): number {
  const depth = a.split("/").length - b.split("/").length;
  if (depth !== 0) return depth;
  return a < b ? -1 : Number(a > b);
}
