// Programs of one command each, for the commands whose start-up people wait for: what the command does not use is not in the file, and
// nothing in it is loaded lazily, so that one file and one record of its compiled code are all that a start has to read.
import { isAscii } from "node:buffer";
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

/** First words of the command line; src/cli/commands/<word>.ts exports the command under the same name. */
export const quickCommands: readonly string[] = ["verify", "sign", "tags", "inspect", "version"];

export interface QuickPrograms {
  /** File name by command, for the launcher. The name holds the hash of the content: the launcher keys its records by it. */
  readonly files: Readonly<Record<string, string>>;
  readonly built: readonly { readonly path: string; readonly bytes: number }[];
}

/** Builds them into `<out>/bin`; `shared` is what all our CommonJS builds have in common, `moduleUrl` what stands for import.meta.url. */
export async function buildQuickPrograms(shared: BuildOptions, moduleUrl: string, out: string): Promise<QuickPrograms> {
  const files: [string, string][] = [];
  const report: { path: string; bytes: number }[] = [];
  mkdirSync(join(out, "bin"), { recursive: true });
  for (const name of quickCommands) {
    const contents = [
      `import { ${name} } from "./commands/${name}.ts";`,
      `import { start } from "./start.ts";`,
      `start([{ name: "${name}", summary: "", load: async () => ${name} }]);`,
    ].join("\n");
    const { outputFiles } = await build({
      ...shared,
      write: false,
      stdin: { contents, resolveDir: join(shared.absWorkingDir ?? ".", "src/cli"), loader: "ts" },
      outfile: join(out, "bin", `${name}.cjs`),
    });
    const text = plainBuiltins(outputFiles?.[0]?.text ?? "");
    const content = text.includes("moduleUrl") ? `${moduleUrl}\n${text}` : text;
    const file = `${name}-${createHash("sha256").update(content).digest("hex").slice(0, 16)}.cjs`;
    // The launcher reads it as latin1.
    if (content === "" || !isAscii(Buffer.from(content))) throw new Error(`${file} is empty or not ASCII`);
    writeFileSync(join(out, "bin", file), content);
    files.push([name, file]);
    report.push({ path: `bin/${file}`, bytes: content.length });
  }
  return { files: Object.fromEntries(files), built: report };
}

/**
 * Node's own modules as they are. The wrapper that esbuild puts around them, once an importing file, copies all their members, and the
 * lazy ones with them; it is only good for default imports, of which we have none.
 */
export function plainBuiltins(text: string): string {
  if (/import_node_\w+\.default\b/.test(text)) throw new Error("a default import of one of Node's modules");
  return text.replace(/__toESM\((require\("node:[a-z_/]+"\))(?:,1)?\)/g, "$1");
}
