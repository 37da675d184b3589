// Changing who signs a collection: new keys for any role of the root, several in one root; keys handed to the server or taken from it;
// team roots; a new recovery kit; a renewed root certificate. New keys are on disk before the server hears of them and old ones are
// never deleted, so an interruption at any point (notary-v1, 14-X) is healed by the same command, which goes on with the same keys.
import { CountersignError, type Gun, type TopRole } from "../bytes/index.ts";
import type { CanonicalKeyId, PublicKey } from "../keys/index.ts";
import { type CollectionState, type KeyRing, rootCertificate, type SetTopKeys, type TopKey } from "../publish/index.ts";
import type { PassphraseProvider, RecoveryKit } from "../signers/index.ts";
import type { Pin } from "../updater/index.ts";
import { carriedDialects, readState } from "./collection-state.ts";
import { findKeys, joinedRing, type KeyPlaces, openKeyRing } from "./key-ring.ts";
import type { ReadPorts } from "./ports.ts";
import { type PublishReport, publishLocked } from "./publish.ts";
import { makeNewKit, type NewKit } from "./rotation-kit.ts";
import { fetchNewServerKey } from "./server-key.ts";
import { noteRotation, readRotation, settleRotation, type UnfinishedRotation } from "./unfinished-rotation.ts";

/** Where a role's new keys come from. */
export type NewKeys =
  /** Made now, in the vault. */
  | { readonly kind: "generate" }
  /** At hand already; a root key that is listed gets a new certificate. */
  | { readonly kind: "held"; readonly ids: readonly CanonicalKeyId[] }
  /** Other people's: public keys, or certificates for root keys. */
  | { readonly kind: "given"; readonly keys: readonly TopKey[] }
  /** The root keys at hand that are listed already, under new certificates. */
  | { readonly kind: "recertify" }
  /** Kept by the server: snapshot and timestamp only. */
  | { readonly kind: "server" }
  /** A recovery kit made now: root only. */
  | ({ readonly kind: "kit" } & NewKit);

export interface RoleRotation {
  readonly role: TopRole;
  readonly keys: readonly NewKeys[];
  /** `others`: all that are not among the new ones. `main` (root): the one key that is neither given nor a recovery kit's. */
  readonly removes: readonly CanonicalKeyId[] | "others" | "main";
  readonly threshold?: number;
}

export interface RotateRequest {
  readonly gun: Gun;
  readonly pins: readonly Pin[];
  readonly places: KeyPlaces;
  readonly passphrases: PassphraseProvider;
  readonly roles: readonly RoleRotation[];
  /** A printed kit that signs this once, without being stored. */
  readonly kit?: RecoveryKit | undefined;
  readonly startsTuf1?: boolean;
}

export interface RotatedRole {
  readonly role: TopRole;
  readonly added: readonly CanonicalKeyId[];
  /** Out of use now; their files stay where they are. */
  readonly removed: readonly CanonicalKeyId[];
  readonly holder: "server" | "publisher";
  /** What it stands at afterwards. */
  readonly keys: readonly CanonicalKeyId[];
  readonly threshold: number;
}

export interface RotateReport extends PublishReport {
  readonly roles: readonly RotatedRole[];
  readonly kitPath: string | undefined;
  /** An earlier run had begun this: its keys were used. */
  readonly resumed: boolean;
}

/** @throws usage.invalid, key.*, preflight.*, conflict.lost_race, publish.*, download.*, disk.* */
export async function rotateKeys(ports: ReadPorts, request: RotateRequest): Promise<RotateReport> {
  requireSensible(request.roles);
  return ports.home.whilePublishing(request.gun, async () => {
    ports.progress(`reading ${request.gun}`);
    const before = await readState(ports, request, await carriedDialects(ports));
    const earlier = await readRotation(ports, request.gun);
    const done = confirmedRoles(before, request.roles, earlier);
    const pending = request.roles.filter(({ role }) => !done.has(role));
    const made = new Made(ports, request, earlier);
    if (pending.length > 0) requireRootKeys(before, await made.ring());
    const changes: SetTopKeys[] = [];
    for (const rotation of pending) changes.push(await made.change(rotation, before));
    const ring = await made.ring();
    const report =
      changes.length === 0 && request.startsTuf1 !== true
        ? { published: [], behind: [], findings: [], attempts: 0 }
        : await publishLocked(ports, {
            gun: request.gun,
            pins: request.pins,
            changes: () => changes,
            blobs: new Map(),
            publisher: undefined,
            ring,
            startsTuf1: request.startsTuf1 === true,
          });
    await settleRotation(ports, request.gun, earlier, request.roles);
    const goesOn = request.roles.some((rotation) => notedKeys(rotation, earlier).length > 0);
    return {
      ...report,
      roles: request.roles.map((rotation) => rotated(before, rotation, changes)),
      kitPath: made.kitPath ?? (done.has("root") ? earlier?.kit?.path : undefined),
      resumed: goesOn,
    };
  });
}

