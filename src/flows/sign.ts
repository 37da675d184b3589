// Signing targets: several in one go share one publish, so that readers see all of them or none.
import { type Gun, parseRoleName, type RoleName, type TargetName } from "../bytes/index.ts";
import type { Change, KeyRing } from "../publish/index.ts";
import type { Pin } from "../updater/index.ts";
import { type Content, targetOf } from "./content.ts";
import type { ReadPorts } from "./ports.ts";
import { type PublishReport, publishChanges } from "./publish.ts";

export interface TargetToSign {
  readonly name: TargetName;
  readonly content: Content;
}

export interface SignRequest {
  readonly gun: Gun;
  readonly targets: readonly TargetToSign[];
  /** `targets` unless told. */
  readonly role: RoleName | undefined;
  readonly pins: readonly Pin[];
  readonly publisher: string | undefined;
  readonly ring: KeyRing;
}

/** Contents up to this many bytes go to the server too, where generic TUF clients can download them. */
const maxBlobBytes = 4 * 1024 * 1024;

/** @throws target.invalid, key.*, preflight.*, conflict.lost_race, publish.* and what reading throws */
export async function signTargets(ports: ReadPorts, request: SignRequest): Promise<PublishReport> {
  const changes = request.targets.map(({ name, content }): Change => {
    const role = request.role === undefined ? {} : { role: request.role };
    return { kind: "add", name, ...targetOf(content), ...role };
  });
  return publishChanges(ports, { ...request, changes, blobs: blobsOf(request.targets) });
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
  /** Every role whose entry is to go; `targets` unless told. */
  readonly roles: readonly RoleName[];
  readonly pins: readonly Pin[];
  readonly ring: KeyRing;
}

/**
 * Withdraws targets: they are absent from the next documents of both dialects, and a reader that has seen those never accepts an older
 * one again. @throws target.missing, and what signTargets throws
 */
export async function revokeTargets(ports: ReadPorts, request: RevokeRequest): Promise<PublishReport> {
  const roles = request.roles.length === 0 ? [parseRoleName("targets")] : request.roles;
  const changes = roles.flatMap((role) => request.names.map((name): Change => ({ kind: "remove", name, role })));
  return publishChanges(ports, { ...request, publisher: undefined, changes, blobs: new Map() });
}
