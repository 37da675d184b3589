// Reads the imports of a TypeScript file as text. It relies on the formatter (one statement starts a line, double quotes),
// which `npm run check` enforces before this runs, so that no compiler API is needed to hold the layer order.

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Erased at run time: `import type`. */
  readonly typeOnly: boolean;
}

/** Every static, dynamic and type import of `source`; a dynamic import of something that is no string has specifier "". */
export function readImports(source: string): readonly Import[] {
  const found: Import[] = [];
  const code = blankComments(source);
  const add = (specifier: string, index: number, typeOnly: boolean) =>
    found.push({ specifier, line: code.slice(0, index).split("\n").length, typeOnly });
  for (const match of code.matchAll(/^(?:import|export)\b(\s+type\b)?[^;"'`]*?\bfrom\s+"([^"\n]*)"/gm)) {
    add(match[2] ?? "", match.index, match[1] !== undefined);
  }
  for (const match of code.matchAll(/^import\s+"([^"\n]*)"/gm)) add(match[1] ?? "", match.index, false);
  for (const match of code.matchAll(/(?<![.\w"'`])import\(\s*(?:"([^"\n]*)")?/g))
    add(match[1] ?? "", match.index, false);
  return found;
}

/** Whole-line comments become empty lines; a comment behind code cannot start a line and so cannot look like an import. */
function blankComments(source: string): string {
  let inBlock = false;
  return source
    .split("\n")
    .map((line) => {
      const text = line.trimStart();
      if (inBlock) {
        inBlock = !text.includes("*/");
        return "";
      }
      if (text.startsWith("//")) return "";
      if (!text.startsWith("/*")) return line;
      inBlock = !text.includes("*/");
      return "";
    })
    .join("\n");
}
