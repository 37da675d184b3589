// Looks at an exported tree as somebody who comes for the first time: the whole chain from the pins, every role, and every content that is
// there. What is wrong is an error with the code that a reader would give.
import { CountersignError, type Gun } from "../bytes/index.ts";
import { noCache, openCollection, type Pin } from "../updater/index.ts";
import { readersToServe, requireUsable } from "./export-tree.ts";
import { holdsContent } from "./tree-files.ts";
import { artifactPaths } from "./tree-paths.ts";
import { treeSource } from "./tree-source.ts";

export interface CheckRequest {
  readonly gun: Gun;
  readonly pins: readonly Pin[];
  readonly directory: string;
  readonly checksTargets: boolean;
  readonly allowsMissing: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly progress: (step: string) => void;
}

export interface CheckReport {
  readonly roles: number;
  readonly targets: number;
  /** Contents that are there and right. */
  readonly contents: number;
  readonly timestampVersion: number;
  readonly expiresAt: number;
}

/** @throws what openCollection throws; target.missing for a content that is absent or wrong */
export async function checkTree(request: CheckRequest): Promise<CheckReport> {
  const { gun, pins, directory, now } = request;
  request.progress(`reading ${directory}`);
  const source = treeSource(directory);
  const collection = await openCollection({ gun, dialect: "tuf1", source, cache: noCache, pins, now });
  await requireUsable(collection);
  const listed = await collection.listTargets();
  const serving = readersToServe(collection);
  let contents = 0;
  for (const { name, target } of request.checksTargets ? listed : []) {
    if (contents % 50 === 0) request.progress(`checking contents (${contents} of ${listed.length})`);
    for (const path of artifactPaths(name, target, serving)) {
      if (await holdsContent(directory, path, { length: target.length, hashes: target.hashes })) contents += 1;
      else if (!request.allowsMissing) {
        throw new CountersignError("target.missing", `${path} is not there, or is not what was signed`, {
          hints: ["remove that file, then export again"],
        });
      }
    }
  }
  const { timestamp } = collection;
  const roles = (await collection.roles()).length;
  return {
    roles,
    targets: listed.length,
    contents,
    timestampVersion: timestamp.version,
    expiresAt: timestamp.expires.at,
  };
}
