// From a change to what has to be signed, before any key is opened: level the dialects, apply the change to each, renew what is
// near expiry, give every touched role its version and expiry, and say whose keys have to sign. TUF 1.0.34 section 6.3.
import { CountersignError, type RoleName } from "../bytes/index.ts";
import type { Dialect } from "../dialects/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import { findDelegation, type Root, type Targets } from "../tuf/index.ts";
import type { Change, PurgeKeys, SetDelegation } from "./change.ts";
import { changeSetting } from "./change-setting.ts";
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
import { isTuf1Only, layOutFiles } from "./lay-out-files.ts";
import { type Lifetimes, lifetimeOf, lifetimesOf } from "./lifetimes.ts";
import { levelRoots } from "./next-roots.ts";
import { rekeyRoots } from "./rekey-root.ts";
import { adopted, touchRenewals, vanishingRoles } from "./renewals.ts";
import { type Authority, authorityFor, canSign } from "./role-authority.ts";

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
  /** Delegations whose documents readers will pass over afterwards, as the caller is ready to accept. */
  readonly vanishing: ReadonlySet<RoleName>;
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
  rekeyRoots(
    draft,
    changes.filter((change) => change.kind === "rekey"),
    options,
  );
  const spelledOut = changes.flatMap((change): readonly Exclude<Change, PurgeKeys>[] =>
    change.kind === "purge" ? delegationsWith(draft, change) : [change],
  );
  for (const [role, batch] of byRole(spelledOut)) applyTo(draft, role, batch, options);
  // Last, so that what the same publish adds is laid out too.
  for (const change of changes) {
    if (change.kind === "bins") layOutFiles(draft, change, options.now);
    if (change.kind === "serve" || change.kind === "lifetime") changeSetting(draft, change);
  }
  touchRenewals(draft, changes, options);
  stampVersions(draft, changes, options);
  const documents = draft.dialects.flatMap((one) => plannedDocuments(one, options));
  const vanishing = vanishingRoles(draft, spelledOut);
  return { state, draft, documents, levelled: [...rootsLevelled, ...levelled], vanishing };
}

/** Changes by the role whose document they edit, parents first. Renewals edit nothing. */
function byRole(changes: readonly Exclude<Change, PurgeKeys>[]): [RoleName, Change[]][] {
  const batches = new Map<RoleName, Exclude<Change, PurgeKeys>[]>();
  for (const change of changes) {
    const role = editedRole(change);
    const batch = batches.get(role);
    if (batch === undefined) batches.set(role, [change]);
    else batch.push(change);
  }
  return [...batches].sort(([a], [b]) => parentsFirst(a, b));
}

function editedRole(change: Exclude<Change, PurgeKeys>): RoleName {
  switch (change.kind) {
    case "add":
    case "remove":
      return change.role ?? targetsRole;
    case "delegate":
    case "undelegate":
      return delegatorOf(change.role);
    case "renew":
      return change.role;
    case "rekey":
      return rootRole;
    case "bins":
    case "serve":
    case "lifetime":
      return targetsRole;
  }
}

/** A purge, one delegation at a time: those that list one of the keys, in any dialect. */
function delegationsWith(draft: CollectionDraft, { keys, mayVanish }: PurgeKeys): readonly SetDelegation[] {
  const purged = new Set<string>(keys);
  const roles = new Set<RoleName>();
  for (const one of draft.dialects) {
    for (const { content } of one.roles.values()) {
      refuseInBins(content.delegations, purged);
      for (const { name, keyIds } of content.delegations?.roles ?? []) {
        const isHit = keyIds.some((id) => purged.has(content.delegations?.keys.get(id)?.publicKey?.id ?? id));
        if (isHit) roles.add(name);
      }
    }
  }
  return [...roles].map((role) => ({
    kind: "delegate",
    role,
    removeKeys: keys,
    ...(mayVanish === true ? { mayVanish } : {}),
  }));
}

/** Succinct bins share one list of keys: taking a key out means that all of them are signed again. @throws preflight.inexpressible */
function refuseInBins(delegations: Targets["delegations"], purged: ReadonlySet<string>): void {
  const ids = delegations?.succinct?.keyIds ?? [];
  if (!ids.some((id) => purged.has(delegations?.keys.get(id)?.publicKey?.id ?? id))) return;
  throw new CountersignError("preflight.inexpressible", "the key signs the bins of this collection", {
    hints: ["lay the bins out with other keys first: countersign collection layout GUN --bins same --bin-key FILE"],
  });
}

