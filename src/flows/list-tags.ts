// Everything a collection says, as people look for it: newest versions first, with who and when.
import { orderTags, type SignedTag, signedTag } from "../tags/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { ReadPorts } from "./ports.ts";
import { openTrustedCollection, type ReadRequest } from "./trusted-collection.ts";
import { type Reason, reasonOf } from "./verdict.ts";

export interface TagListing {
  readonly dialect: DialectName;
  readonly tags: readonly SignedTag[];
  /** Delegated roles that had to be left out, damaged caches and the like. */
  readonly warnings: readonly Reason[];
}

/** @throws what openTrustedCollection throws */
export async function listTags(ports: ReadPorts, request: ReadRequest): Promise<TagListing> {
  const collection = await openTrustedCollection(ports, request);
  const found = await collection.listTargets();
  const roles = await collection.roles();
  const unusable = roles.flatMap(({ state }) => (state.kind === "unusable" ? [reasonOf(state.reason)] : []));
  const tags = await orderTags(found.flatMap((one) => signedTag(one) ?? []));
  return { dialect: collection.dialect, tags, warnings: [...collection.warnings.map(reasonOf), ...unusable] };
}
