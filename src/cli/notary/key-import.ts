// Keys from files into a Notary trust directory. An encrypted key goes in as it is, under its own passphrase: with Notary's `path` header
// without being opened, as Notary does it; without it the passphrase is asked for, to learn which key it is, where Notary gives up
// (notary-v1, 4.2). A plain key gets a passphrase. A file appears whole or not at all, and none is ever replaced.
import { join } from "node:path";
import {
  CountersignError,
  decodeUtf8,
  formatPem,
  isCountersignError,
  type PemBlock,
  parsePem,
} from "../../bytes/index.ts";
import { createFile, readSmallFile } from "../../home/index.ts";
import { type CanonicalKeyId, parseCanonicalKeyId, publicKeyFromKeyObject } from "../../keys/index.ts";
import { type NotaryVault, parseKeyFile, purposeOfRole, withPassphrase } from "../../signers/index.ts";
import { NotaryUsage } from "./command-line.ts";
import { damagedInPlace, holdsKey } from "./damaged-keys.ts";
import type { NotaryContext } from "./front-context.ts";
import { requiredFile } from "./required-file.ts";

export interface ImportHeaders {
  /** In the place of a header that is not there. */
  readonly role: string | undefined;
  readonly gun: string | undefined;
}

/** One private key of a PEM text. */
export function privateKeyBlocks(bytes: Uint8Array): readonly PemBlock[] {
  try {
    return parsePem(decodeUtf8(bytes)).filter(({ label }) => label.endsWith("PRIVATE KEY"));
  } catch (error) {
    if (isCountersignError(error, "encoding.invalid")) return [];
    throw error;
  }
}

/** @throws key.*, disk.* */
export async function importBlock(
  context: NotaryContext,
  vault: NotaryVault,
  block: PemBlock,
  given: ImportHeaders,
): Promise<CanonicalKeyId> {
  const role = block.headers.get("role") ?? given.role ?? "delegation";
  const gun = block.headers.get("gun") ?? given.gun;
  const isScoped = role === "targets" || role === "snapshot";
  if (isScoped && (gun === undefined || gun === "")) {
    throw new CountersignError(
      "key.format",
      "Cannot have canonical role key without a gun, don't know what gun it belongs to",
      { hints: ["name the collection with -g GUN"] },
    );
  }
  const headers = { role, gun: isScoped ? gun : undefined };
  if (block.label !== "ENCRYPTED PRIVATE KEY") {
    // Plain, or encrypted in the old way, which only its own code can open: written anew under a passphrase.
    const text = formatPem(block.label, block.bytes, block.headers);
    const about = { role, ...(headers.gun === undefined ? {} : { gun: headers.gun }) };
    // A job that brings its key at every run, as with Notary: what is here already is as it should be.
    const known = await plainId(text);
    const there = (await vault.list()).find(({ id }) => id === known);
    if (there !== undefined && there.role === role && there.gun === headers.gun) return there.id;
    const [stored] = await vault.importKeys(Buffer.from(text), { ...about, passphrases: context.passphrases });
    if (stored === undefined) throw new CountersignError("key.format", "no private key in this block");
    return stored.id;
  }
  const id = pathId(block.headers.get("path")) ?? (await openedId(context, block, role));
  const named = headers.gun === undefined ? [] : [["gun", headers.gun] as const];
  const text = formatPem(block.label, block.bytes, new Map([...named, ["role", role]]));
  const path = join(context.directory.keys, `${id}.key`);
  if (await createFile(path, text)) return id;
  const present = await readSmallFile(path, { maxBytes: 1024 * 1024 });
  if (present !== undefined && decodeUtf8(present) === text) return id;
  if (present !== undefined && !holdsKey(present)) throw damagedInPlace(id, path);
  throw new CountersignError("key.exists", `key ${id} is already at ${path}`, {
    hints: ["nothing was changed; the key that is there stays as it was"],
  });
}

/** `key rotate -k FILE` and `init --rootkey FILE`: one key. @throws NotaryUsage in Notary's words */
export async function importOneKey(
  context: NotaryContext,
  vault: NotaryVault,
  path: string,
  role: string,
  gun: string | undefined,
): Promise<CanonicalKeyId> {
  const bytes = await requiredFile(path, "Error reading input root key file");
  const [block] = privateKeyBlocks(bytes);
  if (block === undefined) throw new NotaryUsage("no valid private key found");
  const isEncrypted = block.label === "ENCRYPTED PRIVATE KEY" || block.headers.has("DEK-Info");
  if (role === "root" && !isEncrypted) throw new NotaryUsage("only encrypted root keys may be imported");
  const headers = new Map([...block.headers, ["role", role] as const]);
  const known = pathId(block.headers.get("path")) ?? (isEncrypted ? await openedId(context, block, role) : undefined);
  const there = known === undefined ? undefined : (await vault.list()).find(({ id }) => id === known);
  if (there?.role !== undefined && there.role !== role) {
    throw new NotaryUsage(`Error importing key: key with same ID already exists for role: ${there.role}`);
  }
  if (there !== undefined) return there.id;
  return importBlock(context, vault, { ...block, headers }, { role, gun });
}

/** @throws NotaryUsage */
export function importRootKey(context: NotaryContext, vault: NotaryVault, path: string): Promise<CanonicalKeyId> {
  return importOneKey(context, vault, path, "root", undefined);
}

/** Notary writes the id; very old exports have the collection before it. A header of another shape names nothing. */
function pathId(header: string | undefined): CanonicalKeyId | undefined {
  const text = header?.split("/").at(-1) ?? "";
  return /^[0-9a-f]{64}$/.test(text) ? parseCanonicalKeyId(text) : undefined;
}

/** undefined: it is encrypted. */
async function plainId(text: string): Promise<CanonicalKeyId | undefined> {
  const [entry] = parseKeyFile(Buffer.from(text));
  if (entry === undefined || entry.isEncrypted) return undefined;
  return publicKeyFromKeyObject(await entry.open(undefined)).id;
}

async function openedId(context: NotaryContext, block: PemBlock, role: string): Promise<CanonicalKeyId> {
  const [entry] = parseKeyFile(Buffer.from(formatPem(block.label, block.bytes, block.headers)));
  if (entry === undefined) throw new CountersignError("key.format", "no private key in this block");
  const about = { purpose: purposeOfRole(role), keyId: undefined };
  const key = await withPassphrase(context.passphrases, about, (text) => entry.open(text));
  return publicKeyFromKeyObject(key).id;
}
