// A collection as a tree of files that any web server or bucket can serve. What is written was verified first; order of TUF 1.0.34,
// section 6.3: artifacts, delegations, targets, snapshot, root, and last, by one rename, timestamp.json, which is the switch: before it
// a reader gets the old state whole, after it the new one. What the old timestamp leads to stays until that timestamp has expired.

import { join } from "node:path";
import { CountersignError, type Gun, parseRoleName, type RoleName } from "../bytes/index.ts";
import { dialectNamed } from "../dialects/index.ts";
import type { ReadPorts } from "../flows/index.ts";
import { withLock } from "../home/index.ts";
import { mustServe, type Reader } from "../publish/index.ts";
import {
  bundleSource,
  type Collection,
  decodeBundle,
  openCollection,
  type Pin,
  wholeBundle,
} from "../updater/index.ts";
import { type ExportedArtifacts, exportArtifacts } from "./export-artifacts.ts";
import { isExported, markExported, retire } from "./export-record.ts";
import { treeCache } from "./tree-cache.ts";
import { readTreeFile, writeTreeFile } from "./tree-files.ts";
import { documentPaths, timestampPath } from "./tree-paths.ts";

export interface ExportRequest {
  readonly gun: Gun;
  /** Those at home when empty. */
  readonly pins: readonly Pin[];
  /** The tree's directory; made if it is not there. */
  readonly directory: string;
  /** undefined: metadata alone. */
  readonly targets:
    | {
        /** Where contents lie by their target names; asked before the server, which keeps small ones only. */
        readonly from: string | undefined;
        /** Contents that are nowhere are told, rather than an error. */
        readonly allowsMissing: boolean;
      }
    | undefined;
  /** Called after each document, where a test pulls the plug. */
  readonly testOnlyAfterWriting?: (path: string) => void;
}

export interface ExportReport {
  /** Documents. */
  readonly written: number;
  readonly kept: number;
  /** Files of old states, taken away. */
  readonly removed: number;
  readonly artifacts: ExportedArtifacts | undefined;
  readonly timestampVersion: number;
  /** When the tree must have been exported again, milliseconds since the epoch. */
  readonly expiresAt: number;
}

const maxBundleBytes = 256 * 1024 * 1024;
const maxTimestampBytes = 16_384;

/**
 * Brings a tree up to date. Run again after any interruption.
 * @throws metadata.rollback when the tree is newer; target.missing; usage.invalid for a directory of something else; file.unsafe; disk.*; what
 * reading throws
 */
export async function exportTree(ports: ReadPorts, request: ExportRequest): Promise<ExportReport> {
  const { directory, gun } = request;
  const isNew = !(await isExported(directory, gun));
  return withLock(join(directory, ".countersign-export.lock"), async () => {
    if (isNew) await markExported(directory, gun);
    ports.progress(`reading ${gun}`);
    const { collection, documents } = await readWhole(ports, request);
    const before = await presentTimestamp(directory);
    const { timestamp } = collection;
    if (before !== undefined && before.version > timestamp.version) {
      throw new CountersignError(
        "metadata.rollback",
        `the tree has timestamp version ${before.version}, the server version ${timestamp.version}: readers would see a rollback`,
        { hints: ["nothing was written", "find out who exported the newer state, and from which server"] },
      );
    }
    const wanted = new Set<string>();
    const serving = readersToServe(collection);
    const artifacts =
      request.targets === undefined
        ? undefined
        : await exportArtifacts(ports, await collection.listTargets(), {
            ...request.targets,
            directory,
            wanted,
            mustServe: serving,
          });
    ports.progress("writing documents");
    const counts = { written: 0, kept: 0 };
    for (const { role, version, bytes } of documents) {
      for (const path of documentPaths(role, version)) {
        wanted.add(path);
        counts[(await writeTreeFile(directory, path, bytes)) ? "written" : "kept"] += 1;
        request.testOnlyAfterWriting?.(path);
      }
    }
    const removed = await retire(directory, gun, wanted, {
      now: ports.clock(),
      // What leads to what stays is the timestamp that was replaced; exporting without contents takes no contents away.
      until: before?.expiresAt ?? 0,
      keepsArtifacts: request.targets === undefined,
    });
    return { ...counts, removed, artifacts, timestampVersion: timestamp.version, expiresAt: timestamp.expires.at };
  });
}

interface TreeDocument {
  readonly role: RoleName;
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** Every document that a fresh reader may ask for, verified, in the order in which they are to be written. */
async function readWhole(
  ports: ReadPorts,
  { gun, pins, directory }: ExportRequest,
): Promise<{ readonly collection: Collection; readonly documents: readonly TreeDocument[] }> {
  const own = ports.server.tuf1Source();
  const signal = ports.signal === undefined ? {} : { signal: ports.signal };
  const bytes = await ports.server.fetchBundle({ dialect: "tuf1", maxBytes: maxBundleBytes, ...signal });
  const source = bytes === undefined ? own : bundleSource(decodeBundle(bytes), own);
  const known = pins.length > 0 ? pins : ((await ports.home.pins.find(gun))?.pins ?? []);
  const memory = ports.home.memory(gun);
  const now = ports.clock();
  const collection = await openCollection({
    gun,
    dialect: "tuf1",
    source,
    cache: await treeCache(directory),
    memory,
    pins: known,
    now,
    ...signal,
  });
  await requireUsable(collection);
  const whole = await wholeBundle(collection, source, ports.signal);
  const { snapshot, targets, timestamp } = collection.documents();
  const dialect = dialectNamed("tuf1");
  const roots = whole.documents.flatMap((one) =>
    one.role === "root"
      ? [{ role: one.role, version: dialect.decodeRoot(one.bytes).signed.version, bytes: one.bytes }]
      : [],
  );
  const below = [...targets.values()].reverse();
  const rest = [...below, snapshot].map((one) => ({ role: one.role, version: one.signed.version, bytes: one.bytes }));
  const last = { role: timestamp.role, version: timestamp.signed.version, bytes: timestamp.bytes };
  return { collection, documents: [...rest, ...roots, last] };
}

/** A tuf1 reader stops at a role that it cannot use: a tree with one would be half a collection. @throws what the role fails with */
export async function requireUsable(collection: Collection): Promise<void> {
  for (const { state } of await collection.roles()) if (state.kind === "unusable") throw state.reason;
}

/** Programs that the collection says it must serve. */
export function readersToServe(collection: Collection): readonly Reader[] {
  return mustServe(collection.documents().targets.get(parseRoleName("targets"))?.signed);
}

/** Unverified: it only says how far the tree has come and what is still led to. */
async function presentTimestamp(
  directory: string,
): Promise<{ readonly version: number; readonly expiresAt: number } | undefined> {
  const bytes = await readTreeFile(directory, timestampPath, maxTimestampBytes);
  if (bytes === undefined) return undefined;
  const { signed } = dialectNamed("tuf1").decodeTimestamp(bytes);
  return { version: signed.version, expiresAt: signed.expires.at };
}