function applyTo(draft: CollectionDraft, role: RoleName, batch: readonly Change[], options: PlanOptions): void {
  const targetChanges = batch.filter((change) => change.kind === "add" || change.kind === "remove");
  const delegationChanges = batch.filter((change) => change.kind === "delegate" || change.kind === "undelegate");
  if (targetChanges.length === 0 && delegationChanges.length === 0) return;
  const isBin = isTuf1Only(draft, role);
  const beginsAnew = isBegunAnew(draft, role);
  for (const one of draft.dialects) {
    if (isBin && one.dialect.name !== "tuf1") continue;
    if (isBin) requireRead(one, role);
    const lapsed = beginsAnew ? undefined : one.state.lapsed?.get(role);
    // Without its old content a role that expired would come back empty.
    const before = one.roles.get(role) ?? (lapsed === undefined ? newRole(one, role, options) : adopted(lapsed, false));
    const edited = editTargets(role, before.content, targetChanges, { publisher: options.publisher, now: options.now });
    const content = delegationChanges.length === 0 ? edited : editDelegations(one.dialect, edited, delegationChanges);
    one.roles.set(role, { ...before, content, touch: "changed", isOptional: false });
    for (const change of delegationChanges) {
      if (change.kind === "undelegate") dropBelow(one, change.role);
      else beginAgain(draft, one, change.role, options);
    }
  }
}

/**
 * A delegation made anew, whose old document the snapshot still lists (TUF 1.0.34, 5.5.5: entries stay): a tuf1 search that comes to it ends
 * there until somebody with the new keys has signed. So it begins, empty, in the publish that makes it, if its keys are at hand. If they
 * are not, a collection of both dialects lets their holder begin it later (`isBegunAnew`).
 */
function beginAgain(draft: CollectionDraft, one: DialectDraft, role: RoleName, options: PlanOptions): void {
  const isForTuf1 = draft.dialects.some(({ dialect }) => dialect.name === "tuf1");
  if (!isForTuf1 || one.roles.has(role) || one.state.lapsed?.has(role) === true) return;
  if (highestVersion(draft, role) === 0 || isDelegatedNow(one, role)) return;
  if (draft.dialects.length === 1 || canSign(one, role, options.keyIds)) {
    one.roles.set(role, { ...newRole(one, role, options), touch: "changed" });
  }
}

/**
 * Its document is one that nobody signed who may, in both dialects: what other keys left there before it was removed. Preflight lets nothing
 * else come to that, but in a collection of notary1 alone, where a purge may leave a role to those whose keys stay.
 */
function isBegunAnew({ dialects }: CollectionDraft, role: RoleName): boolean {
  const isUnsigned = ({ roles, state }: DialectDraft) => !roles.has(role) && state.lapsed?.get(role)?.isSigned !== true;
  return dialects.length > 1 && dialects.every(isUnsigned);
}

/** Delegated to in the documents that readers have today. */
function isDelegatedNow({ roles }: DialectDraft, role: RoleName): boolean {
  const delegations = roles.get(delegatorOf(role))?.current?.signed.delegations;
  return delegations !== undefined && findDelegation(delegations, role) !== undefined;
}

/** A bin is published with its layout: one that is not here was not read, and would come back empty. @throws bug.unexpected */
function requireRead(one: DialectDraft, role: RoleName): void {
  if (one.roles.has(role) || one.state.lapsed?.has(role) === true) return;
  throw new CountersignError("bug.unexpected", `${role} was not read, and what it lists would be lost`);
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

function stampVersions(draft: CollectionDraft, changes: readonly Change[], options: PlanOptions): void {
  const lifetimes = options.lifetimes ?? lifetimesOf(draft);
  const asked = new Map(
    changes.flatMap((change) => (change.kind === "renew" ? [[change.role, change.expiresAt]] : [])),
  );
  for (const one of draft.dialects) {
    for (const [role, drafted] of one.roles) {
      if (drafted.touch === undefined) continue;
      const highest = Math.max(highestVersion(draft, role), options.seenVersions?.get(role) ?? 0);
      const version =
        drafted.touch === "levelled" ? Math.max(highest, (drafted.current?.signed.version ?? 0) + 1) : highest + 1;
      const expires = one.dialect.formatExpiry(asked.get(role) ?? options.now + lifetimeOf(role, lifetimes));
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
