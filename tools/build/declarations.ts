// Declarations for the published doors, by the TypeScript compiler, beside the code they describe.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Writes `<out>/**.d.ts` for everything under `<root>/src` but tests and src/testing. Throws with the compiler's words. */
export function emitDeclarations(root: string, out: string): void {
  const temporary = mkdtempSync(join(root, "node_modules/.countersign-types-"));
  try {
    const config = join(temporary, "tsconfig.json");
    writeFileSync(
      config,
      JSON.stringify({
        extends: join(root, "tsconfig.json"),
        compilerOptions: {
          noEmit: false,
          declaration: true,
          emitDeclarationOnly: true,
          rootDir: join(root, "src"),
          outDir: out,
          typeRoots: [join(root, "node_modules/@types")],
        },
        include: [join(root, "src")],
        exclude: [join(root, "src/**/*.test.ts"), join(root, "src/testing")],
      }),
    );
    const compiler = join(root, "node_modules/.bin/tsc");
    const run = spawnSync(compiler, ["-p", config], { cwd: root, encoding: "utf8" });
    if (run.error !== undefined) throw run.error;
    if (run.status !== 0) throw new Error(`tsc failed:\n${run.stdout}${run.stderr}`);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
