// What docker shows of a collection. A tag counts when `targets` or `targets/releases` has it ("released"); its signers are the other
// roles that hold the same digest. Keys of delegations are shown by the id of the bare key, those of root by the id of the certificate
// (notary-v1, sections 4 and 13).

import type { Hashes } from "../bytes/index.ts";
import { encodeHex, type RoleName } from "../bytes/index.ts";
import type { Collection } from "../updater/index.ts";
import { naturalOrder } from "./natural-order.ts";

export interface SignedTag {
  readonly name: string;
  /** Hex SHA-256. */
  readonly digest: string;
  readonly length: number;
  readonly hashes: Hashes;
  /** In the order of the roles; none: signed by the repository key alone. */
  readonly signers: readonly string[];
}

export interface Signer {
  readonly name: string;
  readonly keys: readonly string[];
}

export interface TrustData {
  /** Sorted as docker sorts them. */
  readonly tags: readonly SignedTag[];
  /** Without `releases`, in the order of the roles. */
  readonly signers: readonly Signer[];
  /** Ids as the root lists them. */
  readonly rootKeys: readonly string[];
  readonly repositoryKeys: readonly string[];
}

export function isReleased(role: string): boolean {
  return role === "targets" || role === "targets/releases";
}

export function signerName(role: string): string {
  return role.startsWith("targets/") ? role.slice("targets/".length) : role;
}

/** Everything, or what concerns one tag. @throws download.*, metadata.* for what the server withholds */
export async function readTrustData(collection: Collection, tag: string | undefined): Promise<TrustData> {
  const roles = await collection.roles();
  const { root, targets } = collection.documents();
  const entries = roles.flatMap(({ role }) => entriesOf(role, targets.get(role)?.signed.targets ?? new Map(), tag));
  // A tag may be released as two things: what docker pulls comes first.
  const pulled = entries.filter(({ role }) => role === "targets/releases");
  const released = new Map<string, Entry>();
  for (const entry of [...pulled, ...entries.filter(({ role }) => role === "targets")]) {
    if (!released.has(identityOf(entry))) released.set(identityOf(entry), entry);
  }
  const tags = [...released].map(([identity, { name, digest, length, hashes }]): SignedTag => {
    const others = entries.filter((entry) => identityOf(entry) === identity && !isReleased(entry.role));
    return { name, digest, length, hashes, signers: others.map(({ role }) => signerName(role)) };
  });
  const listed = roles.filter(({ role }) => !isReleased(role));
  return {
    tags: tags.sort((a, b) => naturalOrder(a.name, b.name)),
    signers: listed.map(({ role, keys }) => ({ name: signerName(role), keys })),
    rootKeys: root.signed.roles.root.keyIds,
    repositoryKeys: root.signed.roles.targets.keyIds,
  };
}

interface Entry {
  readonly role: RoleName;
  readonly name: string;
  readonly digest: string;
  readonly length: number;
  readonly hashes: Hashes;
}

function entriesOf(
  role: RoleName,
  targets: ReadonlyMap<string, { readonly length: number; readonly hashes: Hashes }>,
  tag: string | undefined,
): readonly Entry[] {
  return [...targets].flatMap(([name, { length, hashes }]) => {
    const sha256 = hashes.get("sha256");
    const isWanted = tag === undefined || name === tag;
    return isWanted ? [{ role, name, digest: sha256 === undefined ? "" : encodeHex(sha256), length, hashes }] : [];
  });
}

function identityOf({ name, digest }: Entry): string {
  return `${digest} ${name}`;
}
