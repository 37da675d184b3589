// Test code: a small collection with all its keys in memory and a server that signs what is published, so that tests of this folder
// can publish, look at the next state and publish again.
import {
  CountersignError,
  type ErrorCode,
  isCountersignError,
  parseGun,
  parseRoleName,
  parseTargetName,
  sha256,
} from "../bytes/index.ts";
import { notary1, tuf1 } from "../dialects/index.ts";
import { generateSigner, type Signer } from "../keys/index.ts";
import {
  type DialectName,
  type Document,
  findDelegation,
  type Root,
  signDocument,
  type Targets,
} from "../tuf/index.ts";
import type { AddTarget, Change } from "./change.ts";
import type { CollectionState, DialectState } from "./collection-state.ts";
import { keyRingOf } from "./key-ring.ts";
import { type ChangeOptions, type Prepared, prepareChange, prepareInitial } from "./prepare.ts";
import { documentsOf, type Publication } from "./publication.ts";
import { nextSnapshot, nextTimestamp } from "./server-roles.ts";
import { isSnapshotDocument, isTargetsDocument } from "./stand-in-server.ts";

export const gun = parseGun("registry.example.com/team/app");
export const now = Date.UTC(2026, 10, 22, 12);
export const day = 24 * 60 * 60 * 1000;
export const role = parseRoleName;

export interface Keys {
  readonly main: Signer;
  readonly kit: Signer;
  readonly targets: Signer;
  readonly server: Signer;
  readonly alice: Signer;
  readonly bob: Signer;
}

const names = ["main", "kit", "targets", "server", "alice", "bob"] as const;
const made = await Promise.all(names.map(() => generateSigner()));
const at = (index: number): Signer => made[index] ?? fail("no such key");

export const keys: Keys = { main: at(0), kit: at(1), targets: at(2), server: at(3), alice: at(4), bob: at(5) };

export function add(name: string, content: string, more: Partial<AddTarget> = {}): AddTarget {
  return {
    kind: "add",
    name: parseTargetName(name),
    length: content.length,
    hashes: new Map([["sha256", sha256(content)]]),
    ...more,
  };
}

/** A new collection in both dialects, as the server has it after `init`. */
export async function newCollection(
  wanted: Partial<Parameters<typeof prepareInitial>[0]> = {},
): Promise<{ readonly state: CollectionState; readonly prepared: Prepared }> {
  const prepared = await prepareInitial({
    gun,
    dialects: [notary1, tuf1],
    now,
    rootSigners: [keys.main, keys.kit],
    targetsSigners: [keys.targets],
    snapshotKey: keys.server.publicKey,
    timestampKey: keys.server.publicKey,
    ...wanted,
  });
  return { state: await serve(undefined, prepared.publication), prepared };
}

/** Publishes a change with these keys at hand; the state afterwards. */
export async function publish(
  state: CollectionState,
  changes: readonly Change[],
  signers: readonly Signer[],
  more: Partial<ChangeOptions> = {},
): Promise<{ readonly state: CollectionState; readonly prepared: Prepared }> {
  const prepared = await prepareChange(state, changes, { now, keys: keyRingOf(signers), ...more });
  return { state: await serve(state, prepared.publication), prepared };
}

/** What the server holds after taking a publication. */
export async function serve(state: CollectionState | undefined, publication: Publication): Promise<CollectionState> {
  const dialects = new Map<DialectName, DialectState>(state?.dialects);
  for (const dialect of [notary1, tuf1]) {
    const documents = documentsOf(publication, dialect.name);
    const before = dialects.get(dialect.name);
    if (documents.length === 0) continue;
    const root = documents.filter(isRoot).at(-1) ?? before?.root ?? fail("no root");
    const changed = documents.filter(isTargetsDocument);
    const targets = new Map(before?.targets);
    for (const document of changed) targets.set(document.role, document);
    for (const name of targets.keys()) if (!isDelegated(name, targets)) targets.delete(name);
    const expiresAt = now + 20 * 365 * day;
    const content = nextSnapshot(dialect, { previous: before?.snapshot?.signed, root, changed, expiresAt });
    const uploaded = documents.find(isSnapshotDocument);
    const snapshot =
      uploaded ?? (await signDocument(dialect, role("snapshot"), content, [server(root.signed, "snapshot")]));
    const pointer = nextTimestamp(dialect, { previous: before?.timestamp?.signed, snapshot, expiresAt });
    const timestamp = await signDocument(dialect, role("timestamp"), pointer, [server(root.signed, "timestamp")]);
    dialects.set(dialect.name, { dialect, root, snapshot, timestamp, targets });
  }
  return { gun, dialects };
}

function server(root: Root, name: "snapshot" | "timestamp") {
  const key = root.keys.get(root.roles[name].keyIds[0] ?? fail("not listed")) ?? fail("not listed");
  return { signer: keys.server, key };
}

function isDelegated(name: string, targets: ReadonlyMap<string, Document<Targets>>): boolean {
  if (name === "targets") return true;
  const parent = targets.get(name.slice(0, name.lastIndexOf("/")));
  return findDelegation(parent?.signed.delegations, role(name)) !== undefined;
}

export function isRoot(document: Document): document is Document<Root> {
  return document.signed.type === "root";
}

export function stateOf(state: CollectionState, dialect: DialectName): DialectState {
  return state.dialects.get(dialect) ?? fail(`no ${dialect}`);
}

export function targetsOf(state: CollectionState, dialect: DialectName, name = "targets"): Document<Targets> {
  return stateOf(state, dialect).targets.get(role(name)) ?? fail(`no ${name} in ${dialect}`);
}

/** An old client's publish: the collection with one document of one dialect replaced by a newer one. */
export async function replaceTargets(
  state: CollectionState,
  dialect: DialectName,
  name: string,
  change: (before: Targets) => Targets,
  signer: Signer,
): Promise<CollectionState> {
  const before = stateOf(state, dialect);
  const current = targetsOf(state, dialect, name);
  const listed = [...before.root.signed.keys.values(), ...delegationKeys(before)];
  const key = listed.find((one) => one.publicKey?.id === signer.publicKey.id && !one.keyType.endsWith("-x509"));
  const bumped = { ...change(current.signed), version: current.signed.version + 1 };
  const document = await signDocument(before.dialect, role(name), bumped, [{ signer, key: key ?? fail("not listed") }]);
  return serve(state, { gun, documents: [document], blobs: new Map() });
}

function delegationKeys(state: DialectState) {
  return [...state.targets.values()].flatMap(({ signed }) => [...(signed.delegations?.keys.values() ?? [])]);
}

export function versionsOf(publication: Publication): readonly string[] {
  return publication.documents.map(({ dialect, role: name, signed }) => `${dialect} ${name} ${signed.version}`);
}

export function coded(...codes: ErrorCode[]) {
  return (error: unknown) => isCountersignError(error, ...codes) || fail(`got ${String(error)}`);
}

function fail(what: string): never {
  throw new CountersignError("bug.unexpected", what);
}
