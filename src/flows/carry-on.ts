// A collection of another server goes on at this one, with its history: the same root keys sign the next root, which names this server's
// keys for snapshot and timestamp, and everything below keeps its bytes. Readers with old caches follow, because roots lead from theirs
// to the new one and no version they remember goes down (notary-v1, 9.2 and 14-H: one root for both online keys).
import { CountersignError, equalBytes, type Gun, isCountersignError, type RoleName } from "../bytes/index.ts";
import type { CanonicalKeyId } from "../keys/index.ts";
import {
  type Change,
  type DialectState,
  type Finding,
  type KeyRing,
  type Prepared,
  prepareChange,
  publicationParts,
  type SetTopKeys,
} from "../publish/index.ts";
import type { Pin } from "../updater/index.ts";
import { canonicalIds } from "./inspect.ts";
import type { ReadPorts } from "./ports.ts";
import { type PublishReport, readBack } from "./publish.ts";
import { readAfresh } from "./read-for-change.ts";
import { fetchServerKey } from "./server-key.ts";

export interface CarryOnRequest {
  readonly gun: Gun;
  /** Verified, in notary1: roots ascending, then timestamp, snapshot, targets and every delegation that the snapshot lists. */
  readonly history: readonly { readonly role: RoleName; readonly bytes: Uint8Array }[];
  /** The same, as a publisher sees it. */
  readonly state: DialectState;
  readonly ring: KeyRing;
  readonly publisher: string | undefined;
}

export type CarryOnReport =
  /** This server has it, and everything of the old one's leads to what is here. */
  { readonly kind: "already" } | (PublishReport & { readonly kind: "carriedOn"; readonly rootVersion: number });

const maxRootBytes = 1024 * 1024;

/** Which root keys sign, and whether enough of them are in the ring. Opens none. */
export function rootKeysAtHand({ root }: DialectState, ring: KeyRing) {
  const listed = canonicalIds(root.signed, root.signed.roles.root);
  const held = listed.filter((id) => ring.ids().has(id));
  return { listed, held, isEnough: held.length >= root.signed.roles.root.threshold };
}

/**
 * @throws key.missing; collection.exists when the name holds something else here; publish.refused, also when this is no server of ours;
 * preflight.*, key.*, download.*
 */
export async function carryOn(ports: ReadPorts, request: CarryOnRequest): Promise<CarryOnReport> {
  return ports.home.whilePublishing(request.gun, async () => {
    const { gun, state } = request;
    if (await isCarriedOn(ports, request)) return { kind: "already" };
    requireRootKeys(request);
    const changes: readonly SetTopKeys[] = [await handedOver(ports, "timestamp"), await handedOver(ports, "snapshot")];
    const { publication, findings } = await prepareNext(request, changes, ports.clock());
    const parts = [
      ...request.history.map(({ role, bytes }) => ({ filename: `history/${role}`, bytes })),
      ...publicationParts(publication).map(({ name, bytes }) => ({ filename: name, bytes })),
    ];
    const { behind } = await ports.server.publish(parts, ports.signal === undefined ? {} : { signal: ports.signal });
    await readBack(ports, { gun, pins: pinsOf(state) }, publication);
    const published = publication.documents.map(({ dialect, role, signed }) => ({
      dialect,
      role,
      version: signed.version,
    }));
    const rootVersion = Math.max(
      ...published.filter(({ role }) => role === state.root.role).map(({ version }) => version),
    );
    return { kind: "carriedOn", published, behind, findings, attempts: 1, rootVersion };
  });
}

/**
 * With tuf1 where it can be started. What locks its readers out (a delegation without keys, notary1's readers pass over it) does not keep
 * the collection from coming home.
 */
async function prepareNext(
  { gun, state, ring: keys, publisher }: CarryOnRequest,
  changes: readonly Change[],
  now: number,
) {
  const prepare = (startsTuf1: boolean): Promise<Prepared> =>
    prepareChange({ gun, dialects: new Map([["notary1", state]]) }, changes, {
      now,
      keys,
      startsTuf1,
      ...(publisher === undefined ? {} : { publisher }),
    });
  try {
    return await prepare(true);
  } catch (error) {
    if (!isCountersignError(error, "preflight.would_lock_out", "preflight.inexpressible")) throw error;
    const { publication, findings } = await prepare(false);
    const notStarted: Finding = {
      severity: "warning",
      code: "dialect.not_started",
      dialect: "tuf1",
      role: undefined,
      message: `tuf1 is not started: ${error.message.replace(/^this change would lock people out: /, "")}`,
      hints: [...error.hints, `then: countersign publish ${gun} --add-tuf1`],
      cause: error,
    };
    return { publication, findings: [...findings, notStarted] };
  }
}

/** @throws key.missing */
function requireRootKeys({ gun, state, ring }: CarryOnRequest): void {
  const { listed, held, isEnough } = rootKeysAtHand(state, ring);
  if (isEnough) return;
  const { threshold } = state.root.signed.roles.root;
  throw new CountersignError(
    "key.missing",
    `${gun}: a new root is signed by ${threshold} of these keys, ${held.length} at hand: ${listed.join(", ")}`,
    { hints: ["bring one from another machine or a backup: countersign key import FILE"] },
  );
}

/** Of an earlier run, or by somebody else with the keys: what was current there is in the chain here. @throws collection.exists */
async function isCarriedOn(ports: ReadPorts, { gun, state }: CarryOnRequest): Promise<boolean> {
  const options = { maxBytes: maxRootBytes, ...(ports.signal === undefined ? {} : { signal: ports.signal }) };
  const source = ports.server.notary1Source();
  const newest = await source.fetchRoot(undefined, options);
  // An interrupted run may have left it as it was on the old server; the same upload completes it.
  if (newest === undefined || equalBytes(newest, state.root.bytes)) return false;
  const twin = await source.fetchRoot(state.root.signed.version, options);
  try {
    if (twin !== undefined && equalBytes(twin, state.root.bytes)) {
      const here = await readAfresh(ports, { gun, pins: pinsOf(state) }, "notary1", { remembers: false });
      if (here.root.version > state.root.signed.version) return true;
    }
  } catch (error) {
    if (!isCountersignError(error) || error.kind !== "untrusted") throw error;
  }
  throw new CountersignError("collection.exists", `${ports.server.url.host} has another collection ${gun} already`, {
    hints: [`to look at it: countersign inspect ${gun}`],
  });
}

async function handedOver(ports: ReadPorts, role: "timestamp" | "snapshot"): Promise<SetTopKeys> {
  const publicKey = await fetchServerKey(ports, role);
  return { kind: "rekey", role, addKeys: [{ publicKey }], removeKeys: "others", threshold: 1 };
}

function pinsOf({ root }: DialectState): readonly Pin[] {
  return canonicalIds(root.signed, root.signed.roles.root).map((id: CanonicalKeyId): Pin => ({ kind: "key", id }));
}
