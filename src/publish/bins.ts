// Hashed bins: the files of a collection spread over 2^n delegated roles by the SHA-256 of their names, so that a reader fetches, and a
// publisher signs, one small document instead of one that lists everything (TUF 1.0.34, 4.5; TAP 15). Two ways to say it: `succinct`
// (one line for all bins; python-tuf, go-tuf and tuf-js read it) and `hash-prefixes` (one delegation a bin; python-tuf, tuf-js and tough).
// Bins exist in tuf1 alone: notary1 has no word for them. What a notary1 reader sees stays in `targets` in both dialects, and
// levelling never carries a bin over. Bins are terminating, come last, and each name has exactly one.
import { CountersignError, encodeCanonicalJson, encodeHex, parseRoleName, type RoleName } from "../bytes/index.ts";
import type { Dialect } from "../dialects/index.ts";
import type { PublicKey } from "../keys/index.ts";
import {
  type DelegatedRole,
  type Delegations,
  delegationsFor,
  findDelegation,
  type Key,
  type RoleKeys,
  type SuccinctRoles,
} from "../tuf/index.ts";

export type BinLayout =
  | { readonly kind: "flat" }
  | { readonly kind: "succinct" | "hash-prefixes"; readonly bitLength: number };

/** Lays the files of a collection out anew, in one publish: a reader sees the old layout or the new one. */
export interface SetBins {
  readonly kind: "bins";
  readonly layout: BinLayout;
  /** Who signs the bins; the keys of `targets` and its threshold unless given. */
  readonly signers?: { readonly keys: readonly PublicKey[]; readonly threshold: number };
}

/** 2,048 bins: a million targets at 72 kB a bin. More would cost every reader more snapshot than they save (tuf-1.0, section 7). */
export const maxBitLength = 11;
/** Never integer-like: tuf-js keeps roles in an object, and visits such names first (tuf-1.0, section 1). */
const namePrefix = "targets/files";

/** @throws usage.invalid */
export function requireLayout(layout: BinLayout): void {
  if (layout.kind === "flat") return;
  const { bitLength } = layout;
  if (Number.isSafeInteger(bitLength) && bitLength >= 1 && bitLength <= maxBitLength) return;
  throw new CountersignError("usage.invalid", `bins are 2 to the power of 1 to ${maxBitLength}, not of ${bitLength}`, {
    hints: ["10 gives 1,024 bins, enough for a million files"],
  });
}

/** How the files of a collection lie, read from its tuf1 `targets`. */
export function layoutOf(delegations: Delegations | undefined): BinLayout {
  const succinct = delegations?.succinct;
  if (succinct !== undefined) return { kind: "succinct", bitLength: succinct.bitLength };
  const count = delegations?.roles.filter(isBinRole).length ?? 0;
  return count === 0 ? { kind: "flat" } : { kind: "hash-prefixes", bitLength: Math.ceil(Math.log2(count)) };
}

/** Whether a role is reached by the hash of names alone. */
export function isBin(delegations: Delegations | undefined, role: RoleName): boolean {
  const found = findDelegation(delegations, role);
  return found !== undefined && isBinRole(found);
}

/** The bin of a name; undefined in a flat layout. */
export function binFor(delegations: Delegations | undefined, name: string): RoleName | undefined {
  return delegationsFor(delegations, name).find(isBinRole)?.name;
}

/** The delegations less their bins: all of it that notary1 can say. */
export function withoutBins(delegations: Delegations | undefined): Delegations | undefined {
  if (delegations === undefined || layoutOf(delegations).kind === "flat") return delegations;
  const roles = delegations.roles.filter((role) => !isBinRole(role));
  return roles.length === 0
    ? undefined
    : { ...delegations, keys: usedKeys(delegations, roles), roles, succinct: undefined };
}

/** `next` with the bins of `before`: what was said in notary1 takes no bins away. */
export function withBinsOf(next: Delegations | undefined, before: Delegations | undefined): Delegations | undefined {
  if (before === undefined || layoutOf(before).kind === "flat") return next;
  const bins = before.roles.filter(isBinRole);
  const listed = before.succinct === undefined ? bins : [before.succinct];
  return {
    keys: new Map([...(next?.keys ?? []), ...usedKeys(before, listed)]),
    roles: [...(next?.roles ?? []), ...bins],
    succinct: before.succinct,
  };
}

