// From rows of private_keys to the keys of the new server. Three ways: sealed under our own master key; into the store of our own signer;
// or left with notary-signer, when only the public half is kept and signing goes on there. A key that has never signed stays so: the
// old server may have given it out for the next rotation, and the new one must give out the same.
import type { KeyObject } from "node:crypto";
import { type Gun, isCountersignError } from "../bytes/index.ts";
import type { PublicKey } from "../keys/index.ts";
import type { PassphraseOf } from "../notary-signer/index.ts";
import type { ServerKey, Storage } from "../storage/index.ts";
import type { KeyMaterial, KeyRow, NotarySignerSource } from "./notary-source.ts";
import { openPrivateKey, publicKeyOfRow } from "./private-keys.ts";
import type { Finding } from "./report.ts";
import { onlineKeysNamed, type VerifiedCollection } from "./verify-collection.ts";

export type OnlineRole = "snapshot" | "timestamp";

/** Where secrets go. */
export interface KeyDestination {
  /** False: secrets stay where they are, and passphraseOf are not needed. */
  readonly needsSecret: boolean;
  /** How a key that storage has stands there, and when it was first used at the old server if it was. */
  holds(key: ServerKey, usedAt: number | undefined): Promise<Holding>;
  /** What storage keeps of the key; brings the secret to its place first. Not called in a dry run. */
  seal(key: OpenedKey): Promise<Uint8Array>;
}

export type Holding =
  /** As this destination wants it. */
  | "held"
  /** An earlier run brought it another way, with which the new server could not sign now: it is brought again. */
  | "otherwise"
  /** Sealed by the new server, which a signer cannot use: left alone. */
  | "sealed-here";

export interface OpenedKey {
  readonly gun: Gun;
  readonly role: OnlineRole;
  readonly publicKey: PublicKey;
  /** undefined only where `needsSecret` is false. */
  readonly privateKey: KeyObject | undefined;
  readonly createdAt: number;
  readonly usedAt: number | undefined;
}

export interface ServerKeysInput {
  readonly gun: Gun;
  readonly rows: readonly KeyRow[];
  /** Keys of which it is not known yet whose they are. */
  readonly unnamed: { has(keyId: string): boolean };
  readonly signer: NotarySignerSource | undefined;
  readonly passphraseOf: PassphraseOf;
  /** undefined: a dry run; keys are opened and checked, and go nowhere. */
  readonly destination: KeyDestination;
  readonly isDryRun: boolean;
  /** undefined for a name without documents. */
  readonly verified: VerifiedCollection | undefined;
  /** What the new server holds for this collection, by id. */
  readonly known: ReadonlyMap<string, ServerKey>;
  readonly now: number;
}

export interface ServerKeys {
  /** New here. */
  readonly keys: readonly ServerKey[];
  /** Here already as never used, and used at the old server since. */
  readonly usedSince: readonly ServerKey[];
  /** Here already, and sealed now as the destination wants it. */
  readonly resealed: readonly ServerKey[];
  readonly already: number;
  readonly leftOut: number;
  readonly findings: readonly Finding[];
}

export async function takeServerKeys(input: ServerKeysInput): Promise<ServerKeys> {
  const { gun, signer, known, verified } = input;
  const findings: Finding[] = [];
  const usable = input.rows.filter((row) => {
    const fault = rowFault(row);
    if (fault !== undefined) findings.push(fault);
    return fault === undefined;
  });
  const missing: KeyRow[] = [];
  let already = 0;
  for (const row of usable) {
    const here = known.get(row.keyId);
    const holding = here === undefined ? "otherwise" : await input.destination.holds(here, row.lastUsed);
    if (holding === "otherwise") missing.push(row);
    else if (holding === "held") already += 1;
    else findings.push(sealedHere(row));
  }
  const material =
    signer === undefined ? new Map<number, KeyMaterial>() : await signer.material(missing.map(({ id }) => id));
  const opened: OpenedKey[] = [];
  for (const row of missing) {
    const found = material.get(row.id);
    const result = found === undefined ? "its row is gone" : await openKey(input, row, found);
    if (typeof result !== "string") opened.push(result);
    else findings.push(unopened(row, result, verified));
  }
  const keys: ServerKey[] = [];
  const resealed: ServerKey[] = [];
  for (const key of opened) {
    const sealed = input.isDryRun ? new Uint8Array() : await input.destination.seal(key);
    const { role, createdAt, usedAt } = key;
    const here = known.get(key.publicKey.id);
    if (here === undefined) keys.push({ gun, role, keyId: key.publicKey.id, sealed, createdAt, usedAt });
    else resealed.push({ ...here, sealed });
  }
  const usedSince = usable.flatMap((row): readonly ServerKey[] => {
    const here = known.get(row.keyId);
    const usedAt = usedAtOf(row, verified, row.createdAt ?? input.now);
    return here === undefined || here.usedAt !== undefined || usedAt === undefined ? [] : [{ ...here, usedAt }];
  });
  const held = new Set([...known.keys(), ...keys.map(({ keyId }) => keyId)]);
  const inRows = new Set(input.rows.map(({ keyId }) => keyId));
  const isSomewhere = (id: string) => held.has(id) || inRows.has(id) || input.unnamed.has(id);
  findings.push(...missingKeys(gun, verified, isSomewhere));
  return {
    keys,
    usedSince,
    resealed,
    already,
    leftOut: input.rows.length - already - keys.length - resealed.length,
    findings,
  };
}

