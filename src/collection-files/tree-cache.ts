// What a tree holds already, as the reader's cache when the tree is written again: bins that have not changed are not fetched. Trusted for
// nothing: a document that is not the one the snapshot lists, or was tampered with, is fetched as if it were not there, and written anew.
import type { MetadataCache } from "../updater/index.ts";
import { readTreeFile, treeFiles } from "./tree-files.ts";

/** No larger document comes out of the server. */
const maxDocumentBytes = 128 * 1024 * 1024;

/** Targets roles only: roots begin at the pins, and a snapshot is one document. Nothing is written through it. */
export async function treeCache(tree: string): Promise<MetadataCache> {
  const newest = new Map<string, number>();
  for (const path of await treeFiles(tree, "metadata")) {
    const [, version = "", name] = /^metadata\/([1-9][0-9]{0,14})\.(.+)\.json$/.exec(path) ?? [];
    if (name !== undefined) newest.set(name, Math.max(Number(version), newest.get(name) ?? 0));
  }
  return {
    async read(role) {
      const name = role.startsWith("targets/") ? role.slice("targets/".length) : role;
      const version = role.startsWith("targets") ? newest.get(name) : undefined;
      return version === undefined
        ? undefined
        : readTreeFile(tree, `metadata/${version}.${name}.json`, maxDocumentBytes);
    },
    write: async () => undefined,
    remove: async () => undefined,
  };
}