/** The delegations with the bins of a layout in place of those they have. `signers` as the document is to list them. */
export function withLayout(
  dialect: Dialect,
  before: Delegations | undefined,
  layout: BinLayout,
  signers: { readonly keys: readonly PublicKey[]; readonly threshold: number },
): Delegations | undefined {
  const rest = withoutBins(before);
  if (layout.kind === "flat") return rest;
  const listed = signers.keys.map((key) => dialect.makeKey(key));
  const role: RoleKeys = { keyIds: [...new Set(listed.map(({ id }) => id))], threshold: signers.threshold };
  const succinct: SuccinctRoles = { ...role, bitLength: layout.bitLength, namePrefix };
  const keys = new Map<Key["id"], Key>([...(rest?.keys ?? []), ...listed.map((key) => [key.id, key] as const)]);
  if (layout.kind === "succinct") {
    if (rest !== undefined) refuseBesideOthers(rest);
    return { keys, roles: [], succinct };
  }
  return { keys, roles: [...(rest?.roles ?? []), ...binRoles(succinct)], succinct: undefined };
}

/** Whether the same bins are delegated to, under the same conditions: then one that verified below the one verifies below the other. */
export function hasSameBins(before: Delegations | undefined, after: Delegations | undefined): boolean {
  return conditionsOf(before) === conditionsOf(after);
}

/** By name, since documents and drafts list members in different orders. */
function conditionsOf(delegations: Delegations | undefined): string {
  if (delegations === undefined) return "";
  const { succinct } = delegations;
  const roles = succinct === undefined ? delegations.roles.filter(isBinRole) : [];
  const keys = usedKeys(delegations, succinct === undefined ? roles : [succinct]);
  return JSON.stringify([
    succinct && [succinct.namePrefix, succinct.bitLength, succinct.keyIds, succinct.threshold],
    roles.map(({ name, keyIds, threshold, terminating, paths }) => [name, keyIds, threshold, terminating, paths]),
    [...keys].map(([id, { source }]) => [id, encodeHex(encodeCanonicalJson(source))]).sort(),
  ]);
}

/** Every bin of a layout, empty ones too: a reader that finds none of its name's must not find the name elsewhere. */
export function binNames(delegations: Delegations | undefined): readonly RoleName[] {
  const succinct = delegations?.succinct;
  if (succinct !== undefined) return binRoles(succinct).map(({ name }) => name);
  return (delegations?.roles ?? []).filter(isBinRole).map(({ name }) => name);
}

/** Where a new delegation goes: before the bins, which are terminating and would hide what stands behind them. */
export function addBeforeBins(roles: readonly DelegatedRole[], role: DelegatedRole): readonly DelegatedRole[] {
  const first = roles.findIndex(isBinRole);
  return first < 0 ? [...roles, role] : roles.toSpliced(first, 0, role);
}

function isBinRole(role: DelegatedRole): boolean {
  return role.paths.kind === "hashPrefixes";
}

function binRoles(succinct: SuccinctRoles): readonly DelegatedRole[] {
  const width = Math.ceil(succinct.bitLength / 4);
  return Array.from({ length: 2 ** succinct.bitLength }, (_, bin): DelegatedRole => {
    const name = parseRoleName(`${succinct.namePrefix}-${bin.toString(16).padStart(width, "0")}`);
    const found = findDelegation({ keys: new Map(), roles: [], succinct }, name);
    if (found === undefined) throw new CountersignError("bug.unexpected", `there is no bin ${name}`);
    return found;
  });
}

function usedKeys(delegations: Delegations, roles: readonly RoleKeys[]): ReadonlyMap<Key["id"], Key> {
  const used = new Set(roles.flatMap(({ keyIds }) => keyIds));
  return new Map([...delegations.keys].filter(([id]) => used.has(id)));
}

function refuseBesideOthers({ roles }: Delegations): never {
  throw new CountersignError(
    "preflight.inexpressible",
    `succinct bins stand alone, and the collection delegates to ${roles.map(({ name }) => name).join(", ")}`,
    { hints: ["hash-prefix bins go beside delegations: countersign collection layout GUN --bins hash-prefixes:8"] },
  );
}
