// What a docker or notary client has on disk, as a source: the documents that it trusted once, one version of each (notary-v1, section 5).
// Nothing in it is believed for lying there; it goes through the verifier as if it came from the network. Its root's keys may serve as
// pins: whoever names the directory takes over what that client trusted.
import { type Gun, isCountersignError, parseRoleName } from "../bytes/index.ts";
import { notary1 } from "../dialects/index.ts";
import { cachedRootPins } from "../flows/index.ts";
import type { NotaryDirectory } from "../home/index.ts";
import type { MetadataSource, Pin } from "../updater/index.ts";

const rootRole = parseRoleName("root");

export function cachedSource(directory: NotaryDirectory, gun: Gun): MetadataSource {
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

/** The root keys that this client trusts; none where its root does not verify itself. */
export function pinsOfCache(directory: NotaryDirectory, gun: Gun, now: number): Promise<readonly Pin[]> {
  return cachedRootPins(directory, gun, now);
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
