// Signing a tag. Docker signs what an engine pushed, or what the tag is signed as already; without an engine it is what the registry has.
// Rule: what others have signed is not replaced by what a registry says now unless the caller says so (--local, as docker has it): an
// endorsement must not become a new release behind the endorser's back. Where the registry has nothing, the signed digest is endorsed.
import {
  CountersignError,
  digestParts,
  encodeHex,
  type Hashes,
  isCountersignError,
  parseTargetName,
  type RoleName,
} from "../bytes/index.ts";
import type { Content } from "../flows/index.ts";
import { targetOf } from "../flows/index.ts";
import type { Change } from "../publish/index.ts";
import type { Repository } from "./repository.ts";
import { signableRoles } from "./signable-roles.ts";
import { isReleased, type SignedTag, signerName } from "./trust-data.ts";

export interface ImageSignature {
  /** Hex SHA-256. */
  readonly digest: string;
  readonly length: number;
  /** What the tag was signed as before. */
  readonly existing: SignedTag | undefined;
  readonly replaces: boolean;
  /** Signs, publishes and reads it back. @throws what publishChanges throws */
  publish(): Promise<readonly RoleName[]>;
}

/** Manifests up to this size go to the server too, where generic TUF clients can download them. */
const maxBlobBytes = 4 * 1024 * 1024;

/**
 * Finds out what is to be signed; nothing is signed before `publish`.
 * @throws image.missing, image.mismatch, key.missing, download.*, registry.*; `publish`: publish.refused for what others signed
 */
export async function signImage(
  repository: Repository,
  wanted: { readonly tag: string; readonly existing: SignedTag | undefined; readonly overwrites: boolean },
): Promise<ImageSignature> {
  const { existing, overwrites } = wanted;
  const name = parseTargetName(wanted.tag);
  const content = await contentToSign(repository, existing, overwrites);
  const target =
    content === undefined ? existing : { ...targetOf(content), digest: sha256Of(targetOf(content).hashes) };
  if (target === undefined) throw new CountersignError("bug.unexpected", "neither an image nor a signature to endorse");
  const replaces = existing !== undefined && existing.digest !== target.digest;
  const ring = await repository.ring();
  let roles: readonly RoleName[] = [];
  return {
    digest: target.digest,
    length: target.length,
    existing,
    replaces,
    async publish() {
      const { length, hashes } = target;
      await repository.publish({
        publisher: await publisherOf(repository),
        blobs: blobsOf(content),
        changes: (state) => {
          roles = signableRoles(state, ring.ids(), name);
          if (replaces && !overwrites) refuseReplacing(existing, roles, target.digest);
          return roles.map((role): Change => ({ kind: "add", role, name, length, hashes }));
        },
      });
      return roles;
    },
  };
}

/** undefined: endorse what is signed. */
async function contentToSign(
  repository: Repository,
  existing: SignedTag | undefined,
  overwrites: boolean,
): Promise<Content | undefined> {
  try {
    return await repository.content();
  } catch (error) {
    const isAway = isCountersignError(error) && ["network", "missing", "denied"].includes(error.kind);
    if (!isAway || existing === undefined || overwrites || repository.image.reference.digest !== undefined) throw error;
    repository.notify(`the registry does not show the image (${error.message}); what is signed already is endorsed`);
    return undefined;
  }
}

/** Only said along: a credential helper that fails must not stop who needs no credential. */
async function publisherOf(repository: Repository): Promise<string | undefined> {
  try {
    return await repository.login();
  } catch (error) {
    if (isCountersignError(error)) return undefined;
    throw error;
  }
}

/** @throws publish.refused */
function refuseReplacing(existing: SignedTag, roles: readonly RoleName[], digest: string): void {
  const own = new Set(roles.filter((role) => !isReleased(role)).map(signerName));
  const others = existing.signers.filter((signer) => !own.has(signer));
  if (others.length === 0) return;
  throw new CountersignError(
    "publish.refused",
    `${existing.name} is signed by ${others.join(", ")} as sha256:${existing.digest}, and the registry has sha256:${digest}`,
    {
      hints: [
        "to sign what the registry has in its place: add --local",
        "to endorse what is signed: bring the tag back to that digest in the registry first",
      ],
    },
  );
}

function blobsOf(content: Content | undefined): ReadonlyMap<string, Uint8Array> {
  const digest = content?.digests.get("sha256");
  if (content?.bytes === undefined || digest === undefined || content.bytes.length > maxBlobBytes) return new Map();
  return new Map([[encodeHex(digestParts(digest).hash), content.bytes]]);
}

function sha256Of(hashes: Hashes): string {
  const hash = hashes.get("sha256");
  if (hash !== undefined) return encodeHex(hash);
  throw new CountersignError("target.invalid", "docker signs images by their sha256 digest");
}
