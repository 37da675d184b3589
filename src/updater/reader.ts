// Answers questions about a refreshed collection, reading delegated roles as a question needs them. Each delegated role is verified
// with the keys of the delegator through which it was reached, every time, and held against the memory (TUF 1.0.34, 5.6.7).
import {
  assertNever,
  CountersignError,
  type Digest,
  digestFromHash,
  isCountersignError,
  parseRoleName,
  type RoleName,
  severalAtOnce,
} from "../bytes/index.ts";
import {
  allDelegations,
  countDelegations,
  type DelegatedRole,
  type Delegations,
  type Document,
  type Expiry,
  findDelegation,
  listTargets,
  type RoleVisit,
  type SearchResult,
  searchTarget,
  type Target,
  type Targets,
  type TrustedSet,
  type WalkedRole,
  walkRoles,
} from "../tuf/index.ts";
import type { DocumentFacts, FoundTarget, RoleReport } from "./collection.ts";
import { checkTargetsVersion } from "./memory.ts";
import { refreshTargets } from "./refresh.ts";
import { documentDigest, type Run } from "./run.ts";

const rootRole = parseRoleName("root");

export class Reader {
  readonly #run: Run;
  readonly #set: TrustedSet;
  readonly #facts = new Map<string, DocumentFacts>();
  readonly #ways = new WeakMap<readonly RoleName[], Pick<FoundTarget, "role" | "chain" | "expires">>();
  readonly #reading = new Map<string, Promise<Document<Targets>>>();
  #walked: Promise<readonly WalkedRole[]> | undefined;
  /** Why a role could not be used, by role and delegator. */
  readonly #failures = new Map<string, CountersignError>();

  constructor(run: Run, set: TrustedSet) {
    this.#run = run;
    this.#set = set;
  }

  async lookup(name: string): Promise<FoundTarget | undefined> {
    const result = await this.#search(name);
    await this.#run.memory.save();
    switch (result.kind) {
      case "found":
        return this.#found(name, result.target, result.chain);
      case "absent":
      case "blocked":
        return undefined;
      case "exhausted":
        throw new CountersignError(
          "limit.exceeded",
          `more than ${result.maxRoles} roles may speak for ${JSON.stringify(name.slice(0, 80))}`,
        );
      default:
        return assertNever(result);
    }
  }

  async readFor(names: Iterable<string>): Promise<void> {
    await severalAtOnce(names, atOnce, (name) => this.#search(name));
    await this.#run.memory.save();
  }

  async readRoles(roles: Iterable<RoleName>): Promise<void> {
    await severalAtOnce(roles, atOnce, (role) => {
      const delegator = parseRoleName(role.slice(0, role.lastIndexOf("/")));
      return this.#visit({ role, delegator }, "searching");
    });
    await this.#run.memory.save();
  }

  async #search(name: string): Promise<SearchResult> {
    const search = searchTarget(this.#run.dialect.name, name, { maxRoles: this.#run.limits.delegations });
    let step = search.next();
    while (step.done !== true) step = search.next(await this.#visit(step.value, "searching"));
    return step.value;
  }

  async listTargets(): Promise<readonly FoundTarget[]> {
    const walked = await this.#walk();
    return listTargets(this.#run.dialect.name, walked).map((listed) =>
      this.#found(listed.name, listed.target, listed.chain),
    );
  }

  async roles(options: { readonly skipsBins?: boolean } = {}): Promise<readonly RoleReport[]> {
    const walked = options.skipsBins === true ? await this.#walkAll(options) : await this.#walk();
    return walked.map((visit) => this.#report(visit));
  }

  facts(role: RoleName, delegator: RoleName = rootRole): DocumentFacts {
    const way = wayOf({ role, delegator });
    const known = this.#facts.get(way);
    if (known !== undefined) return known;
    const document = documentOf(this.#set, role);
    const count = this.#set.signersOf(role, delegator);
    if (document === undefined || count === undefined) {
      throw new CountersignError("bug.unexpected", `facts of ${role}, which is not trusted`);
    }
    const facts: DocumentFacts = {
      role,
      version: document.signed.version,
      expires: document.signed.expires,
      digest: documentDigest(document, this.#set.expected(role)),
      length: document.bytes.length,
      signedBy: count.signers,
      threshold: count.threshold,
    };
    this.#facts.set(way, facts);
    return facts;
  }

  /** Every role once a way; kept, since a refreshed collection does not change. */
  #walk(): Promise<readonly WalkedRole[]> {
    this.#walked ??= this.#walkAll().catch((error: unknown) => {
      this.#walked = undefined;
      throw error;
    });
    return this.#walked;
  }

  async #walkAll(options: { readonly skipsBins?: boolean } = {}): Promise<readonly WalkedRole[]> {
    const walk = walkRoles(this.#run.dialect.name, options);
    let step = walk.next();
    while (step.done !== true) {
      const content = await this.#visit(step.value, "listing");
      const { role } = step.value;
      step = walk.next(content);
      if (step.done !== true && options.skipsBins !== true) await this.#readAhead(role, content?.delegations);
    }
    await this.#run.memory.save();
    return step.value;
  }

  /** Many roles below one are fetched side by side; judged and reported they are when the walk comes to them. */
  async #readAhead(delegator: RoleName, delegations: Delegations | undefined): Promise<void> {
    if (countDelegations(delegations) <= manyRoles) return;
    const read = ({ name }: DelegatedRole) => this.#read({ role: name, delegator });
    await severalAtOnce(allDelegations(delegations), atOnce, read).catch((error: unknown) => {
      if (!isCountersignError(error)) throw error;
    });
  }

  /**
   * The verified content of a role, or undefined where the dialect lets a search go on without it. A search that meets anything else
   * fails with the reason; a listing goes on, and the reason stands in the role's report. Network failures always end both: who
   * withholds a file must not choose the answer.
   */
  async #visit(visit: RoleVisit, purpose: "searching" | "listing"): Promise<Targets | undefined> {
    try {
      return (await this.#read(visit)).signed;
    } catch (error) {
      if (!isCountersignError(error)) throw error;
      const passable = purpose === "listing" ? error.kind === "untrusted" : this.#isPassable(error);
      if (visit.role === "targets" || !passable) throw error;
      if (!this.#failures.has(wayOf(visit)) && error.code !== "metadata.unlisted") this.#run.warn(error);
      this.#failures.set(wayOf(visit), error);
      return undefined;
    }
  }

  // notary1 passes over what its owner let expire or signed too little, and over what was never published; the snapshot vouches for
  // the bytes, so no mirror can bring this about (notary-v1, 9.2). tuf1 only knows "not published", and ends the search there.
  #isPassable(error: CountersignError): boolean {
    if (error.code === "metadata.unlisted") return true;
    return this.#run.dialect.name === "notary1" && isCountersignError(error, ...ownersFailures);
  }

  async #read(visit: RoleVisit): Promise<Document<Targets>> {
    const way = wayOf(visit);
    const pending = this.#reading.get(way) ?? this.#readOnce(visit);
    this.#reading.set(way, pending);
    try {
      return await pending;
    } finally {
      this.#reading.delete(way);
    }
  }

