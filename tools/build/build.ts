// Makes the publishable package in a directory: the library, one ES module per door with shared chunks; the program, one CommonJS
// file whose commands are loaded when they run (measured to start a third faster than chunks of ES modules), beside it one file for
// each command whose start-up counts (quick-commands.ts), and the launcher that chooses; declarations; and a package.json of its own.
// Dependencies stay outside the bundles: users and their scanners see them by name and version.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { build } from "esbuild";
import { emitDeclarations } from "./declarations.ts";
import { publishedManifest } from "./manifest.ts";
import { buildQuickPrograms, plainBuiltins } from "./quick-commands.ts";

export interface BuiltFile {
  /** In the package. */
  readonly path: string;
  readonly bytes: number;
  /** A file that Node loads by name; the rest are chunks they share. */
  readonly entry: boolean;
}

/** Builds `root` into `out`, which is emptied first; largest files first. Throws when a door is missing or a type does not hold. */
export async function buildPackage(root: string, out: string): Promise<readonly BuiltFile[]> {
  const source: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const { doors, manifest } = publishedManifest(source, "bin/countersign.cjs");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });

  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node24",
    packages: "external",
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    // Identifiers stay readable in stack traces; only what costs start-up goes.
    minifyWhitespace: true,
    minifySyntax: true,
  } as const;
  const library = await build({
    ...shared,
    outdir: out,
    format: "esm",
    splitting: true,
    entryPoints: doors.map((door) => `./${door.source}`),
    outbase: "src",
    entryNames: "[dir]/[name]",
    chunkNames: "chunks/[name]-[hash]",
  });
  const moduleUrl = 'const moduleUrl=require("node:url").pathToFileURL(__filename).href;';
  const asProgram = {
    ...shared,
    format: "cjs",
    define: { "import.meta.url": "moduleUrl" },
    // With import() a file run through node:vm would need a loader of its own.
    supported: { "dynamic-import": false },
  } as const;
  const quick = await buildQuickPrograms(asProgram, moduleUrl, out);
  const program = await build({
    ...asProgram,
    outdir: out,
    banner: { js: moduleUrl },
    entryPoints: [
      { in: "./src/cli/main.ts", out: "bin/program" },
      { in: "./src/cli/tuf-client-driver.ts", out: "bin/countersign-tuf-client" },
    ],
    outExtension: { ".js": ".cjs" },
  });
  await build({
    ...asProgram,
    outdir: out,
    define: { quickFiles: JSON.stringify(quick.files) },
    entryPoints: [{ in: join(import.meta.dirname, "launcher.ts"), out: "bin/countersign" }],
    outExtension: { ".js": ".cjs" },
  });
  const launcher = join(out, "bin/countersign.cjs");
  writeFileSync(launcher, plainBuiltins(readFileSync(launcher, "utf8")));
  chmodSync(launcher, 0o755);
  chmodSync(join(out, "bin/countersign-tuf-client.cjs"), 0o755);

  emitDeclarations(root, out);
  writeFileSync(join(out, "package.json"), `${JSON.stringify(manifest, undefined, 2)}\n`);
  for (const name of ["LICENSE", "README.md", "CHANGELOG.md"]) {
    if (existsSync(join(root, name))) copyFileSync(join(root, name), join(out, name));
  }
  return [library.metafile, program.metafile]
    .flatMap(({ outputs }) => Object.entries(outputs))
    .map(([path, { bytes, entryPoint }]) => {
      return { path: relative(out, resolve(root, path)), bytes, entry: entryPoint !== undefined };
    })
    .concat(quick.built.map((file) => ({ ...file, entry: true })))
    .sort((a, b) => b.bytes - a.bytes);
}
