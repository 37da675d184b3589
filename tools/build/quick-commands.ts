// Programs of one command each, for the commands whose start-up people wait for: what the command does not use is not in the file, and
// nothing in it is loaded lazily, so that one file and one record of its compiled code are all that a start has to read.
import { createHash } from "node:crypto";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";

/** First words of the command line; src/cli/commands/<word>.ts exports the command under the same name. */
export const quickCommands: readonly string[] = ["verify", "tags", "inspect", "version"];

export interface QuickPrograms {
  /** File name by command, for the launcher. The name holds the hash of the content: the launcher keys its cache by it. */
  readonly files: Readonly<Record<string, string>>;
  readonly built: readonly { readonly path: string; readonly bytes: number }[];
}

/** Builds them into `<outdir>/bin`; `shared` is what all our builds have in common. */
export async function buildQuickPrograms(shared: BuildOptions, out: string): Promise<QuickPrograms> {
  const files: [string, string][] = [];
  const report: { path: string; bytes: number }[] = [];
  for (const name of quickCommands) {
    const contents = [
      `import { ${name} } from "./commands/${name}.ts";`,
      `import { start } from "./start.ts";`,
      `start([{ name: "${name}", summary: "", load: async () => ${name} }]);`,
    ].join("\n");
    await build({
      ...shared,
      stdin: { contents, resolveDir: join(shared.absWorkingDir ?? ".", "src/cli"), loader: "ts" },
      outfile: join(out, "bin", `${name}.cjs`),
    });
    const built = join(out, "bin", `${name}.cjs`);
    const content = readFileSync(built);
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 16);
    const file = `${name}-${hash}.cjs`;
    renameSync(built, join(out, "bin", file));
    files.push([name, file]);
    report.push({ path: `bin/${file}`, bytes: content.length });
  }
  return { files: Object.fromEntries(files), built: report };
}
