// Preflight, first half: what can be known before any key is opened. Who could still sign, who could still read, what cannot be written.
// Each finding stands for a lock-out that happened to somebody (notary-v1, section 14: M, N, Q, T; 14.1).
import { isCountersignError } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import { type DelegatedRole, findDelegation, type Root, type Targets } from "../tuf/index.ts";
import { type CollectionDraft, type DialectDraft, rootRole, targetsRole } from "./collection-draft.ts";
import { breaksOldWriters } from "./custom.ts";
import { reachableIn } from "./delegated-paths.ts";
import { type Finding, finding } from "./findings.ts";
import { distinctHeld, usableKeys } from "./held-keys.ts";
import { dateOf, isNearExpiry, lifetimesOf, shortestLifetime } from "./lifetimes.ts";
import { newestRoot } from "./next-roots.ts";
import type { Plan, PlannedDocument } from "./plan.ts";
import { rootFindings } from "./preflight-root.ts";
import { layoutFindings, tooLargeFor } from "./reader-layouts.ts";
import { stillVerifies } from "./role-authority.ts";
import { absentRootSigners } from "./sign-plan.ts";

export interface PreflightOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Keys at hand. */
  readonly keyIds: ReadonlySet<CanonicalKeyId>;
}

/** What the smallest reader in use takes, in bytes (tuf-1.0, section 4). notary1: Notary's own client. */
const sizeLimits = {
  tuf1: { root: 512_000, targets: 5_000_000 },
  notary1: { root: 1024 * 1024, targets: 100 * 1024 * 1024 },
} as const;

export function preflightPlan(plan: Plan, options: PreflightOptions): readonly Finding[] {
  return [
    ...plan.documents.flatMap((planned) => [
      ...signabilityFindings(planned, options),
      ...encodingFindings(planned, plan.draft),
      ...expiryFindings(planned, options),
    ]),
    ...plan.draft.dialects.flatMap((one) => [
      ...rootFindings(one, plan.state.gun, options.now),
      ...delegationFindings(one, plan.vanishing),
      ...pathlessFindings(one),
      ...untouchedFindings(one, plan, options),
      ...awaitedFindings(one),
      ...emptiedFindings(one),
      ...reachFindings(one),
      ...layoutFindings(one.roles.get(targetsRole)),
    ]),
    ...behindFindings(plan),
  ];
}

/** Can the keys at hand sign it, and could any keys? */
function signabilityFindings(planned: PlannedDocument, { keyIds }: PreflightOptions): readonly Finding[] {
  const about = { dialect: planned.dialect.name, role: planned.role };
  const findings: Finding[] = [];
  for (const { keys, role, words } of planned.isOptional ? [] : planned.authorities) {
    const listed = usableKeys(keys, role);
    if (listed.length < role.threshold) continue; // said once by the role's own finding
    const held = distinctHeld(keys, role, keyIds);
    if (held.length >= role.threshold) continue;
    const message = `${words} wants ${role.threshold} of these keys, ${held.length} at hand: ${listed.join(", ")}`;
    const hints = ["bring one of the keys named, from another machine, a backup or the recovery kit"];
    findings.push(finding("bricking", "key.not_at_hand", message, { ...about, hints }));
  }
  const absent = absentRootSigners(planned, keyIds);
  if (absent.length > 0) {
    const message = `the new root will not be signed by ${absent.join(", ")}`;
    const hints = ["sign with every root key: a root dies when the certificates of its only signers expire"];
    findings.push(finding("warning", "root.not_signed_by_all", message, { ...about, hints }));
  }
  return findings;
}

