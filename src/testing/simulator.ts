// A repository in memory that carries one collection in both dialects. Tests edit the plain state (who signs, thresholds, expiry,
// versions, targets, delegations), say `publish()`, and a reader "downloads" the result from `source(dialect)`; what the attacker
// serves instead is set on the source. Nothing is checked here: a simulator that refused bad states could not play the attacker.
// The idea is python-tuf's repository simulator.
import {
  type Clock,
  encodeCanonicalJson,
  type Gun,
  type Hashes,
  type JsonObject,
  type JsonValue,
  parseGun,
  parseJson,
  parseRoleName,
  type RoleName,
  sha256,
  sha512,
  type TopRole,
  topRoles,
} from "../bytes/index.ts";
import { type Dialect, dialectNamed } from "../dialects/index.ts";
import {
  buildSelfSignedCertificate,
  type Certificate,
  generateSigner,
  type KeyAlgorithm,
  type Signer,
} from "../keys/index.ts";
import type {
  DialectName,
  Key,
  MetaEntry,
  Root,
  Signature,
  Signed,
  Snapshot,
  Target,
  Targets,
  Timestamp,
} from "../tuf/index.ts";
import { day, fakeClock, hour } from "./fake-clock.ts";
import { SimulatedSource, type StoredDocuments } from "./simulated-source.ts";

export interface SimulatedDelegation {
  readonly name: RoleName;
  signers: Signer[];
  threshold: number;
  /** Each is a plain prefix: `""` everything. tuf1 says it as `PREFIX*`. */
  prefixes: string[];
  terminating: boolean;
}

export interface SimulatedRole {
  /** The version the next publish gives it. */
  version: number;
  /** Milliseconds from the publish to the expiry. */
  lifetime: number;
  targets: Map<string, Target>;
  delegations: SimulatedDelegation[];
}

/** Members of `signed` as plain mutable JSON, to be mangled before signing. */
export type MutableJson = { [member: string]: JsonValue };

export interface SimulatorOptions {
  readonly gun?: string;
  readonly clock?: Clock;
  readonly algorithm?: KeyAlgorithm;
}

const dialectNames: readonly DialectName[] = ["notary1", "tuf1"];

export class Simulator {
  readonly gun: Gun;
  readonly clock: Clock;
  /** The keys that the next root lists, and that sign the role. */
  readonly keys: Record<TopRole, Signer[]> = { root: [], targets: [], snapshot: [], timestamp: [] };
  readonly thresholds: Record<TopRole, number> = { root: 1, targets: 1, snapshot: 1, timestamp: 1 };
  /** Who signs a role instead of the keys that are listed. */
  readonly signers = new Map<RoleName, Signer[]>();
  /** Next version and lifetime of root, snapshot and timestamp. */
  readonly versions = { root: 1, snapshot: 1, timestamp: 1 };
  readonly lifetimes = { root: 365 * day, snapshot: 7 * day, timestamp: day };
  /** targets and the delegated roles. */
  readonly roles = new Map<RoleName, SimulatedRole>();
  /** Changes `signed` of a role just before it is signed; bytes that are answered are signed as they are. */
  readonly mangle = new Map<RoleName, (signed: MutableJson, dialect: DialectName) => Uint8Array | undefined>();
  /** Changes the signatures of a role after it is signed. */
  readonly resign = new Map<
    RoleName,
    (signatures: readonly Signature[], dialect: DialectName) => readonly Signature[]
  >();
  /** Roles left out of the next snapshot. */
  readonly unlisted = new Set<RoleName>();
  /** Whether tuf1's snapshot and timestamp list lengths and hashes. */
  listHashes = true;

  readonly #stores: Record<DialectName, StoredDocuments>;
  readonly #sources: Record<DialectName, SimulatedSource>;
  readonly #certificates = new Map<string, Certificate>();
  readonly #algorithm: KeyAlgorithm;

