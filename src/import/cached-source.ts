// What a docker or notary client has on disk, as a source: the documents that it trusted once, one version of each (notary-v1, section 5).
// Nothing in it is believed for lying there; it goes through the verifier as if it came from the network. Its root's keys may serve as
// pins: whoever names the directory takes over what that client trusted.
import { CountersignError, type Gun, isCountersignError, parseRoleName } from "../bytes/index.ts";
import { notary1 } from "../dialects/index.ts";
import { cachedRootPins } from "../flows/index.ts";
import type { NotaryDirectory } from "../home/index.ts";
import type { MetadataSource } from "../updater/index.ts";
import type { CollectionSource } from "./import-collection.ts";

const rootRole = parseRoleName("root");

function cachedSource(directory: NotaryDirectory, gun: Gun): MetadataSource {
  const cache = directory.cache(gun);
  const read = async (role: string): Promise<Uint8Array | undefined> => cache.read(parseRoleName(role));
  return {
    async fetchRoot(version) {
      const bytes = await cache.read(rootRole);
      if (bytes === undefined || version === undefined) return bytes;
      return rootVersion(bytes) === version ? bytes : undefined;
    },
    fetchTimestamp: () => read("timestamp"),
    fetchSnapshot: () => read("snapshot"),
    fetchTargets: (role) => read(role),
  };
}

/** The client's directory as a source; the root keys that this client trusts are its pins, none where its root does not verify itself. */
export async function cachedCollection(directory: NotaryDirectory, gun: Gun, now: number): Promise<CollectionSource> {
  const documents = cachedSource(directory, gun);
  const gap = await gapOf(directory, gun);
  return {
    description: directory.path,
    documents,
    cachedPins: await cachedRootPins(directory, gun, now),
    patiently: (work) => (gap === undefined ? work() : Promise.reject(gap)),
  };
}

/** The collections whose root is there; where changes were only staged there is nothing to bring home. @throws disk.unreadable */
export async function cachedNames(directory: NotaryDirectory): Promise<readonly Gun[]> {
  const found: Gun[] = [];
  for (const gun of await directory.collections()) {
    if ((await directory.cache(gun).read(rootRole)) !== undefined) found.push(gun);
  }
  return found;
}

/** What a client leaves that never read the collection whole, or has only begun it. */
async function gapOf({ path, cache }: NotaryDirectory, gun: Gun): Promise<CountersignError | undefined> {
  const { read } = cache(gun);
  if ((await read(rootRole)) === undefined) {
    return new CountersignError("collection.missing", `${path} holds no root of ${gun}, only what was staged or begun`);
  }
  if ((await read(parseRoleName("timestamp"))) !== undefined) return undefined;
  return new CountersignError("metadata.missing", `${path} holds no timestamp of ${gun}`, {
    hints: ["it was begun there and never published, or never read from the server: there is nothing to bring home"],
  });
}

/** As it says itself: an index only, the verifier checks it. */
function rootVersion(bytes: Uint8Array): number | undefined {
  try {
    return notary1.decodeRoot(bytes).signed.version;
  } catch (error) {
    if (isCountersignError(error)) return undefined;
    throw error;
  }
}