function encodingFindings(planned: PlannedDocument, draft: CollectionDraft): readonly Finding[] {
  const about = { dialect: planned.dialect.name, role: planned.role };
  const findings: Finding[] = [];
  try {
    const size = planned.dialect.encodeSigned(planned.signed).length;
    const limit = sizeLimits[planned.dialect.name][planned.role === rootRole ? "root" : "targets"];
    if (size > limit) {
      const draftOf = draft.dialects.find(({ dialect }) => dialect === planned.dialect);
      const keptOut = draftOf === undefined ? [] : tooLargeFor(draftOf, planned.role, size);
      const promised = keptOut.length === 0 ? "" : `, and the collection must serve ${keptOut.join(", ")}`;
      const message = `${size} bytes; some readers stop at ${limit}${promised}`;
      const hints = ["remove targets that nobody uses any more, or split them over delegations or bins"];
      findings.push(
        finding(keptOut.length === 0 ? "warning" : "bricking", "document.too_large", message, { ...about, hints }),
      );
    }
  } catch (cause) {
    if (!isCountersignError(cause, "preflight.inexpressible")) throw cause;
    findings.push(finding("bricking", "dialect.inexpressible", cause.message, { ...about, hints: cause.hints, cause }));
  }
  if (planned.signed.type === "targets" && planned.dialect.name === "notary1") {
    const name = [...planned.signed.targets].find(([, target]) => breaksOldWriters(target.custom))?.[0];
    if (name !== undefined) {
      const message = `custom data of ${JSON.stringify(name)} holds <, > or &: Notary's own client can read it and never sign it again`;
      const hints = ["leave these characters out while old clients publish to this collection"];
      findings.push(finding("warning", "custom.breaks_old_writers", message, { ...about, hints }));
    }
  }
  return findings;
}

function expiryFindings(planned: PlannedDocument, { now }: PreflightOptions): readonly Finding[] {
  const { expires } = planned.signed;
  if (expires.at >= now + shortestLifetime) return [];
  const message = `would expire ${new Date(expires.at).toISOString()}, before anybody could rely on it`;
  const hints = ["check this machine's clock and the lifetimes asked for"];
  return [
    finding("bricking", "document.expired", message, { dialect: planned.dialect.name, role: planned.role, hints }),
  ];
}

/** Every delegation must keep keys that can reach its threshold. One that was broken before this change is only pointed out. */
function delegationFindings(one: DialectDraft, vanishing: Plan["vanishing"]): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { content, current, touch } of one.roles.values()) {
    if (touch === undefined) continue;
    for (const role of content.delegations?.roles ?? []) {
      const usable = usableKeys(content.delegations?.keys ?? new Map(), role).length;
      if (usable >= role.threshold && Number.isSafeInteger(role.threshold) && role.threshold >= 1) continue;
      const before = current?.signed.delegations?.roles.find(({ name }) => name === role.name);
      const usableBefore = before && usableKeys(current?.signed.delegations?.keys ?? new Map(), before).length;
      const wasBroken = before !== undefined && usableBefore !== undefined && usableBefore < before.threshold;
      const code = usable === 0 ? "delegation.last_key" : "threshold.unreachable";
      const message = `${usable} usable keys can never reach its threshold of ${role.threshold}: its targets vanish`;
      const hints = ["give the delegation another key first, or remove the delegation itself"];
      const severity = wasBroken || vanishing.has(role.name) ? "warning" : "bricking";
      findings.push(finding(severity, code, message, { dialect: one.dialect.name, role: role.name, hints }));
    }
  }
  return findings;
}

/** Delegations that this change leaves without a path: their keys may sign nothing, which is rarely what was meant by adding them. */
function pathlessFindings(one: DialectDraft): readonly Finding[] {
  const findings: Finding[] = [];
  for (const { content, current, touch } of one.roles.values()) {
    if (touch === undefined) continue;
    for (const role of content.delegations?.roles ?? []) {
      const before = findDelegation(current?.signed.delegations, role.name);
      const isAsBefore = before !== undefined && hasNoPath(before) && before.keyIds.length === role.keyIds.length;
      if (!hasNoPath(role) || isAsBefore) continue;
      const message = "it has no path: readers take no target from it";
      const hints = [`say what it may sign: countersign delegation add GUN ${role.name} --path PREFIX, or --all-paths`];
      findings.push(
        finding("warning", "delegation.no_paths", message, { dialect: one.dialect.name, role: role.name, hints }),
      );
    }
  }
  return findings;
}

function hasNoPath({ paths }: DelegatedRole): boolean {
  switch (paths.kind) {
    case "prefixes":
      return paths.prefixes.length === 0;
    case "patterns":
      return paths.patterns.length === 0;
    case "hashPrefixes":
      return paths.hashPrefixes.length === 0;
  }
}

