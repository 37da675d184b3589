// A verified copy of a repository as a plain tree, for networks without a way out: metadata/ and targets/ as any TUF client asks for
// them (TUF 1.0.34, 6.2 and 7). Everything is verified as a reader would, before it is written; the timestamp comes last, so that a
// reader of the copy sees the old state or the new one. A copy keeps its documents' dates: it has to be renewed before they expire.
import { join } from "node:path";
import { CountersignError, encodeHex, isCountersignError, type RoleName } from "../bytes/index.ts";
import { roleInTuf1 } from "../dialects/index.ts";
import { replaceFile } from "../home/index.ts";
import { type Document, listTargets, walkRoles } from "../tuf/index.ts";
import { fetchTarget, isTargetFile, refuseOtherSpelling } from "./download.ts";
import { alsoAs, placeBelow, safeParts } from "./mirror-tree.ts";
import { missingTarget, type TufVersions, versionsOf } from "./repository.ts";
import { metadataFile } from "./repository-urls.ts";
import { type Run, startRun } from "./run.ts";
import { startSession, type TufRepositoryOptions } from "./session.ts";
import { describeTarget, type TufTarget } from "./target.ts";

export interface MirrorOptions {
  /** Which targets are copied. Metadata is copied whole, always. */
  readonly targets: "all" | "none" | readonly string[];
  /** Roles in all; 65,536 unless told. */
  readonly maxRoles?: number;
}

export interface MirrorReport {
  readonly versions: TufVersions;
  readonly roles: number;
  /** Targets that the copy holds now. */
  readonly targets: number;
  /** Of those, fetched in this run. */
  readonly fetched: number;
  /** Left out, because their paths cannot be files below a directory. */
  readonly leftOut: readonly string[];
}

/** Brings the copy in `directory` up to date. @throws as refresh and download; target.missing for a path asked for by name */
export async function mirrorRepository(
  options: TufRepositoryOptions,
  directory: string,
  mirror: MirrorOptions,
): Promise<MirrorReport> {
  const roots: Document[] = [];
  const run = startRun(startSession(options, (root) => roots.push(root)));
  const set = await run.trusted();
  const { walked, listed } = await walkAll(run, mirror);
  const consistent = set.root.signed.consistentSnapshot;
  const copied = await copyTargets(run, listed, join(directory, "targets"), consistent);
  const documents: Placed[] = [
    ...roots.map((root) => placed(root, true)),
    ...[...walked].reverse().map((role) => placed(set.targets.get(role), consistent)),
    placed(set.snapshot, consistent),
    placed(set.timestamp, false),
  ];
  await writeDocuments(documents, join(directory, "metadata"));
  return { versions: versionsOf(set), roles: walked.length, ...copied };
}

interface Placed {
  readonly bytes: Uint8Array;
  /** Where a web server looks: it decodes an address once, so the role `a/b` lies in a directory. undefined: no safe path. */
  readonly served: readonly string[] | undefined;
  /** The name in the address, for whoever reads the tree without decoding. */
  readonly encoded: string;
}

function placed(document: Document | undefined, isVersioned: boolean): Placed {
  if (document === undefined) throw new CountersignError("bug.unexpected", "a mirrored role is gone");
  const name = roleInTuf1(document.role);
  const version = isVersioned ? document.signed.version : undefined;
  const served = partsOrNone(`${version === undefined ? "" : `${version}.`}${name}.json`);
  return { bytes: document.bytes, served, encoded: metadataFile(name, version) };
}

function partsOrNone(path: string): readonly string[] | undefined {
  try {
    return safeParts(path);
  } catch (error) {
    if (isCountersignError(error, "target.unsafe")) return undefined;
    throw error;
  }
}

/** In order. One role's encoded name may be what another is served as (`a/b` and `a%2Fb`): the one that is served has it. */
async function writeDocuments(documents: readonly Placed[], directory: string): Promise<void> {
  const served = new Set(documents.map((document) => document.served?.join("/")));
  for (const { bytes, served: parts, encoded } of documents) {
    if (parts !== undefined) await replaceFile(await placeBelow(directory, parts), bytes);
    if (!served.has(encoded)) await replaceFile(await placeBelow(directory, [encoded]), bytes);
  }
}

async function walkAll(run: Run, { targets, maxRoles = 65_536 }: MirrorOptions) {
  const walk = walkRoles("tuf1", { maxRoles });
  let step = walk.next();
  while (step.done !== true) step = walk.next(await run.visit(step.value));
  const walked = [...new Set(step.value.flatMap(({ role, content }): RoleName[] => (content ? [role] : [])))];
  if (targets === "none") return { walked, listed: [] };
  if (targets === "all") {
    const all = listTargets("tuf1", step.value);
    return { walked, listed: all.map(({ name, target, chain }) => describeTarget(name, target, chain)) };
  }
  const listed: TufTarget[] = [];
  for (const path of targets) {
    const target = await run.search(path);
    if (target === undefined) throw missingTarget(path);
    listed.push(target);
  }
  return { walked, listed };
}

async function copyTargets(run: Run, listed: readonly TufTarget[], directory: string, consistent: boolean) {
  const leftOut: string[] = [];
  let fetched = 0;
  for (const target of listed) {
    try {
      if (await copyTarget(run, target, directory, consistent)) fetched += 1;
    } catch (error) {
      if (!isCountersignError(error, "target.unsafe", "target.invalid")) throw error;
      leftOut.push(target.path);
    }
  }
  return { targets: listed.length - leftOut.length, fetched, leftOut };
}

/** True when it was fetched; false when it was there. */
async function copyTarget(run: Run, target: TufTarget, directory: string, consistent: boolean): Promise<boolean> {
  const parts = [...safeParts(target.path)];
  const last = parts.pop() ?? "";
  const hashes = ["sha256", "sha512"].flatMap((algorithm) => {
    const hash = target.hashes.get(algorithm);
    return hash === undefined ? [] : [encodeHex(hash)];
  });
  const names = consistent ? hashes.map((hash) => `${hash}.${last}`) : [last];
  const [name = last, ...others] = names;
  const file = await placeBelow(directory, [...parts, name]);
  await refuseOtherSpelling(join(file, ".."), name, target.path);
  const isThere = await isTargetFile(file, target);
  if (!isThere) await fetchTarget(run.session, target, consistent, file);
  for (const other of others) {
    if (!(await isTargetFile(join(file, "..", other), target))) await alsoAs(file, other);
  }
  return !isThere;
}
