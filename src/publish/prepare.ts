// The whole way from a wish to documents that may be uploaded: plan, preflight, sign, preflight again. What comes back has been read by
// the readers' own code in every dialect; what would lock somebody out never comes back.
import type { RoleName } from "../bytes/index.ts";
import { rememberingDialect } from "../dialects/index.ts";
import type { Change } from "./change.ts";
import { signSnapshots, snapshotFindings } from "./client-snapshot.ts";
import type { Levelled } from "./collection-draft.ts";
import type { CollectionState } from "./collection-state.ts";
import { type Finding, isBricking, refuseLockOut } from "./findings.ts";
import { type InitialCollection, initialFindings, initialPublication } from "./initial.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Lifetimes } from "./lifetimes.ts";
import { type Plan, planChange } from "./plan.ts";
import { preflightPlan } from "./preflight-plan.ts";
import { assertPublishable } from "./preflight-readers.ts";
import type { Publication } from "./publication.ts";
import { signPlan } from "./sign-plan.ts";
import { type StartedDialect, startTuf1 } from "./start-dialect.ts";
import { walkOrderFindings } from "./walk-order.ts";

export interface ChangeOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly keys: KeyRing;
  /** Who publishes, for custom data of targets. */
  readonly publisher?: string;
  readonly lifetimes?: Lifetimes;
  /** Contents of new targets by hex SHA-256. */
  readonly blobs?: ReadonlyMap<string, Uint8Array>;
  readonly seenVersions?: ReadonlyMap<RoleName, number>;
  /** Start the tuf1 side of a collection that Notary made. It is left alone, with a warning, where keys for it are missing. */
  readonly startsTuf1?: boolean;
}

export interface Prepared {
  readonly publication: Publication;
  /** Warnings only. */
  readonly findings: readonly Finding[];
  /** What was brought level because an old client had published in one dialect alone. */
  readonly levelled: readonly Levelled[];
}

/**
 * The next documents of a collection. No key is opened before the plan has passed preflight.
 * @throws preflight.would_lock_out, target.missing, target.invalid, role.invalid, name.invalid, key.*
 */
export async function prepareChange(
  state: CollectionState,
  changes: readonly Change[],
  options: ChangeOptions,
): Promise<Prepared> {
  // Preflight and signing ask for the same encoding: of a collection of many targets that is most of the work.
  const { plan, findings, signFirstRoot } = checkChange(remembering(state), changes, options);
  refuseLockOut(findings);
  const firstRoots = signFirstRoot === undefined ? [] : [await signFirstRoot(options.keys)];
  const signed = await signPlan(plan, options.keys);
  const documents = [...firstRoots, ...signed.documents];
  const snapshots = await signSnapshots(plan, documents, options.keys, { ...options, changes });
  const blobs = options.blobs ?? new Map();
  const publication = { gun: state.gun, documents: [...documents, ...snapshots], blobs };
  const seen = await assertPublishable(publication, without(state, plan.vanishing), options.now);
  return { publication, findings: [...findings, ...signed.findings, ...seen], levelled: plan.levelled };
}

/** The collection as readers will have it, who pass over these delegations. */
function without(state: CollectionState, vanishing: Plan["vanishing"]): CollectionState {
  if (vanishing.size === 0) return state;
  const dialects = [...state.dialects].map(([name, one]) => {
    const targets = new Map([...one.targets].filter(([role]) => !vanishing.has(role)));
    return [name, { ...one, targets }] as const;
  });
  return { ...state, dialects: new Map(dialects) };
}

function remembering(state: CollectionState): CollectionState {
  const dialects = [...state.dialects].map(
    ([name, one]) => [name, { ...one, dialect: rememberingDialect(one.dialect) }] as const,
  );
  return { ...state, dialects: new Map(dialects) };
}

export interface CheckedChange {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  /** Where a dialect is started: signs its first root. */
  readonly signFirstRoot: StartedDialect["signFirstRoot"] | undefined;
}

/** The plan of a change and what preflight says of it, with no key opened: for `doctor`, dry runs and prompts. */
export function checkChange(state: CollectionState, changes: readonly Change[], options: ChangeOptions): CheckedChange {
  const keyIds = options.keys.ids();
  const started = options.startsTuf1 === true ? startTuf1(state, keyIds, options) : undefined;
  const isStarted = started !== undefined && "state" in started;
  const plan = planChange(isStarted ? started.state : state, changes, { ...options, keyIds });
  const findings = [
    ...preflightPlan(plan, { now: options.now, keyIds }),
    ...snapshotFindings(plan, keyIds, options.now),
    ...walkOrderFindings(plan.draft),
    ...(started === undefined || isStarted ? [] : [started]),
  ];
  return { plan, findings, signFirstRoot: isStarted ? started.signFirstRoot : undefined };
}

/** The first documents of a collection. @throws preflight.would_lock_out, key.* */
export async function prepareInitial(wanted: InitialCollection): Promise<Prepared> {
  const publication = await initialPublication(wanted);
  const findings = initialFindings(publication, wanted);
  refuseLockOut(findings.filter(isBricking));
  const seen = await assertPublishable(publication, undefined, wanted.now);
  return { publication, findings: [...findings, ...seen], levelled: [] };
}
