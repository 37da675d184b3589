// What `rotate` has made and the server has not confirmed: the ids of new keys, so that the next run goes on with the same ones. No secret
// is in it; the keys are in the vault.
import {
  CountersignError,
  decodeMember,
  decodeObject,
  decodeOptionalMember,
  decodeString,
  encodeUtf8,
  type Gun,
  isCountersignError,
  isTopRole,
  jsonPath,
  parseJson,
  type TopRole,
} from "../bytes/index.ts";
import { type CanonicalKeyId, parseCanonicalKeyId } from "../keys/index.ts";
import type { ReadPorts } from "./ports.ts";

export interface UnfinishedRotation {
  readonly keys: ReadonlyMap<TopRole, CanonicalKeyId>;
  readonly kit: { readonly path: string; readonly id: CanonicalKeyId } | undefined;
}

export async function noteRotation(ports: ReadPorts, gun: Gun, work: UnfinishedRotation): Promise<void> {
  const kit = work.kit === undefined ? {} : { kit: work.kit };
  const text = JSON.stringify({ rotate: 1, gun, keys: Object.fromEntries(work.keys), ...kit });
  await ports.home.unfinished(gun, "rotate").write(encodeUtf8(`${text}\n`));
}

/** After `roles` were rotated: what is still open about others stays noted, so that it can be gone on with later. */
export async function settleRotation(
  ports: ReadPorts,
  gun: Gun,
  earlier: UnfinishedRotation | undefined,
  roles: readonly { readonly role: TopRole }[],
): Promise<void> {
  const isDone = (role: TopRole): boolean => roles.some((one) => one.role === role);
  const keys = new Map([...(earlier?.keys ?? [])].filter(([role]) => !isDone(role)));
  const kit = isDone("root") ? undefined : earlier?.kit;
  if (keys.size > 0 || kit !== undefined) await noteRotation(ports, gun, { keys, kit });
  else await ports.home.unfinished(gun, "rotate").remove();
}

/** undefined: nothing was begun, or the note is of no use; the keys it named are still in the vault. @throws disk.unreadable */
export async function readRotation(ports: ReadPorts, gun: Gun): Promise<UnfinishedRotation | undefined> {
  const bytes = await ports.home.unfinished(gun, "rotate").read();
  if (bytes === undefined) return undefined;
  try {
    return decode(gun, bytes);
  } catch (error) {
    if (isCountersignError(error)) return undefined;
    throw error;
  }
}

function decode(gun: Gun, bytes: Uint8Array): UnfinishedRotation {
  const path = jsonPath("rotation");
  const object = decodeObject(parseJson(bytes), path);
  if (decodeMember(object, "gun", decodeString, path) !== gun) {
    throw new CountersignError("cache.corrupt", "the note of an unfinished rotation is about another collection");
  }
  const keys = new Map<TopRole, CanonicalKeyId>();
  for (const [role, id] of Object.entries(decodeMember(object, "keys", decodeObject, path))) {
    if (isTopRole(role)) keys.set(role, parseCanonicalKeyId(decodeString(id, path)));
  }
  const kit = decodeOptionalMember(object, "kit", decodeObject, path);
  if (kit === undefined) return { keys, kit };
  const id = parseCanonicalKeyId(decodeMember(kit, "id", decodeString, path));
  return { keys, kit: { path: decodeMember(kit, "path", decodeString, path), id } };
}
