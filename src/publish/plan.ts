// From a change to what has to be signed, before any key is opened: level the dialects, apply the change to each, renew what is
// near expiry, give every touched role its version and expiry, and say whose keys have to sign. TUF 1.0.34 section 6.3.
import { CountersignError, type RoleName } from "../bytes/index.ts";
import type { Dialect } from "../dialects/index.ts";
import type { CanonicalKeyId, KeyId } from "../keys/index.ts";
import type { Key, RoleKeys, Root, Targets } from "../tuf/index.ts";
import type { Change } from "./change.ts";
import {
  type CollectionDraft,
  type DialectDraft,
  draftCollection,
  highestVersion,
  type Levelled,
  parentsFirst,
  type RoleDraft,
  rootRole,
  type Touch,
  targetsRole,
} from "./collection-draft.ts";
import type { CollectionState } from "./collection-state.ts";
import { delegatorOf } from "./delegated-paths.ts";
import { editDelegations } from "./edit-delegations.ts";
import { editTargets } from "./edit-targets.ts";
import { distinctHeld } from "./held-keys.ts";
import { defaultLifetimes, isNearExpiry, type Lifetimes, lifetimeOf } from "./lifetimes.ts";
import { levelRoots, newestRoot, renewRoots } from "./next-roots.ts";

/** Keys that may sign a document for one delegator; all authorities of a document must be satisfied. */
export interface Authority {
  readonly keys: ReadonlyMap<KeyId, Key>;
  readonly role: RoleKeys;
  /** In words, for messages. */
  readonly words: string;
}

export interface PlannedDocument<T extends Root | Targets = Root | Targets> {
  readonly dialect: Dialect;
  readonly role: RoleName;
  readonly signed: T;
  readonly touch: Touch;
  readonly authorities: readonly Authority[];
  /** Left out with a warning, rather than failing the publish, when its keys cannot be opened. */
  readonly isOptional: boolean;
}

export interface Plan {
  readonly state: CollectionState;
  readonly draft: CollectionDraft;
  /** Per dialect root (versions ascending), then targets roles, parents first. */
  readonly documents: readonly PlannedDocument[];
  readonly levelled: readonly Levelled[];
}

export interface PlanOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Who publishes, for custom data of targets. */
  readonly publisher?: string;
  readonly lifetimes?: Lifetimes;
  /** Keys at hand: roles near expiry are renewed along the way only when they can be signed. */
  readonly keyIds: ReadonlySet<CanonicalKeyId>;
  /** Highest versions seen before, if the caller remembers more than the documents show (a collection made anew). */
  readonly seenVersions?: ReadonlyMap<RoleName, number>;
}

/**
 * Plans one publish. An empty list of changes levels and renews only.
 * @throws preflight.inexpressible, target.missing, target.invalid, role.invalid, name.invalid
 */
export function planChange(state: CollectionState, changes: readonly Change[], options: PlanOptions): Plan {
  const { draft, levelled } = draftCollection(state);
  const rootsLevelled = levelRoots(draft, options);
  for (const [role, batch] of byRole(changes)) applyTo(draft, role, batch, options);
  touchRenewals(draft, changes, options);
  stampVersions(draft, options);
  const documents = draft.dialects.flatMap((one) => plannedDocuments(one, options));
  return { state, draft, documents, levelled: [...rootsLevelled, ...levelled] };
}

/** Changes by the role whose document they edit, parents first. Renewals edit nothing. */
function byRole(changes: readonly Change[]): [RoleName, Change[]][] {
  const batches = new Map<RoleName, Change[]>();
  for (const change of changes) {
    const role = editedRole(change);
    const batch = batches.get(role);
    if (batch === undefined) batches.set(role, [change]);
    else batch.push(change);
  }
  return [...batches].sort(([a], [b]) => parentsFirst(a, b));
}

function editedRole(change: Change): RoleName {
  switch (change.kind) {
    case "add":
    case "remove":
      return change.role ?? targetsRole;
    case "delegate":
    case "undelegate":
      return delegatorOf(change.role);
    case "renew":
      return change.role;
  }
}

function applyTo(draft: CollectionDraft, role: RoleName, batch: readonly Change[], options: PlanOptions): void {
  const targetChanges = batch.filter((change) => change.kind === "add" || change.kind === "remove");
  const delegationChanges = batch.filter((change) => change.kind === "delegate" || change.kind === "undelegate");
  if (targetChanges.length === 0 && delegationChanges.length === 0) return;
  for (const one of draft.dialects) {
    const before = one.roles.get(role) ?? newRole(one, role, options);
    const edited = editTargets(role, before.content, targetChanges, { publisher: options.publisher, now: options.now });
    const content = delegationChanges.length === 0 ? edited : editDelegations(one.dialect, edited, delegationChanges);
    one.roles.set(role, { ...before, content, touch: "changed", isOptional: false });
    for (const change of delegationChanges) if (change.kind === "undelegate") dropBelow(one, change.role);
  }
}

/** An empty document for a delegation that exists and was never signed. @throws role.invalid */
function newRole(one: DialectDraft, role: RoleName, options: PlanOptions): RoleDraft {
  authorityFor(one, role);
  const content: Targets = {
    type: "targets",
    version: 1,
    expires: one.dialect.formatExpiry(options.now),
    targets: new Map(),
    delegations: undefined,
    extra: {},
  };
  return { current: undefined, content, touch: undefined, isOptional: false };
}

