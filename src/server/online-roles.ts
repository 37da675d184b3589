// Signs the next snapshot and timestamp of one dialect with the keys that the root names for them. A key that the root does not
// name never signs, and a role whose threshold the held keys cannot reach is not made at all.
import { CountersignError, type Gun, parseRoleName } from "../bytes/index.ts";
import type { Signer } from "../keys/index.ts";
import {
  type Dialect,
  type Document,
  type Root,
  requireThreshold,
  type SigningKey,
  type Snapshot,
  signDocument,
  type Timestamp,
} from "../tuf/index.ts";
import type { OnlineRole, RoleSigner } from "./role-signer.ts";

export interface OnlineKeys {
  readonly keys: readonly SigningKey[];
  /** Canonical ids. */
  readonly ids: readonly string[];
}

/** The held keys that this root names for the role; undefined when they do not reach the role's threshold. */
export async function onlineKeys(
  signer: RoleSigner,
  gun: Gun,
  root: Root,
  role: OnlineRole,
): Promise<OnlineKeys | undefined> {
  // A root may name a key that another server on the same database has made a moment ago.
  return (
    chosenKeys(await signer.held(gun, role), root, role) ??
    chosenKeys(await signer.held(gun, role, { isFresh: true }), root, role)
  );
}

function chosenKeys(signers: readonly Signer[], root: Root, role: OnlineRole): OnlineKeys | undefined {
  const held = new Map(signers.map((each) => [each.publicKey.id, each]));
  const keys = new Map<string, SigningKey>();
  const { keyIds, threshold } = root.roles[role];
  for (const keyId of keyIds) {
    const key = root.keys.get(keyId);
    const id = key?.publicKey?.id;
    const holder = id === undefined ? undefined : held.get(id);
    if (key !== undefined && id !== undefined && holder !== undefined) keys.set(id, { signer: holder, key });
  }
  return keys.size >= threshold ? { keys: [...keys.values()], ids: [...keys.keys()] } : undefined;
}

/** As signOnline, and the result is checked under the root: for callers after whom no fresh reader looks at it. */
export async function signOnlineChecked<T extends Snapshot | Timestamp>(
  dialect: Dialect,
  root: Document<Root>,
  signed: T,
  keys: OnlineKeys,
): Promise<Document<T>> {
  const document = await signOnline(dialect, signed, keys);
  requireThreshold(dialect, document, root.signed.keys, root.signed.roles[signed.type], "root");
  return document;
}

/** @throws server.signing_unavailable */
export async function signOnline<T extends Snapshot | Timestamp>(
  dialect: Dialect,
  signed: T,
  { keys }: OnlineKeys,
): Promise<Document<T>> {
  const role = parseRoleName(signed.type);
  try {
    return await signDocument(dialect, role, signed, keys);
  } catch (cause) {
    throw new CountersignError("server.signing_unavailable", `the server cannot sign ${role} now`, { cause });
  }
}
