// A collection whose keys are not at hand begins again under a root of its own. Nothing old vouches for it, so it says where it is from:
// every target carries, in its signed custom data, the old server, the role and version that had it, and the hash of the evidence. Readers
// with old caches refuse it, as they must: they have to pin the new root (notary-v1, 14-K).
import {
  CountersignError,
  isCountersignError,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseTargetName,
} from "../bytes/index.ts";
import { type InitRequest, initCollection, openKeyRing, publishChanges, type ReadPorts } from "../flows/index.ts";
import type { AddTarget, CollectionState } from "../publish/index.ts";
import type { FoundTarget } from "../updater/index.ts";
import type { Evidence } from "./evidence.ts";

export interface StartAnewRequest {
  readonly evidence: Evidence;
  /** The old server's address, for the statement. */
  readonly source: string;
  readonly keys: Pick<InitRequest, "places" | "passphrases" | "rootKey" | "kit">;
  readonly publisher: string | undefined;
}

export interface StartAnewReport {
  readonly rootKeys: readonly string[];
  readonly published: number;
  /** Names that cannot be targets here. */
  readonly leftOut: readonly string[];
}

/**
 * The new root takes the place of the old pin at home. Interrupted, it goes on: what a run before published is left as it is.
 * @throws collection.exists when the name is somebody else's there; key.*, publish.*, preflight.*, download.*, disk.*
 */
export async function startAnew(ports: ReadPorts, request: StartAnewRequest): Promise<StartAnewReport> {
  const { evidence, keys, publisher } = request;
  const replacing = replacingPins(ports);
  let rootKeys: readonly string[] = [];
  try {
    rootKeys = (await initCollection(replacing, { gun: evidence.gun, ...keys })).rootKeys;
  } catch (error) {
    // Begun before: only who made it has it pinned with this note, and keys for it.
    if (!isCountersignError(error, "collection.exists") || !(await isOurs(ports, evidence))) throw error;
  }
  const leftOut: string[] = [];
  const targets = evidence.targets.flatMap((target) => {
    const change = changeOf(target, request);
    if (change === undefined) leftOut.push(target.name);
    return change ?? [];
  });
  const report = await publishChanges(ports, {
    gun: evidence.gun,
    pins: [],
    changes: (state) => targets.filter(({ name }) => !has(state, name)),
    blobs: new Map(),
    publisher,
    ring: await openKeyRing(keys.places, keys.passphrases),
  });
  return { rootKeys, published: report.published.length === 0 ? 0 : targets.length, leftOut };
}

/** The target's own custom data stays, but for what our own publishers said, which the new publisher says anew. */
export function statementOf(
  target: FoundTarget,
  { evidence, source }: Pick<StartAnewRequest, "evidence" | "source">,
): JsonObject {
  const decided = target.chain.at(-1);
  const statement: JsonObject = {
    server: source,
    role: target.role,
    version: decided?.version ?? 0,
    root: evidence.roots.last,
    evidence: `sha256:${evidence.sha256}`,
    judged: new Date(evidence.at).toISOString(),
  };
  const custom: JsonValue | undefined = target.target.custom;
  if (custom === undefined || custom === null) return { importedFrom: statement };
  if (!isJsonObject(custom)) return { importedFrom: { ...statement, custom } };
  const { countersign, ...rest } = custom;
  return { ...rest, importedFrom: { ...statement, ...(countersign === undefined ? {} : { countersign }) } };
}

function changeOf(target: FoundTarget, request: StartAnewRequest): AddTarget | undefined {
  try {
    const name = parseTargetName(target.name);
    return {
      kind: "add",
      name,
      length: target.length,
      hashes: target.target.hashes,
      custom: statementOf(target, request),
    };
  } catch (error) {
    if (isCountersignError(error, "name.invalid")) return undefined;
    throw error;
  }
}

function has(state: CollectionState, name: string): boolean {
  return [...state.dialects.values()].some(({ targets }) =>
    [...targets.values()].some(({ signed }) => signed.targets.has(name)),
  );
}

const madeHere = "made on this machine";

async function isOurs({ home }: ReadPorts, { gun }: Evidence): Promise<boolean> {
  const entry = (await home.pins.list()).find(({ name }) => name === gun);
  return entry?.note === madeHere;
}

/** The old root's pin of this very name is what is to be replaced; init would take it for somebody's collection. */
function replacingPins(ports: ReadPorts): ReadPorts {
  const { pins } = ports.home;
  const gun = ports.server.gun;
  const replacing = {
    ...pins,
    list: async () => (await pins.list()).filter(({ name, note }) => name !== gun || note === madeHere),
    add: (entry: Parameters<typeof pins.add>[0]) => {
      if (entry.name !== gun) throw new CountersignError("bug.unexpected", `a pin of ${entry.name}`);
      return pins.add(entry, { replace: true });
    },
  };
  return { ...ports, home: { ...ports.home, pins: replacing } };
}