/** Documents that stay as they are must still verify under the keys this change gives their roles, and should not be near expiry. */
function untouchedFindings(
  one: DialectDraft,
  { vanishing, draft }: Pick<Plan, "vanishing" | "draft">,
  { now }: PreflightOptions,
): readonly Finding[] {
  const findings: Finding[] = [];
  const dialect = one.dialect.name;
  const lifetimes = lifetimesOf(draft);
  for (const [role, { current, touch }] of one.roles) {
    if (touch !== undefined || current === undefined) continue;
    if (vanishing.has(role)) {
      const message = `its ${current.signed.targets.size} targets vanish for readers until one of its keys signs it again`;
      const hints = [`whoever holds one of its keys runs: countersign witness GUN ${role} --accept-unsigned`];
      findings.push(finding("warning", "delegation.vanishes", message, { dialect, role, hints }));
    } else if (!stillVerifies(one, role, current)) {
      const message = `version ${current.signed.version} stays, and too few of its signatures count under the new keys or threshold`;
      const hints = [`sign ${role} again in the same publish: renew it with its new keys at hand`];
      findings.push(finding("bricking", "reader.refuses", message, { dialect, role, hints }));
    } else if (isNearExpiry(current.signed.expires, role, now, lifetimes)) {
      findings.push(nearExpiry(one, role, current.signed));
    }
  }
  const root = newestRoot(one);
  if (one.newRoots.length === 0 && isNearExpiry(root.expires, rootRole, now))
    findings.push(nearExpiry(one, rootRole, root));
  return findings;
}

/** Delegations made anew whose keys are elsewhere, while tuf1 goes on listing the document from before they were removed. */
function awaitedFindings(one: DialectDraft): readonly Finding[] {
  if (one.dialect.name !== "tuf1") return [];
  const findings: Finding[] = [];
  for (const { content, current } of one.roles.values()) {
    for (const { name } of content.delegations?.roles ?? []) {
      const listed = one.state.snapshot?.signed.meta.get(name)?.version;
      if (listed === undefined || one.roles.has(name) || one.state.lapsed?.has(name) === true) continue;
      if (findDelegation(current?.signed.delegations, name) !== undefined) continue;
      const message = `version ${listed}, from before it was removed, counts again if its keys signed it; if not, searches that come to it end there`;
      const hints = [
        `whoever holds one of its keys signs something in ${name}, or runs: countersign witness GUN ${name}`,
      ];
      findings.push(finding("warning", "delegation.unsigned", message, { dialect: "tuf1", role: name, hints }));
    }
  }
  return findings;
}

/** A server that shows an unsigned document must not make a signer withdraw everything without a word. */
function emptiedFindings(one: DialectDraft): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [role, { current, touch }] of one.roles) {
    const given = one.state.lapsed?.get(role);
    if (touch !== "changed" || current !== undefined || given === undefined) continue;
    const { version, targets } = given.document.signed;
    const message = `begins empty: version ${version}, which no key that counts has signed, is given up with its ${targets.size} targets`;
    const hints = [`if they are this role's own, sign them again: countersign witness GUN ${role} --accept-unsigned`];
    findings.push(finding("warning", "delegation.begins_empty", message, { dialect: one.dialect.name, role, hints }));
  }
  return findings;
}

function nearExpiry(one: DialectDraft, role: Finding["role"], { version, expires }: Root | Targets): Finding {
  return finding("warning", "document.near_expiry", `version ${version} expires ${dateOf(expires.at)}`, {
    dialect: one.dialect.name,
    role,
    hints: [`renew ${role} on a machine that holds its keys`],
  });
}

/** New targets that no reader would find: the role's paths, or those of a role above it, do not allow the name. */
function reachFindings(one: DialectDraft): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [role, { content, current, touch }] of one.roles) {
    if (touch !== "changed") continue;
    const isReachable = reachableIn(role, (name) => one.roles.get(name)?.content);
    for (const name of content.targets.keys()) {
      if (current?.signed.targets.has(name) === true || isReachable(name)) continue;
      const message = `target ${JSON.stringify(name)} lies outside the paths delegated to the role: no reader would find it`;
      const hints = ["add a path to the delegation, or sign the target in another role"];
      findings.push(
        finding("bricking", "delegation.unreachable_target", message, { dialect: one.dialect.name, role, hints }),
      );
    }
  }
  return findings;
}

function behindFindings(plan: Plan): readonly Finding[] {
  return plan.draft.dialects
    .filter((one) => one.isRootBehind)
    .map((one) => {
      const message = `root version ${one.state.root.signed.version} lags behind the other dialect and its keys are not at hand`;
      const hints = ["publish once with the root keys at hand: the newer root is then said in this dialect too"];
      return finding("warning", "dialect.behind", message, { dialect: one.dialect.name, role: rootRole, hints });
    });
}
