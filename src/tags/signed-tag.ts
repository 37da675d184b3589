// A target as people see it: its name, what it points at, who decided it, and what the publisher says of who and when.
import type { Digest, RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import { provenanceOf } from "../publish/index.ts";
import type { FoundTarget } from "../updater/index.ts";

export interface SignedTag {
  readonly name: string;
  /** The SHA-256 one where there is one, since that is how registries name manifests. */
  readonly digest: Digest;
  readonly length: number;
  /** The role that decided it. */
  readonly role: RoleName;
  /** Keys that signed that role. */
  readonly keys: readonly CanonicalKeyId[];
  /** Until when this answer holds unless somebody signs again, milliseconds since the epoch. */
  readonly expiresAt: number;
  /** Said by the holder of the key, proven by nobody else. */
  readonly publisher: string | undefined;
  /** Milliseconds since the epoch; said by the holder of the key. */
  readonly signedAt: number | undefined;
}

/** undefined when the target carries no digest that we can check. */
export function signedTag(found: FoundTarget): SignedTag | undefined {
  const digest = found.digests.find((one) => one.startsWith("sha256:")) ?? found.digests[0];
  if (digest === undefined) return undefined;
  const { publisher, signedAt } = provenanceOf(found.target.custom);
  return {
    name: found.name,
    digest,
    length: found.length,
    role: found.role,
    keys: found.chain.at(-1)?.signedBy ?? [],
    expiresAt: found.expires.at,
    publisher,
    signedAt,
  };
}
