// Who decides about a target: the walk through the delegations as a state machine without I/O. It asks for a role's document
// (through a delegator), is given the verified content, and goes on. notary1 walks breadth first in file order and passes over
// a role that cannot be used (notary-v1 9.4); tuf1 walks pre-order depth first, a terminating delegation ends what lies
// behind it, and a role that cannot be used ends the search: falling through to a lower role would let whoever withholds
// a file choose another answer (TUF 1.0.34, 5.6.7).
import { CountersignError, parseRoleName, type RoleName } from "../bytes/index.ts";
import { allDelegations, countDelegations, delegationsFor, restrictPrefixes } from "./delegations.ts";
import type { DelegatedRole, DialectName, Target, Targets } from "./model.ts";

/** A request for a role's content, verified with the keys that `delegator` lists for it; `root` delegates to `targets`. */
export interface RoleVisit {
  readonly role: RoleName;
  readonly delegator: RoleName;
}

/** What the driver answers: the content, or undefined for a role that is absent, expired or not validly signed. */
export type VisitAnswer = Targets | undefined;

export type SearchResult =
  | {
      readonly kind: "found";
      readonly target: Target;
      readonly role: RoleName;
      /** From `targets` to `role`, each delegated to the next. */
      readonly chain: readonly RoleName[];
      /** notary1: roles of higher priority that could not be used. */
      readonly passedOver: readonly RoleName[];
    }
  | { readonly kind: "absent"; readonly passedOver: readonly RoleName[] }
  /** tuf1: `role` comes before any answer and cannot be used. */
  | { readonly kind: "blocked"; readonly role: RoleName }
  /** More roles may speak for the target than a reader visits. */
  | { readonly kind: "exhausted"; readonly maxRoles: number };

export interface SearchOptions {
  /** Roles visited at most: 32 in tuf1, as all TUF clients; 1,024 in notary1, where Notary has no limit. */
  readonly maxRoles?: number;
}

export interface WalkOptions extends SearchOptions {
  /** Roles that are reached by the hash of names are not walked: there may be thousands, and a question about one name needs one. */
  readonly skipsBins?: boolean;
}

interface Step extends RoleVisit {
  readonly chain: readonly RoleName[];
  /** notary1: the prefixes that are left to this role; undefined = no restriction. */
  readonly prefixes: readonly string[] | undefined;
}

const root = parseRoleName("root");
const targets = parseRoleName("targets");
const firstStep: Step = { role: targets, delegator: root, chain: [targets], prefixes: undefined };

/** The search for one target. Drive it with `next(content)`; the first `next()` gives the first request. */
export function* searchTarget(
  dialect: DialectName,
  name: string,
  options: SearchOptions = {},
): Generator<RoleVisit, SearchResult, VisitAnswer> {
  const maxRoles = options.maxRoles ?? (dialect === "tuf1" ? 32 : 1024);
  const passedOver: RoleName[] = [];
  const visited = new Set<RoleName>();
  // Pending steps: tuf1 takes from the end (a stack), notary1 from the front (a queue, read by `at`).
  const pending: Step[] = [firstStep];
  let at = 0;
  for (;;) {
    const step = dialect === "tuf1" ? pending.pop() : pending[at++];
    if (step === undefined) return { kind: "absent", passedOver };
    if (visited.has(step.role)) continue;
    if (visited.size >= maxRoles) return { kind: "exhausted", maxRoles };
    visited.add(step.role);
    const content = yield { role: step.role, delegator: step.delegator };
    if (content === undefined) {
      if (dialect === "tuf1") return { kind: "blocked", role: step.role };
      passedOver.push(step.role);
      continue;
    }
    const target = content.targets.get(name);
    if (target !== undefined) return { kind: "found", target, role: step.role, chain: step.chain, passedOver };
    if (dialect === "notary1") pending.push(...prefixSteps(step, content, name));
    else pushPatternSteps(pending, step, content, name);
  }
}