  async #readOnce({ role, delegator }: RoleVisit): Promise<Document<Targets>> {
    const trusted = this.#set.trustedTargets(role, delegator);
    if (trusted === undefined) return refreshTargets(this.#run, this.#set, role, delegator);
    checkTargetsVersion(this.#run.memory.current, trusted);
    return trusted;
  }

  #found(name: string, target: Target, roles: readonly RoleName[]): FoundTarget {
    return { name, length: target.length, digests: digestsOf(target), target, ...this.#said(roles) };
  }

  /** What all targets share that were decided in one way; a listing asks for it once a target. */
  #said(roles: readonly RoleName[]): Pick<FoundTarget, "role" | "chain" | "expires"> {
    const known = this.#ways.get(roles);
    if (known !== undefined) return known;
    const chain = roles.map((role, index) => this.facts(role, roles[index - 1] ?? rootRole));
    const role = roles.at(-1);
    if (role === undefined) throw new CountersignError("bug.unexpected", "a target that no role decided");
    const base = [this.#set.root, this.#set.timestamp, this.#set.snapshot].flatMap((document) =>
      document === undefined ? [] : [document.signed.expires],
    );
    const said = { role, chain, expires: earliest([...base, ...chain.map((facts) => facts.expires)]) };
    this.#ways.set(roles, said);
    return said;
  }

  #report(visit: WalkedRole): RoleReport {
    const { role, delegator } = visit;
    const failure = this.#failures.get(wayOf(visit));
    const common = {
      role,
      delegatedBy: role === "targets" ? undefined : delegator,
      keys: this.#set.keysOf(role, delegator),
      threshold: this.#threshold(visit),
    };
    if (visit.content !== undefined) {
      const facts = this.facts(role, delegator);
      return { ...common, state: { kind: "trusted", facts, targets: visit.content.targets.size } };
    }
    if (failure === undefined || failure.code === "metadata.unlisted") {
      return { ...common, state: { kind: "unpublished" } };
    }
    return { ...common, state: { kind: "unusable", reason: failure } };
  }

  #threshold({ role, delegator }: RoleVisit): number {
    if (delegator === "root") return this.#set.root.signed.roles.targets.threshold;
    return findDelegation(this.#set.targets.get(delegator)?.signed.delegations, role)?.threshold ?? 0;
  }
}

const manyRoles = 16;
const atOnce = 8;

/** What only the owner of a role can have brought about. */
const ownersFailures = ["metadata.expired", "threshold.unmet", "signature.none"] as const;

function wayOf({ role, delegator }: RoleVisit): string {
  return `${role}\n${delegator}`; // role names hold no control characters
}

function documentOf(set: TrustedSet, role: RoleName): Document | undefined {
  if (role === "root") return set.root;
  if (role === "timestamp") return set.timestamp;
  return role === "snapshot" ? set.snapshot : set.targets.get(role);
}

/** All digests of algorithms we check, the strongest last. */
function digestsOf(target: Target): readonly Digest[] {
  return (["sha256", "sha512"] as const).flatMap((algorithm) => {
    const hash = target.hashes.get(algorithm);
    return hash === undefined ? [] : [digestFromHash(algorithm, hash)];
  });
}

function earliest(expiries: readonly Expiry[]): Expiry {
  const [first, ...others] = expiries;
  if (first === undefined) throw new CountersignError("bug.unexpected", "no expiries to compare");
  return others.reduce((soonest, next) => (next.at < soonest.at ? next : soonest), first);
}
