// Since when a delegated key may sign: read from older versions of the document that delegates to it. Nothing lists those versions any more, so
// each is held against the keys that a verified document gave its role, at any time; one that does not verify counts as not there. A source
// can withhold what it likes, and then the answer says less. For people to read: no decision rests on it.
//
// Keys of one delegator share its documents. Each key's span, from the oldest version known to list it to the newest one below that is
// known not to, is halved until nothing lies between, so that the answer is a flip that was seen.
import type { RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import { type Delegations, type Document, findDelegation, type Root, type Targets } from "../tuf/index.ts";
import type { RoleReport } from "./collection.ts";
import { type Authority, OlderDocuments, type OlderDocumentsOptions } from "./older-documents.ts";

export interface HistoryOptions extends OlderDocumentsOptions {
  /** Verified roots, the present one among them. */
  readonly roots: readonly Document<Root>[];
  /** What is verified of the present. */
  readonly targets: ReadonlyMap<RoleName, Document<Targets>>;
}

export interface KeySince {
  /** The version with which the listing begins, as far as was found out. */
  readonly listedIn: Document<Targets>;
  /** An older version without the key, the one before `listedIn` where that is exact. */
  readonly before: Document<Targets> | undefined;
  /** False: the key may have been listed for longer. */
  readonly isExact: boolean;
}

/** undefined for a key that the report does not have. */
export type SinceLookup = (report: RoleReport, key: CanonicalKeyId) => KeySince | undefined;

/** `reports` as `Collection.roles` gives them, parents first. What cannot be read makes an answer inexact and throws nothing. */
export async function readDelegationHistory(
  reports: readonly RoleReport[],
  options: HistoryOptions,
): Promise<SinceLookup> {
  const reader = new OlderDocuments(options);
  const histories = new Map<RoleName, History>();
  for (const { role } of reports) {
    const present = options.targets.get(role);
    const delegated = reports.filter(({ delegatedBy }) => delegatedBy === role);
    if (present === undefined || delegated.length === 0 || histories.has(role)) continue;
    const history = new History(present, delegated);
    histories.set(role, history);
    const authorities = distinct(
      role === "targets" ? options.roots.map(targetsAuthority) : delegatedAuthorities(role, reports, histories),
    );
    for (let version = history.wanted(); version !== undefined && !reader.isDone; version = history.wanted()) {
      history.add(version, await reader.read(role, version, authorities));
    }
  }
  return (report, key) =>
    report.delegatedBy === undefined ? undefined : histories.get(report.delegatedBy)?.since(report.role, key);
}

/** What is known of one delegator's past. */
class History {
  /** Newest first. */
  readonly #versions: { readonly document: Document<Targets>; readonly given: KeysOfRoles }[] = [];
  readonly #gaps: number[] = [];
  readonly #delegated: readonly RoleReport[];

  constructor(present: Document<Targets>, delegated: readonly RoleReport[]) {
    this.#delegated = delegated;
    this.add(present.signed.version, present);
  }

  add(version: number, document: Document<Targets> | undefined): void {
    if (document === undefined) {
      this.#gaps.push(version);
      return;
    }
    const { delegations } = document.signed;
    const given = new Map(this.#delegated.map(({ role }) => [role, new Set(keysGiven(delegations, role))]));
    this.#versions.push({ document, given });
    this.#versions.sort((a, b) => b.document.signed.version - a.document.signed.version);
  }

  /** The version that halves a span; undefined when no key's span can be narrowed. */
  wanted(): number | undefined {
    for (const { role, keys } of this.#delegated) {
      for (const key of keys) {
        const span = this.#span(role, key);
        if (span === undefined || span.upper - span.lower < 2) continue;
        return span.lower + Math.floor((span.upper - span.lower) / 2);
      }
    }
    return undefined;
  }

  /** Everything that this delegator is known to have said of a role's keys. */
  authoritiesOver(role: RoleName): readonly Authority[] {
    return this.#versions.flatMap(({ document: { signed } }) => {
      const delegation = findDelegation(signed.delegations, role);
      return signed.delegations && delegation ? [{ keys: signed.delegations.keys, role: delegation }] : [];
    });
  }

  since(role: RoleName, key: CanonicalKeyId): KeySince | undefined {
    const span = this.#span(role, key);
    if (span === undefined) return undefined;
    const { listedIn, before, upper } = span;
    return { listedIn, before, isExact: upper === (before?.signed.version ?? 0) + 1 };
  }

  // A gap between the two is a lower end too: what lies below it would say nothing about the version after it.
  #span(role: RoleName, key: CanonicalKeyId) {
    const first = this.#versions.findIndex(({ given }) => given.get(role)?.has(key) !== true);
    const listedIn = this.#versions.at(first === -1 ? -1 : first - 1)?.document;
    if (listedIn === undefined || first === 0) return undefined;
    const before = first === -1 ? undefined : this.#versions[first]?.document;
    const upper = listedIn.signed.version;
    const lower = Math.max(before?.signed.version ?? 0, ...this.#gaps.filter((version) => version < upper));
    return { listedIn, before, upper, lower };
  }
}

type KeysOfRoles = ReadonlyMap<RoleName, ReadonlySet<CanonicalKeyId>>;

function keysGiven(delegations: Delegations | undefined, role: RoleName): readonly CanonicalKeyId[] {
  const { keyIds = [] } = findDelegation(delegations, role) ?? {};
  return keyIds.flatMap((id) => delegations?.keys.get(id)?.publicKey?.id ?? []);
}

function targetsAuthority({ signed }: Document<Root>): Authority {
  return { keys: signed.keys, role: signed.roles.targets };
}

/** Of the delegators through which the role is trusted today. */
function delegatedAuthorities(
  role: RoleName,
  reports: readonly RoleReport[],
  histories: ReadonlyMap<RoleName, History>,
): readonly Authority[] {
  const ways = reports.filter((report) => report.role === role && report.state.kind === "trusted");
  return ways.flatMap(({ delegatedBy }) =>
    delegatedBy === undefined ? [] : (histories.get(delegatedBy)?.authoritiesOver(role) ?? []),
  );
}

/** Most versions say the same: without this a document full of bad signatures would be counted once a version. */
function distinct(authorities: readonly Authority[]): readonly Authority[] {
  const told = new Map<string, Authority>();
  for (const authority of authorities) {
    const { keyIds, threshold } = authority.role;
    const listed = keyIds.map((id) => [id, authority.keys.get(id)?.publicKey?.id ?? null]);
    told.set(JSON.stringify([threshold, listed]), authority);
  }
  return [...told.values()];
}
