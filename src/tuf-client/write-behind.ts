// A store that a run does not wait for at each document: a disk takes milliseconds to hold one for good, and the next document can be fetched
// meanwhile. Nothing is answered before all of them are stored (`settled`). A run that is killed before has stored any part of what it
// accepted, and each part is trusted for itself. Removals are waited for: what a root makes void must be gone before that root is stored
// (TUF 1.0.34, 5.3.11).
import type { TufStore } from "./ports.ts";

export interface WriteBehind extends TufStore {
  /** When all that was written is stored. @throws what the first failing of them threw */
  settled(): Promise<void>;
}

export function writeBehind(store: TufStore): WriteBehind {
  /** What is done to a file is done in order. */
  const last = new Map<string, Promise<void>>();
  const before = (file: string): Promise<void> => last.get(file) ?? Promise.resolve();
  const queue = async (file: string, work: () => Promise<void>): Promise<void> => {
    const done = before(file).then(work);
    done.catch(() => undefined); // told by settled()
    last.set(file, done);
  };
  return {
    read: (role) => before(role).then(() => store.read(role)),
    write: (role, bytes) => queue(role, () => store.write(role, bytes)),
    remove: (role) => before(role).then(() => store.remove(role)),
    readRoot: (version) => before(rootFile(version)).then(() => store.readRoot(version)),
    writeRoot: (version, bytes) => queue(rootFile(version), () => store.writeRoot(version, bytes)),
    async settled() {
      const writes = [...last];
      const done = await Promise.allSettled(writes.map(([, write]) => write));
      // Only now: somebody else may be waiting for the same.
      for (const [file, write] of writes) if (last.get(file) === write) last.delete(file);
      for (const write of done) if (write.status === "rejected") throw write.reason;
      await store.sync?.();
    },
  };
}

/** A slash at its beginning: no role is called that. */
function rootFile(version: number): string {
  return `/${version}.root.json`;
}

/** The answer of `work`, when what it wrote is stored too. A failure of the work comes before one of the disk. */
export async function settling<T>(store: WriteBehind, work: Promise<T>): Promise<T> {
  let answer: T;
  try {
    answer = await work;
  } catch (error) {
    await store.settled().catch(() => undefined);
    throw error;
  }
  await store.settled();
  return answer;
}
