// The whole chain of a collection as one file, which verifies offline. It is checked here first: a bundle that nobody could verify
// is not worth carrying to a machine without a network.
import { type Collection, encodeBundle, noCache, openCollection, wholeBundle } from "../updater/index.ts";
import type { ReadPorts } from "./ports.ts";
import { openTrustedCollection, pinsFor, type ReadRequest } from "./trusted-collection.ts";

export interface SavedBundle {
  readonly bytes: Uint8Array;
  readonly collection: Collection;
}

/** @throws what openTrustedCollection throws */
export async function saveBundle(ports: ReadPorts, request: ReadRequest): Promise<SavedBundle> {
  // First as a reader that remembers, which refuses what is older than seen; then as a fresh one, since a bundle holds every root.
  const known = await openTrustedCollection(ports, { ...request, offline: "never" });
  const pins = await pinsFor(ports, request);
  const source = known.dialect === "notary1" ? ports.server.notary1Source() : ports.server.tuf1Source();
  const collection = await openCollection({
    gun: request.gun,
    dialect: known.dialect,
    source,
    cache: noCache,
    memory: ports.home.memory(request.gun),
    pins,
    now: ports.clock(),
  });
  return { bytes: encodeBundle(await wholeBundle(collection, source, ports.signal)), collection };
}
