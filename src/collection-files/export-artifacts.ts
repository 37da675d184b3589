// Contents of targets in an exported tree, each under the name that TUF clients with consistent snapshots ask for. A content is taken from
// the tree itself when it is there already, from a directory of the publisher's, or from the server, which keeps small ones; from
// wherever it comes, it is in the tree only if it is what was signed.
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { CountersignError, severalAtOnce } from "../bytes/index.ts";
import type { ReadPorts } from "../flows/index.ts";
import { systemCode } from "../home/index.ts";
import { maxBlobBytes, type Reader } from "../publish/index.ts";
import type { FoundTarget } from "../updater/index.ts";
import { copyContent, type ExpectedContent, treeFileLength } from "./tree-files.ts";
import { artifactPaths } from "./tree-paths.ts";

export interface ExportedArtifacts {
  readonly written: number;
  readonly kept: number;
  /** Names whose content is nowhere. */
  readonly missing: readonly string[];
}

export interface ArtifactOptions {
  readonly directory: string;
  readonly from: string | undefined;
  readonly allowsMissing: boolean;
  readonly mustServe: readonly Reader[];
  /** Paths in use are put here. */
  readonly wanted: Set<string>;
}

/** Files written at once: most of the time is waiting until the disk has each. */
const atOnce = 8;

/** @throws target.missing, name.invalid, disk.*, download.* */
export async function exportArtifacts(
  ports: ReadPorts,
  targets: readonly FoundTarget[],
  options: ArtifactOptions,
): Promise<ExportedArtifacts> {
  const counts = { written: 0, kept: 0 };
  const missing: string[] = [];
  await severalAtOnce(targets.entries(), atOnce, async ([index, { name, target }]) => {
    if (index % 50 === 0) ports.progress(`writing contents (${index} of ${targets.length})`);
    const expected = { length: target.length, hashes: target.hashes };
    let isMissing = false;
    for (const path of artifactPaths(name, target, options.mustServe)) {
      const done = await exportOne(ports, name, path, expected, options);
      if (done === "missing") isMissing = true;
      else {
        options.wanted.add(path);
        counts[done] += 1;
      }
    }
    if (isMissing) missing.push(name);
  });
  missing.sort();
  if (missing.length > 0 && !options.allowsMissing) throw noContent(missing);
  return { ...counts, missing };
}

async function exportOne(
  ports: ReadPorts,
  name: string,
  path: string,
  expected: ExpectedContent,
  { directory, from }: ArtifactOptions,
): Promise<"written" | "kept" | "missing"> {
  // Its name is its hash and it was written whole; reading terabytes again at every export is what --check is for.
  if ((await treeFileLength(directory, path)) === expected.length) return "kept";
  if (from !== undefined) {
    try {
      if (await copyContent(directory, path, createReadStream(join(from, name)), expected)) return "written";
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
  if (expected.length > maxBlobBytes) return "missing";
  const urlPath = path.slice("targets/".length).split("/").map(encodeURIComponent).join("/");
  const bytes = await ports.server.fetchContent(urlPath, {
    maxBytes: maxBlobBytes,
    ...(ports.signal === undefined ? {} : { signal: ports.signal }),
  });
  if (bytes === undefined) return "missing";
  return (await copyContent(directory, path, once(bytes), expected)) ? "written" : "missing";
}

function isAbsent(error: unknown): boolean {
  const cause = error instanceof CountersignError ? error.cause : error;
  return ["ENOENT", "ENOTDIR", "EISDIR"].includes(systemCode(cause) ?? "");
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function noContent(missing: readonly string[]): CountersignError {
  const shown = missing.slice(0, 5).map((name) => JSON.stringify(name));
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : "";
  return new CountersignError("target.missing", `the contents of ${shown.join(", ")}${more} are nowhere to be had`, {
    hints: [
      "name the directory that holds them: --from DIR",
      "the server keeps contents up to 4 MiB that were sent along; images stay in their registry",
      "to export without them: --allow-missing",
      "the tree still shows what it showed before",
    ],
  });
}
