// A collection as a publisher needs it: the trusted documents of every dialect it carries, delegations included, read by the same code a
// verifier runs. A dialect that lags is read without memory, since what it lags behind has been seen in the other one.
import { CountersignError } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import type { CollectionState, DialectState } from "../publish/index.ts";
import type { DialectName } from "../tuf/index.ts";
import { bundleSource, type Collection, decodeBundle, noCache, openCollection } from "../updater/index.ts";
import type { ReadPorts } from "./ports.ts";
import { pinsFor, type ReadRequest } from "./trusted-collection.ts";

/** Which dialects a server holds of a collection; one that knows Notary's routes only holds notary1. */
export interface Carried {
  readonly dialects: readonly DialectName[];
  readonly behind: readonly DialectName[];
  /** A server with our routes, which takes both dialects in one transaction. */
  readonly takesBoth: boolean;
}

/** @throws collection.missing */
export async function carriedDialects(ports: ReadPorts): Promise<Carried> {
  const options = ports.signal === undefined ? {} : { signal: ports.signal };
  const status = await ports.server.status(options);
  if (status === undefined && !(await ports.server.isCountersign(options))) {
    return { dialects: ["notary1"], behind: [], takesBoth: false };
  }
  if (status === undefined) {
    throw new CountersignError("collection.missing", `${ports.server.url.host} has no collection ${ports.server.gun}`, {
      hints: [`start it with: countersign init ${ports.server.gun}`],
    });
  }
  return { dialects: [...status.dialects.keys()], behind: status.behind, takesBoth: true };
}

/** The state to change. @throws what openCollection throws */
export async function readState(
  ports: ReadPorts,
  request: Pick<ReadRequest, "gun" | "pins">,
  carried: Carried,
): Promise<CollectionState> {
  const dialects = new Map<DialectName, DialectState>();
  // The dialects that lead first: what they show is remembered before a lagging one could hide it.
  const order = [...carried.dialects].sort(
    (a, b) => Number(carried.behind.includes(a)) - Number(carried.behind.includes(b)),
  );
  for (const name of order) {
    const collection = await readAfresh(ports, request, name, { remembers: !carried.behind.includes(name) });
    await collection.roles();
    const { root, timestamp, snapshot, targets } = collection.documents();
    dialects.set(name, { dialect: dialectNamed(name), root, timestamp, snapshot, targets });
  }
  return { gun: request.gun, dialects };
}

/** A reader that has nothing cached: what it sees is what anybody would see. */
export async function readAfresh(
  ports: ReadPorts,
  request: Pick<ReadRequest, "gun" | "pins">,
  dialect: DialectName,
  options: { readonly remembers: boolean },
): Promise<Collection> {
  const signal = ports.signal === undefined ? {} : { signal: ports.signal };
  const own = dialect === "notary1" ? ports.server.notary1Source() : ports.server.tuf1Source();
  const bytes = await ports.server.fetchBundle({ dialect, maxBytes: 256 * 1024 * 1024, ...signal });
  return openCollection({
    gun: request.gun,
    dialect,
    source: bytes === undefined ? own : bundleSource(decodeBundle(bytes), own),
    cache: noCache,
    pins: await pinsFor(ports, request),
    now: ports.clock(),
    ...(options.remembers ? { memory: ports.home.memory(request.gun) } : {}),
    ...signal,
  });
}