/** @throws usage.invalid */
function requireSensible(roles: readonly RoleRotation[]): void {
  for (const { role, keys } of roles) {
    const isServer = keys.some(({ kind }) => kind === "server");
    if (role === "timestamp" && !isServer) {
      throw new CountersignError(
        "usage.invalid",
        "the timestamp is always the server's: it is signed anew every few days",
      );
    }
    if (isServer && (role === "root" || role === "targets")) {
      throw new CountersignError(
        "usage.invalid",
        `the server never holds the ${role} key: it would speak for the publisher`,
      );
    }
    if (role !== "root" && keys.some(({ kind }) => kind === "kit" || kind === "recertify")) {
      throw new CountersignError("usage.invalid", "recovery kits and certificates are for root keys");
    }
  }
  if (new Set(roles.map(({ role }) => role)).size === roles.length) return;
  throw new CountersignError("usage.invalid", "each role is rotated once in one go");
}

/** A rotation that nobody here can sign makes no keys. @throws key.missing */
function requireRootKeys(before: CollectionState, ring: KeyRing): void {
  const listed = keysOf(before, "root");
  const held = listed.filter((id) => ring.ids().has(id));
  const threshold = thresholdOf(before, "root");
  if (held.length >= threshold) return;
  throw new CountersignError(
    "key.missing",
    `a new root is signed by ${threshold} of these keys, ${held.length} at hand: ${listed.join(", ")}`,
    {
      hints: [
        "bring one from another machine or a backup: countersign key import FILE",
        "or let the recovery kit sign: --sign-with-kit FILE",
      ],
    },
  );
}

/**
 * Roles whose keys of an interrupted run stand in the current root: the server did it, and its answer was lost. A request for other keys
 * than that run had made is another one.
 */
function confirmedRoles(
  state: CollectionState,
  wanted: readonly RoleRotation[],
  earlier: UnfinishedRotation | undefined,
): ReadonlySet<TopRole> {
  const isDone = (rotation: RoleRotation): boolean => {
    const made = notedKeys(rotation, earlier);
    const listed = keysOf(state, rotation.role);
    return rotation.keys.length > 0 && made.length === rotation.keys.length && made.every((id) => listed.includes(id));
  };
  return new Set(wanted.filter(isDone).map(({ role }) => role));
}

/** The keys that an interrupted run had made for what is wanted now. */
function notedKeys({ role, keys }: RoleRotation, earlier: UnfinishedRotation | undefined): readonly CanonicalKeyId[] {
  return keys.flatMap(({ kind }) => {
    if (kind === "generate") return earlier?.keys.get(role) ?? [];
    return kind === "kit" ? (earlier?.kit?.id ?? []) : [];
  });
}

/** The keys of one run, as they are made. */
class Made {
  readonly #ports: ReadPorts;
  readonly #request: RotateRequest;
  #record: UnfinishedRotation;
  #signers: KeyRing | undefined;
  kitPath: string | undefined;
  #kit: KeyRing | undefined;

  constructor(ports: ReadPorts, request: RotateRequest, earlier: UnfinishedRotation | undefined) {
    this.#ports = ports;
    this.#request = request;
    this.#record = earlier ?? { keys: new Map(), kit: undefined };
  }

