// Where trust begins, and the way from there to the newest root, one version at a time (TUF 1.0.34, 5.2 and 5.3). Every accepted root is
// stored before the next is asked for. A root that takes online keys out of use first takes the stored timestamp and snapshot with it
// (5.3.11), or a reader whose version numbers an attacker had driven up would never recover.
import { CountersignError, equalBytes, isCountersignError, parseGun } from "../bytes/index.ts";
import { foreignTuf1 } from "../dialects/index.ts";
import { TrustedSet } from "../tuf/index.ts";
import { metadataFile } from "./repository-urls.ts";
import type { Session } from "./session.ts";

/** The name of a collection is a word of notary1; tuf1 never looks at it. */
const anyName = parseGun("tuf");

/** Object stores answer 403 for what does not exist. */
const noNewerRoot = [403, 404];

/** The trusted set with a root that is the newest and in force. @throws root.missing, metadata.*, threshold.*, json.*, download.* */
export async function openTrustedSet(session: Session): Promise<TrustedSet> {
  const stored = await session.store.read("root");
  const set = await startFrom(session, stored);
  await walkRoots(session, set);
  if (session.bootstrapRoot !== undefined && stored !== undefined) await replaceStray(session, set, stored);
  set.finishRoots();
  return set;
}

/**
 * A root that is signed by its own threshold; nothing else is asked of the first one.
 * @throws json.*, metadata.*, threshold.*, signature.none
 */
export function trustRoot(bytes: Uint8Array, now: number): TrustedSet {
  return TrustedSet.fromRoot(bytes, { dialect: foreignTuf1, gun: anyName, now });
}

async function startFrom(session: Session, stored: Uint8Array | undefined): Promise<TrustedSet> {
  const { bootstrapRoot, store, now } = session;
  const first = bootstrapRoot ?? stored;
  if (first === undefined) {
    throw new CountersignError("root.missing", "there is no trusted root to begin with", {
      hints: ["get the repository's root.json in a way that you trust, and begin with it"],
    });
  }
  const set = trustRoot(first, now);
  session.onRoot(set.root);
  if (bootstrapRoot === undefined) return set;
  await replayRoots(session, set);
  if (stored === undefined) await store.write("root", set.root.bytes);
  return set;
}

/** The roots accepted in earlier runs, verified again. What does not verify is left to the repository to answer for. */
async function replayRoots({ store, limits, onRoot }: Session, set: TrustedSet): Promise<void> {
  for (let walked = 0; walked < limits.rootRotations; walked++) {
    const bytes = await store.readRoot(set.root.signed.version + 1);
    if (bytes === undefined) return;
    try {
      onRoot(set.updateRoot(bytes));
    } catch (error) {
      if (isCountersignError(error) && error.kind === "untrusted") return;
      throw error;
    }
  }
}

async function walkRoots(session: Session, set: TrustedSet): Promise<void> {
  const { store, limits } = session;
  // After that many the run goes on with what it has (5.3.3); the next run takes up the rest.
  for (let walked = 0; walked < limits.rootRotations; walked++) {
    const version = set.root.signed.version + 1;
    const bytes = await session.fetchMetadata(metadataFile("root", version), limits.rootBytes, noNewerRoot);
    if (bytes === undefined) return;
    session.onRoot(set.updateRoot(bytes));
    if (set.onlineKeysRotated) {
      await store.remove("timestamp");
      await store.remove("snapshot");
    }
    if (session.bootstrapRoot !== undefined) await store.writeRoot(version, bytes);
    await store.write("root", bytes);
  }
}

/**
 * A stored root that is not on the chain from the bootstrap root is replaced, unless it says to be ahead: passing that over would let who
 * withholds the newest roots lead a reader back to keys that were given up.
 */
async function replaceStray({ store, now }: Session, set: TrustedSet, stored: Uint8Array): Promise<void> {
  const { version } = set.root.signed;
  const claimed = storedVersion(stored, now) ?? 0;
  if (claimed > version) {
    throw new CountersignError(
      "metadata.rollback",
      `the stored root is version ${claimed}; the chain from the bootstrap root leads to version ${version} only`,
      { hints: ["if nobody touched the stored root.json, the repository withholds its newest roots; else delete it"] },
    );
  }
  if (!equalBytes(stored, set.root.bytes)) await store.write("root", set.root.bytes);
}

function storedVersion(stored: Uint8Array, now: number): number | undefined {
  try {
    return trustRoot(stored, now).root.signed.version;
  } catch (error) {
    if (isCountersignError(error) && error.kind === "untrusted") return undefined;
    throw error;
  }
}