/** Children in file order, each with the prefixes its parent leaves it. */
function prefixSteps(parent: Step, content: Targets, name: string): readonly Step[] {
  const steps: Step[] = [];
  for (const child of delegationsFor(content.delegations, name)) {
    const prefixes = remainingPrefixes(child, parent);
    if (prefixes === undefined || prefixes.some((prefix) => name.startsWith(prefix))) {
      steps.push(stepTo(child.name, parent, prefixes));
    }
  }
  return steps;
}

function remainingPrefixes(child: DelegatedRole, parent: Step): readonly string[] | undefined {
  if (child.paths.kind !== "prefixes") return [];
  if (parent.prefixes === undefined) return child.paths.prefixes;
  return restrictPrefixes(child.paths.prefixes, parent.prefixes);
}

/** Puts the children on the stack so that the first is taken first; a terminating one drops what is not above it. */
function pushPatternSteps(stack: Step[], parent: Step, content: Targets, name: string): void {
  const children: Step[] = [];
  for (const child of delegationsFor(content.delegations, name)) {
    children.push(stepTo(child.name, parent, undefined));
    if (child.terminating) {
      stack.length = 0;
      break;
    }
  }
  stack.push(...children.reverse());
}

function stepTo(role: RoleName, parent: Step, prefixes: readonly string[] | undefined): Step {
  return { role, delegator: parent.role, chain: [...parent.chain, role], prefixes };
}

/** One role met on a walk through all of them. */
export interface WalkedRole extends RoleVisit {
  readonly content: VisitAnswer;
}

/**
 * The walk through every role of a collection, in the order of the dialect. A role reached through several delegators is asked for
 * once for each. Returns all visits in order. @throws limit.exceeded above `maxRoles` (4,096 unless told, what a bundle holds)
 */
export function* walkRoles(
  dialect: DialectName,
  options: WalkOptions = {},
): Generator<RoleVisit, readonly WalkedRole[], VisitAnswer> {
  const maxRoles = options.maxRoles ?? 4096;
  const walked: WalkedRole[] = [];
  const opened = new Set<RoleName>();
  const pending: RoleVisit[] = [{ role: targets, delegator: root }];
  let at = 0;
  for (;;) {
    const visit = dialect === "tuf1" ? pending.pop() : pending[at++];
    if (visit === undefined) return walked;
    const content = yield visit;
    walked.push({ ...visit, content });
    if (content === undefined || opened.has(visit.role)) continue;
    opened.add(visit.role);
    const { delegations } = content;
    const skipsAll = options.skipsBins === true && delegations?.succinct !== undefined;
    if (skipsAll) continue;
    if (walked.length + pending.length - at + countDelegations(delegations) > maxRoles) {
      throw new CountersignError("limit.exceeded", `more than ${maxRoles} roles: ${visit.role} delegates too often`);
    }
    const children = [...allDelegations(delegations)]
      .filter(({ paths }) => options.skipsBins !== true || paths.kind !== "hashPrefixes")
      .map(({ name }) => ({ role: name, delegator: visit.role }));
    pending.push(...(dialect === "tuf1" ? children.reverse() : children));
  }
}

/** A target as a lookup would find it. */
export type ListedTarget = Extract<SearchResult, { kind: "found" }> & { readonly name: string };

/**
 * Every name once, decided as searchTarget would decide it over the same content. Names that no search finds (outside the paths of
 * the role that lists them, behind an unusable role) are left out.
 */
export function listTargets(dialect: DialectName, walked: readonly WalkedRole[]): readonly ListedTarget[] {
  const content = new Map(walked.map((visit) => [visitKey(visit), visit.content]));
  const seen = new Set<string>();
  const listed: ListedTarget[] = [];
  for (const role of walked) {
    for (const name of role.content?.targets.keys() ?? []) {
      if (seen.has(name)) continue;
      seen.add(name);
      const search = searchTarget(dialect, name);
      let step = search.next();
      while (step.done !== true) step = search.next(content.get(visitKey(step.value)));
      if (step.value.kind === "found") listed.push({ ...step.value, name });
    }
  }
  return listed;
}

function visitKey({ role, delegator }: RoleVisit): string {
  return `${role}\n${delegator}`; // role names hold no control characters
}