  private constructor(gun: Gun, clock: Clock, algorithm: KeyAlgorithm) {
    this.gun = gun;
    this.clock = clock;
    this.#algorithm = algorithm;
    this.#stores = { notary1: emptyStore(), tuf1: emptyStore() };
    this.#sources = {
      notary1: new SimulatedSource("notary1", this.#stores.notary1),
      tuf1: new SimulatedSource("tuf1", this.#stores.tuf1),
    };
  }

  /** A published collection: root 1, targets 1 with the target `1.0`, snapshot 1, timestamp 1, one P-256 key a role. */
  static async create(options: SimulatorOptions = {}): Promise<Simulator> {
    const gun = parseGun(options.gun ?? "registry.example.com/team/app");
    const simulator = new Simulator(gun, options.clock ?? fakeClock().now, options.algorithm ?? "ecdsa-p256");
    for (const role of topRoles) simulator.keys[role].push(await simulator.newSigner());
    simulator.role("targets").targets.set("1.0", sampleTarget("one"));
    await simulator.publishRoot();
    await simulator.publish("targets");
    return simulator;
  }

  newSigner(): Promise<Signer> {
    return generateSigner(this.#algorithm);
  }

  source(dialect: DialectName): SimulatedSource {
    return this.#sources[dialect];
  }

  /** The state of `targets` or a delegated role; made when it is not there yet. */
  role(name: string): SimulatedRole {
    const role = parseRoleName(name);
    const known = this.roles.get(role);
    if (known !== undefined) return known;
    const fresh: SimulatedRole = { version: 1, lifetime: 90 * day, targets: new Map(), delegations: [] };
    this.roles.set(role, fresh);
    return fresh;
  }

  /** Delegates from `parent` to `name` with a new key; the role gets a document at the next publish that names it. */
  async delegate(parent: string, name: string, prefixes: string[] = [""]): Promise<SimulatedDelegation> {
    const delegation: SimulatedDelegation = {
      name: parseRoleName(name),
      signers: [await this.newSigner()],
      threshold: 1,
      prefixes,
      terminating: false,
    };
    this.role(parent).delegations.push(delegation);
    this.role(name);
    return delegation;
  }

  /** Signs the next root in both dialects, with the old and the new root keys unless `signers` says otherwise. */
  async publishRoot(previous: readonly Signer[] = []): Promise<void> {
    const version = this.versions.root++;
    for (const dialect of dialectNames) {
      const keyed = await this.#rootKeys(dialect);
      const root: Root = {
        type: "root",
        version,
        expires: this.#expires(dialect, this.lifetimes.root),
        extra: {},
        consistentSnapshot: dialect === "tuf1",
        keys: new Map(keyed.map((key) => [key.id, key])),
        roles: {
          root: await this.#roleKeys(dialect, "root"),
          targets: await this.#roleKeys(dialect, "targets"),
          snapshot: await this.#roleKeys(dialect, "snapshot"),
          timestamp: await this.#roleKeys(dialect, "timestamp"),
        },
      };
      const signers = this.signers.get(parseRoleName("root")) ?? [...this.keys.root, ...previous];
      const bytes = await this.#sign(dialect, parseRoleName("root"), root, signers);
      this.#stores[dialect].roots.set(version, bytes);
    }
  }

  /** Signs the targets roles named, then snapshot and timestamp, each with its next version, in both dialects. */
  async publish(...roles: readonly string[]): Promise<void> {
    for (const name of roles) await this.publishTargets(name);
    await this.publishSnapshot();
    await this.publishTimestamp();
  }

  async publishTargets(name: string): Promise<void> {
    const role = parseRoleName(name);
    const state = this.role(role);
    const version = state.version++;
    for (const dialect of dialectNames) {
      const delegations = await Promise.all(state.delegations.map((each) => this.#delegation(dialect, each)));
      const targets: Targets = {
        type: "targets",
        version,
        expires: this.#expires(dialect, state.lifetime),
        extra: {},
        targets: state.targets,
        delegations: {
          keys: new Map(delegations.flatMap((each) => each.keys.map((key) => [key.id, key] as const))),
          roles: delegations.map((each) => each.role),
          succinct: undefined,
        },
      };
      const bytes = await this.#sign(dialect, role, targets, this.signers.get(role) ?? this.#listedSigners(role));
      this.#stores[dialect].targets.push({ role, version, bytes });
    }
  }

  async publishSnapshot(): Promise<void> {
    const version = this.versions.snapshot++;
    const role = parseRoleName("snapshot");
    for (const dialect of dialectNames) {
      const store = this.#stores[dialect];
      const meta = new Map<RoleName, MetaEntry>();
      if (dialect === "notary1") {
        const newest = Math.max(...store.roots.keys());
        meta.set(parseRoleName("root"), this.#entry(dialect, newest, store.roots.get(newest) ?? new Uint8Array()));
      }
      for (const each of store.targets) {
        if (!this.unlisted.has(each.role)) meta.set(each.role, this.#entry(dialect, each.version, each.bytes));
      }
      const snapshot: Snapshot = {
        type: "snapshot",
        version,
        expires: this.#expires(dialect, this.lifetimes.snapshot),
        extra: {},
        meta,
      };
      const bytes = await this.#sign(dialect, role, snapshot, this.signers.get(role) ?? this.keys.snapshot);
      store.snapshots.push({ role, version, bytes });
    }
  }

  async publishTimestamp(): Promise<void> {
    const version = this.versions.timestamp++;
    const role = parseRoleName("timestamp");
    for (const dialect of dialectNames) {
      const store = this.#stores[dialect];
      const newest = store.snapshots.at(-1);
      if (newest === undefined) continue;
      const timestamp: Timestamp = {
        type: "timestamp",
        version,
        expires: this.#expires(dialect, this.lifetimes.timestamp),
        extra: {},
        snapshot: this.#entry(dialect, newest.version, newest.bytes),
      };
      const bytes = await this.#sign(dialect, role, timestamp, this.signers.get(role) ?? this.keys.timestamp);
      store.timestamps.push({ role, version, bytes });
    }
  }

  /** The key object by which `signer` is listed in a role; root keys of notary1 carry a certificate. */
  async keyOf(dialect: DialectName, role: string, signer: Signer): Promise<Key> {
    const writer = dialectNamed(dialect);
    if (dialect === "tuf1" || role !== "root") return writer.makeKey(signer.publicKey);
    const known = this.#certificates.get(signer.publicKey.id);
    const certificate = known ?? (await this.newCertificate(signer));
    this.#certificates.set(signer.publicKey.id, certificate);
    return writer.makeKey(signer.publicKey, certificate);
  }

  newCertificate(signer: Signer): Promise<Certificate> {
    return buildSelfSignedCertificate({
      commonName: this.gun,
      notBefore: this.clock() - hour,
      notAfter: this.clock() + 3650 * day,
      signer,
      usage: { kind: "root-of-trust" },
    });
  }

  async #sign(name: DialectName, role: RoleName, signed: Signed, signers: readonly Signer[]): Promise<Uint8Array> {
    const dialect: Dialect = dialectNamed(name);
    const signedBytes = this.#mangled(name, role, dialect.encodeSigned(signed));
    const signatures: Signature[] = [];
    for (const signer of signers) {
      const key = await this.keyOf(name, role, signer);
      const { scheme, method } = dialect.signingScheme(key);
      signatures.push({ keyId: key.id, method, signature: await signer.sign(signedBytes, scheme) });
    }
    return dialect.assemble(signedBytes, this.resign.get(role)?.(signatures, name) ?? signatures);
  }

  #mangled(dialect: DialectName, role: RoleName, signedBytes: Uint8Array): Uint8Array {
    const change = this.mangle.get(role);
    if (change === undefined) return signedBytes;
    // PEM keys hold raw newlines in canonical form, which JSON.parse refuses; escape them for the round trip.
    const text = new TextDecoder().decode(signedBytes).replaceAll("\n", "\\n");
    const signed = structuredClone(parseJson(new TextEncoder().encode(text))) as MutableJson;
    return change(signed, dialect) ?? encodeCanonicalJson(signed as JsonObject);
  }

  #listedSigners(role: RoleName): readonly Signer[] {
    if (role === "targets") return this.keys.targets;
    for (const parent of this.roles.values()) {
      for (const delegation of parent.delegations) if (delegation.name === role) return delegation.signers;
    }
    return [];
  }

  async #rootKeys(dialect: DialectName): Promise<readonly Key[]> {
    const lists = topRoles.map((role) =>
      Promise.all(this.keys[role].map((signer) => this.keyOf(dialect, role, signer))),
    );
    return (await Promise.all(lists)).flat();
  }

  async #roleKeys(dialect: DialectName, role: TopRole) {
    const keys = await Promise.all(this.keys[role].map((signer) => this.keyOf(dialect, role, signer)));
    return { keyIds: keys.map((key) => key.id), threshold: this.thresholds[role] };
  }

  async #delegation(dialect: DialectName, delegation: SimulatedDelegation) {
    const keys = await Promise.all(delegation.signers.map((signer) => this.keyOf(dialect, delegation.name, signer)));
    const paths =
      dialect === "notary1"
        ? ({ kind: "prefixes", prefixes: delegation.prefixes } as const)
        : ({ kind: "patterns", patterns: delegation.prefixes.map((prefix) => `${prefix}*`) } as const);
    const { name, threshold, terminating } = delegation;
    return { keys, role: { name, keyIds: keys.map((key) => key.id), threshold, paths, terminating } };
  }

  #entry(dialect: DialectName, version: number, bytes: Uint8Array): MetaEntry {
    if (dialect === "notary1") return { version: undefined, length: bytes.length, hashes: hashesOf(bytes) };
    if (!this.listHashes) return { version, length: undefined, hashes: new Map() };
    return { version, length: bytes.length, hashes: hashesOf(bytes) };
  }

  #expires(dialect: DialectName, lifetime: number) {
    return dialectNamed(dialect).formatExpiry(this.clock() + lifetime);
  }
}

/** A target whose digest is that of `content`. */
export function sampleTarget(content: string): Target {
  const bytes = new TextEncoder().encode(content);
  return { length: bytes.length, hashes: new Map([["sha256", sha256(bytes)]]), custom: undefined };
}

function hashesOf(bytes: Uint8Array): Hashes {
  return new Map([
    ["sha256", sha256(bytes)],
    ["sha512", sha512(bytes)],
  ]);
}

function emptyStore(): StoredDocuments {
  return { roots: new Map(), timestamps: [], snapshots: [], targets: [] };
}