function dropBelow(one: DialectDraft, removed: RoleName): void {
  for (const role of one.roles.keys()) {
    if (role === removed || role.startsWith(`${removed}/`)) one.roles.delete(role);
  }
}

/** Asked-for renewals, and those that are due and can be signed with what is at hand. */
function touchRenewals(draft: CollectionDraft, changes: readonly Change[], options: PlanOptions): void {
  const asked = new Set(changes.filter((change) => change.kind === "renew").map((change) => change.role));
  renewRoots(draft, { ...options, isAsked: asked.delete(rootRole) });
  for (const one of draft.dialects) {
    for (const [role, drafted] of one.roles) {
      if (drafted.touch === "changed") continue;
      const isDue = isNearExpiry(drafted.content.expires, role, options.now) && canSign(one, role, options.keyIds);
      if (asked.has(role)) one.roles.set(role, { ...drafted, touch: "renewed" });
      else if (isDue) one.roles.set(role, { ...drafted, touch: "renewed", isOptional: drafted.touch === undefined });
    }
  }
  for (const role of asked) {
    if (draft.dialects.some((one) => one.roles.has(role))) continue;
    throw new CountersignError("role.invalid", `there is no role ${role} to renew`);
  }
  // A role renewed in one dialect is renewed in all, or their versions would part.
  for (const one of draft.dialects) {
    for (const [role, drafted] of one.roles) {
      if (drafted.touch === "renewed" || drafted.touch === "changed") touchEverywhere(draft, role, drafted);
    }
  }
}

function touchEverywhere(draft: CollectionDraft, role: RoleName, like: RoleDraft): void {
  for (const one of draft.dialects) {
    const drafted = one.roles.get(role);
    if (drafted === undefined || drafted.touch === "changed") continue;
    one.roles.set(role, { ...drafted, touch: like.touch, isOptional: like.isOptional && drafted.touch !== "levelled" });
  }
}

function canSign(one: DialectDraft, role: RoleName, held: ReadonlySet<CanonicalKeyId>): boolean {
  const { keys, role: roleKeys } = authorityFor(one, role);
  return distinctHeld(keys, roleKeys, held).length >= roleKeys.threshold;
}

function stampVersions(draft: CollectionDraft, options: PlanOptions): void {
  const lifetimes = options.lifetimes ?? defaultLifetimes;
  for (const one of draft.dialects) {
    for (const [role, drafted] of one.roles) {
      if (drafted.touch === undefined) continue;
      const highest = Math.max(highestVersion(draft, role), options.seenVersions?.get(role) ?? 0);
      const version =
        drafted.touch === "levelled" ? Math.max(highest, (drafted.current?.signed.version ?? 0) + 1) : highest + 1;
      const expires = one.dialect.formatExpiry(options.now + lifetimeOf(role, lifetimes));
      one.roles.set(role, { ...drafted, content: { ...drafted.content, version, expires } });
    }
  }
}

function plannedDocuments(one: DialectDraft, options: PlanOptions): PlannedDocument[] {
  const planned: PlannedDocument[] = [];
  let previous: Root = one.state.root.signed;
  for (const root of one.newRoots) {
    planned.push({
      dialect: one.dialect,
      role: rootRole,
      signed: root,
      touch: one.rootTouch ?? "renewed",
      authorities: [
        { keys: previous.keys, role: previous.roles.root, words: `root version ${previous.version}` },
        { keys: root.keys, role: root.roles.root, words: `root version ${root.version}` },
      ],
      isOptional: one.isRootOptional,
    });
    previous = root;
  }
  const roles = [...one.roles].sort(([a], [b]) => parentsFirst(a, b));
  for (const [role, { content, touch, ...drafted }] of roles) {
    if (touch === undefined) continue;
    // A role of somebody else that only lags, and everything under a root that could not be levelled, may stay behind.
    const isOthers = touch === "levelled" && role !== targetsRole && !canSign(one, role, options.keyIds);
    const isOptional = drafted.isOptional || one.isRootBehind || isOthers;
    planned.push({
      dialect: one.dialect,
      role,
      signed: content,
      touch,
      authorities: [authorityFor(one, role)],
      isOptional,
    });
  }
  return planned;
}

/** Whose keys a targets role needs, as the draft will have it. @throws role.invalid when nobody delegates to it */
export function authorityFor(one: DialectDraft, role: RoleName): Authority {
  const root = newestRoot(one);
  if (role === targetsRole) return { keys: root.keys, role: root.roles.targets, words: `root version ${root.version}` };
  const delegator = delegatorOf(role);
  const delegations = one.roles.get(delegator)?.content.delegations;
  const delegated = delegations?.roles.find((candidate) => candidate.name === role);
  if (delegations === undefined || delegated === undefined) {
    throw new CountersignError("role.invalid", `${delegator} does not delegate to ${role} in ${one.dialect.name}`, {
      hints: ["add the delegation first"],
    });
  }
  return { keys: delegations.keys, role: delegated, words: delegator };
}