/** What the new server holds already, by id. */
export async function knownKeys(storage: Storage | undefined, gun: Gun): Promise<ReadonlyMap<string, ServerKey>> {
  if (storage === undefined) return new Map();
  const keys = [await storage.serverKeys(gun, "snapshot"), await storage.serverKeys(gun, "timestamp")].flat();
  return new Map(keys.map((key) => [key.keyId, key]));
}

function isOnlineRole(role: string): role is OnlineRole {
  return role === "snapshot" || role === "timestamp";
}

function rowFault(row: KeyRow): Finding | undefined {
  const place = { gun: row.gun, role: row.role, keyId: row.keyId, severity: "left_out" } as const;
  if (row.isDeleted) return { ...place, code: "key.deleted", message: "the key's row is marked as deleted" };
  if (isOnlineRole(row.role)) return undefined;
  return { ...place, code: "key.role", message: "a server signs with snapshot and timestamp keys only" };
}

function sealedHere({ gun, role, keyId }: KeyRow): Finding {
  return {
    severity: "conflict",
    code: "key.sealed_here",
    gun,
    role,
    keyId,
    message: "the new server holds the key itself, sealed by an earlier run with --own-keys",
    consequence:
      "a server that asks a signer cannot sign with it: migrate into an empty destination, or stay with --own-keys",
  };
}

/** A key that a root names has been given out, whatever its row says. */
function usedAtOf(row: KeyRow, verified: VerifiedCollection | undefined, createdAt: number): number | undefined {
  if (row.lastUsed !== undefined || verified === undefined || !isOnlineRole(row.role)) return row.lastUsed;
  return onlineKeysNamed(verified.roots, row.role).has(row.keyId) ? createdAt : undefined;
}

/** Why it cannot be taken, or the key. */
async function openKey(input: ServerKeysInput, row: KeyRow, material: KeyMaterial): Promise<OpenedKey | string> {
  const { gun, destination, passphraseOf, verified, now } = input;
  const { role } = row;
  if (!isOnlineRole(role)) return "not a server key";
  try {
    const { publicKey, privateKey } = destination.needsSecret
      ? await openPrivateKey(row, material, passphraseOf)
      : { publicKey: publicKeyOfRow(row, material), privateKey: undefined };
    const createdAt = row.createdAt ?? now;
    return { gun, role, publicKey, privateKey, createdAt, usedAt: usedAtOf(row, verified, createdAt) };
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return [error.message, ...error.hints].join("; ");
  }
}

function unopened(row: KeyRow, why: string, verified: VerifiedCollection | undefined): Finding {
  const { gun, role, keyId } = row;
  const root = verified?.root;
  const isInForce = isOnlineRole(role) && root !== undefined && onlineKeysNamed([root], role).has(keyId);
  return {
    severity: "left_out",
    code: "key.unopened",
    gun,
    role,
    keyId,
    message: `the key does not open: ${why}`,
    consequence:
      isInForce && isOnlineRole(role)
        ? cannotRenew(role, verified)
        : "no root in force names it: only a key rotation that was prepared with it fails",
  };
}

/** Keys that the root in force names and that no row has. */
function missingKeys(
  gun: Gun,
  verified: VerifiedCollection | undefined,
  isSomewhere: (keyId: string) => boolean,
): readonly Finding[] {
  const root = verified?.root;
  if (root === undefined) return [];
  return (["timestamp", "snapshot"] as const).flatMap((role): readonly Finding[] => {
    const named = [...onlineKeysNamed([root], role)];
    if (named.some(isSomewhere)) return [];
    const keyId = named[0];
    const place = { code: "key.missing", gun, role, ...(keyId === undefined ? {} : { keyId }) } as const;
    if (role === "snapshot") {
      const message = "the server does not hold the snapshot key that the root names";
      return [{ ...place, severity: "note", message, consequence: "as usual where the owner signs snapshots" }];
    }
    const message = "no row has the timestamp key that the root names";
    return [{ ...place, severity: "warning", message, consequence: cannotRenew(role, verified) }];
  });
}

/** One root of notary's own client moves one role, and is refused while the other has no key. */
const howToMove = "key rotate; where both keys are gone, countersign rotate with both roles";

function cannotRenew(role: OnlineRole, verified: VerifiedCollection | undefined): string {
  const until = verified?.timestamp?.document.signed.expires.text;
  return role === "timestamp"
    ? `the timestamp cannot be renewed: readers refuse the collection after ${until ?? "its expiry"}; its owner can move it to a key of the new server (${howToMove})`
    : `publishing fails where the client leaves the snapshot to the server, until its owner moves it to a key of the new server (${howToMove})`;
}
