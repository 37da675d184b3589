// A collection as a publisher needs it: the trusted documents of every dialect it carries, delegations included, read by the same code a
// verifier runs. A dialect that lags is read without memory, since what it lags behind has been seen in the other one.
import { CountersignError } from "../bytes/index.ts";
import type { CollectionState, DialectState } from "../publish/index.ts";
import type { DialectName } from "../tuf/index.ts";
import type { ReadPorts } from "./ports.ts";
import { type Extent, readForChange } from "./read-for-change.ts";
import type { ReadRequest } from "./trusted-collection.ts";

/** Which dialects a server holds of a collection; one that knows Notary's routes only holds notary1. */
export interface Carried {
  readonly dialects: readonly DialectName[];
  readonly behind: readonly DialectName[];
  /** A server with our routes, which takes both dialects in one transaction. */
  readonly takesBoth: boolean;
  /** Has so many documents (hashed bins) that they are not all fetched for a change of a few. */
  readonly isLarge: boolean;
}

/** Up to this many documents one request for all of them is quicker than asking for those that are needed. */
const largeAbove = 64;

/** @throws collection.missing */
export async function carriedDialects(ports: ReadPorts): Promise<Carried> {
  const options = ports.signal === undefined ? {} : { signal: ports.signal };
  const status = await ports.server.status(options);
  if (status === undefined && !(await ports.server.isCountersign(options))) {
    return { dialects: ["notary1"], behind: [], takesBoth: false, isLarge: false };
  }
  if (status === undefined) {
    throw new CountersignError("collection.missing", `${ports.server.url.host} has no collection ${ports.server.gun}`, {
      hints: [`start it with: countersign init ${ports.server.gun}`],
    });
  }
  const isLarge = (status.dialects.get("tuf1")?.size ?? 0) > largeAbove;
  return { dialects: [...status.dialects.keys()], behind: status.behind, takesBoth: true, isLarge };
}

/** The state to change. @throws what openCollection throws */
export async function readState(
  ports: ReadPorts,
  request: Pick<ReadRequest, "gun" | "pins">,
  carried: Carried,
  bins: Extent["bins"] = [],
): Promise<CollectionState> {
  const dialects = new Map<DialectName, DialectState>();
  // The dialects that lead first: what they show is remembered before a lagging one could hide it.
  const order = [...carried.dialects].sort(
    (a, b) => Number(carried.behind.includes(a)) - Number(carried.behind.includes(b)),
  );
  for (const name of order) {
    const extent = { remembers: !carried.behind.includes(name), bins, isPiecemeal: isPiecemeal(carried, bins) };
    dialects.set(name, await readForChange(ports, request, name, extent));
  }
  return { gun: request.gun, dialects };
}

/** Whether documents are fetched one by one. */
export function isPiecemeal({ isLarge }: Pick<Carried, "isLarge">, bins: Extent["bins"] = []): boolean {
  if (!isLarge || bins === "all") return false;
  return ("roles" in bins ? bins.roles : bins).length <= largeAbove;
}