  async change(rotation: RoleRotation, before: CollectionState): Promise<SetTopKeys> {
    // Before a key is made: what is unclear must not leave one behind.
    const removeKeys = rotation.removes === "main" ? [await this.#mainKey(before)] : rotation.removes;
    const addKeys: TopKey[] = [];
    for (const source of rotation.keys) addKeys.push(...(await this.#topKeys(rotation.role, source, before)));
    const { role, threshold } = rotation;
    return { kind: "rekey", role, addKeys, removeKeys, ...(threshold === undefined ? {} : { threshold }) };
  }

  /** Every key at hand, those made now and the kits included. */
  async ring(): Promise<KeyRing> {
    const { places, passphrases, kit } = this.#request;
    const atHand = await openKeyRing(places, passphrases);
    const given = kit === undefined ? [] : [{ ids: () => new Set([kit.keyId]), open: () => kit.open(passphrases) }];
    return joinedRing([atHand, ...given, ...(this.#kit === undefined ? [] : [this.#kit])]);
  }

  async #topKeys(role: TopRole, source: NewKeys, before: CollectionState): Promise<readonly TopKey[]> {
    switch (source.kind) {
      case "server":
        return [{ publicKey: await fetchNewServerKey(this.#ports, role === "timestamp" ? "timestamp" : "snapshot") }];
      case "given":
        return source.keys;
      case "held":
        return Promise.all(source.ids.map((id) => this.#opened(role, id)));
      case "recertify": {
        const held = (await this.ring()).ids();
        const ids = keysOf(before, role).filter((id) => held.has(id));
        return Promise.all(ids.map((id) => this.#opened(role, id)));
      }
      case "generate":
        return [await this.#generated(role)];
      case "kit":
        return [await this.#newKit(source)];
    }
  }

  async #opened(role: TopRole, id: CanonicalKeyId): Promise<TopKey> {
    this.#signers ??= await this.ring();
    const signer = await this.#signers.open(id);
    const { publicKey } = signer;
    if (role !== "root") return { publicKey };
    return {
      publicKey,
      certificate: await rootCertificate({ gun: this.#request.gun, now: this.#ports.clock() }, signer),
    };
  }

  async #generated(role: TopRole): Promise<TopKey> {
    const { places, passphrases, gun } = this.#request;
    const known = this.#record.keys.get(role);
    const isThere = known !== undefined && (await places.vault.list()).some(({ id }) => id === known);
    const id = isThere
      ? known
      : (await places.vault.generate({ role, ...(role === "root" ? {} : { gun }), passphrases })).id;
    if (!isThere) await this.#note({ ...this.#record, keys: new Map([...this.#record.keys, [role, id]]) });
    this.#signers = undefined;
    return this.#opened(role, id);
  }

  async #newKit(wanted: NewKit): Promise<TopKey> {
    const { gun, passphrases } = this.#request;
    const about = { gun, now: this.#ports.clock(), passphrases, earlier: this.#record.kit };
    const note = (id: CanonicalKeyId) => this.#note({ ...this.#record, kit: { path: wanted.path, id } });
    const made = await makeNewKit(about, wanted, note);
    this.kitPath = wanted.path;
    this.#kit = { ids: () => new Set([made.publicKey.id]), open: async () => made };
    const certificate = await rootCertificate({ gun, now: this.#ports.clock() }, made);
    return { publicKey: made.publicKey, certificate };
  }

  async #note(record: UnfinishedRotation): Promise<void> {
    this.#record = record;
    await noteRotation(this.#ports, this.#request.gun, record);
  }

  /** @throws usage.invalid when it is not clear which root key is to go */
  async #mainKey(before: CollectionState): Promise<CanonicalKeyId> {
    const atHand = await findKeys(this.#request.places);
    const kits = new Set<string>(atHand.filter(({ purpose }) => purpose === "recovery").map(({ id }) => id));
    if (this.#request.kit !== undefined) kits.add(this.#request.kit.keyId);
    const listed = keysOf(before, "root").filter((id) => !kits.has(id));
    const held = listed.filter((id) => atHand.some((key) => key.id === id));
    const candidates = held.length > 0 ? held : listed;
    const [only] = candidates;
    if (only !== undefined && candidates.length === 1) return only;
    throw new CountersignError("usage.invalid", "it is not clear which root key is to be replaced", {
      hints: ["name it with --replace KEY-ID", ...candidates],
    });
  }
}

function rotated(before: CollectionState, { role, keys }: RoleRotation, changes: readonly SetTopKeys[]): RotatedRole {
  const change = changes.find((one) => one.role === role);
  const listed = keysOf(before, role);
  const added = (change?.addKeys ?? []).map(({ publicKey }) => publicKey.id);
  const goes = change === undefined ? [] : change.removeKeys;
  const removed = listed.filter((id) => (goes === "others" ? !added.includes(id) : goes.includes(id)));
  const after = [...listed.filter((id) => !removed.includes(id)), ...added.filter((id) => !listed.includes(id))];
  const holder = keys.some(({ kind }) => kind === "server") ? "server" : "publisher";
  const threshold = change?.threshold ?? thresholdOf(before, role);
  return { role, added: added.filter((id) => !listed.includes(id)), removed, holder, keys: after, threshold };
}

/** The distinct keys of a role of the newest root, in whichever dialect it is. */
function keysOf(state: CollectionState, role: TopRole): readonly CanonicalKeyId[] {
  const root = newestRoot(state);
  const found = root?.roles[role].keyIds.map((id): PublicKey | undefined => root.keys.get(id)?.publicKey) ?? [];
  return [...new Set(found.flatMap((key) => key?.id ?? []))];
}

function thresholdOf(state: CollectionState, role: TopRole): number {
  return newestRoot(state)?.roles[role].threshold ?? 1;
}

function newestRoot(state: CollectionState) {
  const roots = [...state.dialects.values()].map(({ root }) => root.signed);
  return roots.sort((a, b) => b.version - a.version)[0];
}
