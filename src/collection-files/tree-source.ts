// An exported tree as a source of documents: the same files that a web server would hand out, read from the disk. Trusted for nothing.
import { parseRoleName, type RoleName } from "../bytes/index.ts";
import type { MetadataSource } from "../updater/index.ts";
import { readTreeFile, treeFiles } from "./tree-files.ts";
import { documentPaths, timestampPath } from "./tree-paths.ts";

export function treeSource(tree: string): MetadataSource {
  const document = (role: RoleName, version: number | undefined, maxBytes: number): Promise<Uint8Array | undefined> => {
    const [path] = version === undefined ? [] : documentPaths(role, version);
    return path === undefined ? Promise.resolve(undefined) : readTreeFile(tree, path, maxBytes);
  };
  return {
    async fetchRoot(version, { maxBytes }) {
      return document(parseRoleName("root"), version ?? (await newestRoot(tree)), maxBytes);
    },
    fetchTimestamp: ({ maxBytes }) => readTreeFile(tree, timestampPath, maxBytes),
    fetchSnapshot: ({ version }, { maxBytes }) => document(parseRoleName("snapshot"), version, maxBytes),
    fetchTargets: (role, { version }, { maxBytes }) => document(role, version, maxBytes),
  };
}

async function newestRoot(tree: string): Promise<number | undefined> {
  const versions = (await treeFiles(tree, "metadata")).flatMap((path) => {
    const version = /^metadata\/([1-9][0-9]{0,14})\.root\.json$/.exec(path)?.[1];
    return version === undefined ? [] : [Number(version)];
  });
  return versions.length === 0 ? undefined : Math.max(...versions);
}
