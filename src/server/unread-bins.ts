// Which documents of a large collection a publish need not look at. A hashed bin that is not in the upload stays as it was verified when it
// was stored, as long as the delegation it hangs on says what it said then: reading and verifying a million files again for one more
// would cost a server seconds and gigabytes. Everything else is read, whatever it costs.
import { type Gun, isCountersignError, parseRoleName } from "../bytes/index.ts";
import { hasSameBins, isBin } from "../publish/index.ts";
import type { CollectionState, Storage } from "../storage/index.ts";
import type { Delegations, Dialect } from "../tuf/index.ts";
import { requireSparse } from "./document-bounds.ts";
import { maxUnsignedBytes } from "./signed-first.ts";
import type { Upload } from "./upload.ts";

const targetsRole = parseRoleName("targets");

/** A collection as it is now, less the bytes of its bins where there are many; any other one whole. */
export async function readWithoutBins(
  storage: Pick<Storage, "collection">,
  gun: Gun,
  tuf1: Dialect,
): Promise<CollectionState | undefined> {
  const state = await storage.collection(gun, { sparesDelegations: true });
  if (state === undefined || state.unread.length === 0) return state;
  const delegations = delegationsOf(state, tuf1);
  const isAllBins = state.unread.every(({ dialect, role }) => dialect === "tuf1" && isBin(delegations, role));
  return isAllBins ? state : storage.collection(gun);
}

/** Whether what was left unread of a collection may stay so while this is published. */
export function mayStayUnread(state: CollectionState | undefined, tuf1: Dialect, upload: Upload): boolean {
  if (state === undefined || state.unread.length === 0) return true;
  return upload.history.length === 0 && leavesBins(delegationsOf(state, tuf1), tuf1, upload);
}

function delegationsOf({ current }: CollectionState, tuf1: Dialect): Delegations | undefined {
  const stored = current.find(({ dialect, role }) => dialect === "tuf1" && role === targetsRole);
  return stored === undefined ? undefined : tuf1.decodeTargets(targetsRole, stored.bytes).signed.delegations;
}

/** What is too large, or no document at all, is told by the checks that come later. */
function leavesBins(before: Delegations | undefined, tuf1: Dialect, upload: Upload): boolean {
  const next = upload.documents.find(({ dialect, role }) => dialect === "tuf1" && role === targetsRole);
  if (next === undefined) return true;
  if (next.bytes.length > maxUnsignedBytes) return false;
  try {
    requireSparse(next.role, next.bytes);
    return hasSameBins(before, tuf1.decodeTargets(targetsRole, next.bytes).signed.delegations);
  } catch (error) {
    if (!isCountersignError(error)) throw error;
    return false;
  }
}
