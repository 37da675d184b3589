// Holds every file under src/ to the table: no upward or sideways import, no cycle, a folder entered only by its index.ts,
// nothing impure in a pure folder, testing only in tests, no file that has outgrown its idea. Style, section 2.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, normalize, relative, sep } from "node:path";
import { findCycles } from "./cycles.ts";
import { type Import, readImports } from "./imports.ts";
import { layers, maxLines, pureNodeModules, rootRank, testingFolder } from "./table.ts";

export interface Violation {
  /** `path:line` from the root of the repository. */
  readonly at: string;
  readonly rule: "upward" | "cycle" | "door" | "pure" | "testing" | "length" | "folder" | "specifier";
  readonly message: string;
}

/** Checks `<root>/src`; an empty answer means that the order holds. */
export function checkLayers(root: string): readonly Violation[] {
  const violations: Violation[] = [];
  const graph = new Map<string, string[]>();
  for (const path of sourceFiles(root)) {
    const source = readFileSync(join(root, path), "utf8");
    const lines = source.split("\n").length - 1;
    if (lines > maxLines) {
      violations.push({ at: path, rule: "length", message: `${lines} lines; split it (at most ${maxLines})` });
    }
    const folder = folderOf(path);
    if (folder !== "" && folder !== testingFolder && !layers.has(folder)) {
      violations.push({ at: path, rule: "folder", message: `src/${folder} has no rank in tools/layers/table.ts` });
      continue;
    }
    const edges: string[] = [];
    for (const one of readImports(source)) {
      const target = resolveInside(path, one.specifier);
      if (target !== undefined) edges.push(target);
      const broken = target === undefined ? checkPackage(path, one) : checkFolder(root, path, target);
      if (broken !== undefined) violations.push({ at: `${path}:${one.line}`, ...broken });
    }
    if (!isTest(path)) graph.set(path, edges);
  }
  for (const cycle of findCycles(graph)) {
    violations.push({ at: cycle[0] ?? "", rule: "cycle", message: [...cycle, cycle[0]].join(" -> ") });
  }
  return violations;
}

type Broken = Omit<Violation, "at"> | undefined;

function checkPackage(path: string, { specifier }: Import): Broken {
  if (specifier === "") return { rule: "specifier", message: "import() of a computed name cannot be checked" };
  if (specifier.startsWith(".")) return { rule: "specifier", message: `${specifier} leaves src/` };
  if (isBuiltin(specifier) && !specifier.startsWith("node:")) {
    return { rule: "specifier", message: `write "node:${specifier}"` };
  }
  if (isTest(path) || layers.get(folderOf(path))?.pure !== true || pureNodeModules.has(specifier)) return undefined;
  const kind = specifier.startsWith("node:") ? "Node module" : "npm package";
  return { rule: "pure", message: `src/${folderOf(path)} is pure and may not use the ${kind} ${specifier}` };
}

/** Tests may reach any folder (they set up what they need), but like everybody else only through its door. */
function checkFolder(root: string, path: string, target: string): Broken {
  const from = folderOf(path);
  const to = folderOf(target);
  if (!target.endsWith(".ts")) return { rule: "specifier", message: `imports end in .ts: ${target}` };
  if (from === to) return undefined;
  if (to === testingFolder && !isTest(path)) {
    return { rule: "testing", message: "src/testing is for tests; what ships may not import it" };
  }
  // Until a folder has a door there is none to use.
  if (to !== "" && target !== `src/${to}/index.ts` && existsSync(join(root, "src", to, "index.ts"))) {
    return { rule: "door", message: `enter src/${to} by its index.ts, not by ${target}` };
  }
  if (isTest(path) || from === testingFolder || rankOf(to) < rankOf(from)) return undefined;
  return { rule: "upward", message: `src/${from} may not import src/${to || "index.ts"}: it is not below it` };
}

function rankOf(folder: string): number {
  return folder === "" ? rootRank : (layers.get(folder)?.rank ?? Number.POSITIVE_INFINITY);
}

/** "" for a file directly in src/. */
function folderOf(path: string): string {
  const parts = path.split("/");
  return parts.length > 2 ? (parts[1] ?? "") : "";
}

function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

/** The path a relative specifier means, if it stays in src/. */
function resolveInside(path: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  const target = normalize(join(dirname(path), specifier))
    .split(sep)
    .join("/");
  return target.startsWith("src/") ? target : undefined;
}

function sourceFiles(root: string): readonly string[] {
  return readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[cm]?tsx?$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}
