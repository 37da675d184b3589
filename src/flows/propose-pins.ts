// What an unpinned collection shows of itself, for a person to compare with what its owner says. Nothing is cached, remembered or pinned
// here: seeing a fingerprint is not believing it.
import { noCache, openCollection, type Pin } from "../updater/index.ts";
import type { ReadPorts } from "./ports.ts";
import { findSource, pinsFor, type ReadRequest } from "./trusted-collection.ts";

/**
 * The root keys that vouch for a collection nobody has pinned, or undefined when pins speak for it already.
 * @throws what openCollection throws but for pin.missing
 */
export async function proposePins(ports: ReadPorts, request: ReadRequest): Promise<readonly Pin[] | undefined> {
  if ((await pinsFor(ports, request)).length > 0) return undefined;
  const { dialect, source } = await findSource(ports, { ...request, offline: "never" });
  const collection = await openCollection({
    gun: request.gun,
    dialect,
    source,
    cache: noCache,
    pins: [],
    now: ports.clock(),
    trustOnFirstUse: true,
    ...(ports.signal === undefined ? {} : { signal: ports.signal }),
  });
  return collection.root.signedBy.map((id): Pin => ({ kind: "key", id }));
}
