// Signing targets: several in one go share one publish, so that readers see all of them or none.
import { type Gun, type JsonObject, parseRoleName, type RoleName, type TargetName } from "../bytes/index.ts";
import type { ChangeList } from "../home/index.ts";
import { type Change, type CollectionState, type KeyRing, withProvenance } from "../publish/index.ts";
import type { Pin } from "../updater/index.ts";
import { chooseRoles } from "./choose-roles.ts";
import { type Content, targetOf } from "./content.ts";
import type { ReadPorts } from "./ports.ts";
import { type PublishReport, publishChanges } from "./publish.ts";
import { stageChanges } from "./staged-changes.ts";

export interface TargetToSign {
  readonly name: TargetName;
  readonly content: Content;
}

export interface SignRequest {
  readonly gun: Gun;
  readonly targets: readonly TargetToSign[];
  /** undefined: see chooseRoles. */
  readonly role: RoleName | undefined;
  /** The publisher's own data, signed with each target. */
  readonly custom?: JsonObject | undefined;
  readonly pins: readonly Pin[];
  readonly publisher: string | undefined;
  readonly ring: KeyRing;
}

/** Contents up to this many bytes go to the server too, where generic TUF clients can download them. */
const maxBlobBytes = 4 * 1024 * 1024;

/** @throws target.invalid, key.*, preflight.*, conflict.lost_race, publish.* and what reading throws */
export async function signTargets(ports: ReadPorts, request: SignRequest): Promise<PublishReport> {
  // A content without a length is refused before anything is read or asked for.
  for (const { content } of request.targets) targetOf(content);
  const changes = (state: CollectionState): readonly Change[] =>
    request.targets.flatMap(({ name, content }) => {
      const roles = request.role === undefined ? chooseRoles(state, request.ring.ids(), name) : [request.role];
      const own = request.custom === undefined ? {} : { custom: request.custom };
      return roles.map((role): Change => ({ kind: "add", name, role, ...targetOf(content), ...own }));
    });
  return publishChanges(ports, { ...request, changes, blobs: blobsOf(request.targets) });
}

/**
 * Writes down what signTargets would publish, with who and when as of now; the role is `targets` unless given, since nothing is read.
 * @throws target.invalid, name.invalid, disk.*
 */
export async function stageTargets(
  list: ChangeList,
  request: Pick<SignRequest, "targets" | "role" | "custom" | "publisher">,
  now: number,
): Promise<readonly string[]> {
  const said = { publisher: request.publisher, signedAt: now };
  const changes = request.targets.map(({ name, content }): Change => {
    const custom = withProvenance(request.custom, said);
    const role = request.role ?? parseRoleName("targets");
    return { kind: "add", name, role, ...targetOf(content), custom, isVerbatim: true };
  });
  return stageChanges(list, changes);
}

function blobsOf(targets: readonly TargetToSign[]): ReadonlyMap<string, Uint8Array> {
  const blobs = new Map<string, Uint8Array>();
  for (const { content } of targets) {
    const digest = content.digests.get("sha256");
    if (content.bytes === undefined || content.bytes.length > maxBlobBytes || digest === undefined) continue;
    blobs.set(digest.slice("sha256:".length), content.bytes);
  }
  return blobs;
}

export interface RevokeRequest {
  readonly gun: Gun;
  readonly names: readonly TargetName[];
  /** Roles whose entry is to go; empty: every role that has one, since one left over would go on being trusted. */
  readonly roles: readonly RoleName[];
  readonly pins: readonly Pin[];
  readonly ring: KeyRing;
}

/**
 * Withdraws targets: they are absent from the next documents of both dialects, and a reader that has seen those never accepts an older
 * one again. @throws target.missing, and what signTargets throws
 */
export async function revokeTargets(ports: ReadPorts, request: RevokeRequest): Promise<PublishReport> {
  const changes = (state: CollectionState): readonly Change[] =>
    request.names.flatMap((name) => {
      const roles = request.roles.length === 0 ? rolesWith(state, name) : request.roles;
      return roles.map((role): Change => ({ kind: "remove", name, role }));
    });
  return publishChanges(ports, { ...request, publisher: undefined, changes, blobs: new Map() });
}

/** The roles of any dialect that have the target; `targets` when none has, so that the error is about the target. */
function rolesWith(state: CollectionState, name: TargetName): readonly RoleName[] {
  const roles = new Set<RoleName>();
  for (const { targets } of state.dialects.values()) {
    for (const [role, document] of targets) if (document.signed.targets.has(name)) roles.add(role);
  }
  return roles.size === 0 ? [parseRoleName("targets")] : [...roles];
}
