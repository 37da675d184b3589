// Relative links in the documents must lead to files that exist: a document that can go stale has a test or is not written.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative } from "node:path";

export interface DeadLink {
  readonly at: string;
  readonly link: string;
}

/** Every relative Markdown link of the root's and docs/'s documents that leads nowhere. */
export function findDeadLinks(root: string): readonly DeadLink[] {
  const dead: DeadLink[] = [];
  for (const file of documents(root)) {
    const text = readFileSync(join(root, file), "utf8").replace(/^```[\s\S]*?^```/gm, (block) =>
      block.replace(/[^\n]/g, " "),
    );
    for (const match of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      const link = (match[1] ?? "").split("#")[0] ?? "";
      if (link === "" || /^[a-z][a-z0-9+.-]*:/i.test(link)) continue;
      if (!existsSync(join(root, dirname(file), decodeURIComponent(link)))) {
        dead.push({ at: `${file}:${text.slice(0, match.index).split("\n").length}`, link });
      }
    }
  }
  return dead;
}

function documents(root: string): readonly string[] {
  const top = readdirSync(root).filter((name) => name.endsWith(".md"));
  const nested = ["docs", "src", "interop", "bench", "tools", "vectors"]
    .filter((name) => existsSync(join(root, name)) && statSync(join(root, name)).isDirectory())
    .flatMap((name) => readdirSync(join(root, name), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
  return [...top, ...nested].sort();
}
