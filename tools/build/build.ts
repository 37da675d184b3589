// Makes the publishable package in a directory: one ES module per door and per lazily loaded command with shared chunks (so that a
// command loads only what it uses), declarations, and a package.json of its own. Dependencies stay outside the bundle: users and
// their scanners see them by name and version.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { emitDeclarations } from "./declarations.ts";
import { publishedManifest } from "./manifest.ts";

const binPath = "bin/countersign.js";
const mainPath = "src/cli/main.ts";

export interface BuiltFile {
  readonly path: string;
  readonly bytes: number;
  /** A file that Node loads by name; the rest are chunks they share. */
  readonly entry: boolean;
}

/** Builds `root` into `out`, which is emptied first. Throws when a door is missing or a type does not hold. */
export async function buildPackage(root: string, out: string): Promise<readonly BuiltFile[]> {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const published = publishedManifest(manifest, binPath);
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, "bin"), { recursive: true });

  const shared = {
    absWorkingDir: root,
    platform: "node",
    format: "esm",
    target: "node24",
    legalComments: "none",
    logLevel: "warning",
    // Identifiers stay readable in stack traces; only what costs start-up (bytes of space) goes.
    minifyWhitespace: true,
    minifySyntax: true,
  } as const;
  const result = await build({
    ...shared,
    entryPoints: [mainPath, ...published.doors.map((door) => door.source)].map((path) => `./${path}`),
    outdir: out,
    outbase: "src",
    entryNames: "[dir]/[name]",
    chunkNames: "chunks/[name]-[hash]",
    bundle: true,
    splitting: true,
    packages: "external",
    metafile: true,
  });
  const launcher = await build({
    ...shared,
    entryPoints: [join(import.meta.dirname, "launcher.ts")],
    banner: { js: "#!/usr/bin/env node" },
    write: false,
  });
  const code = launcher.outputFiles[0]?.text ?? "";
  writeFileSync(join(out, binPath), code);
  chmodSync(join(out, binPath), 0o755);

  emitDeclarations(root, out);
  writeFileSync(join(out, "package.json"), `${JSON.stringify(published.manifest, undefined, 2)}\n`);
  for (const name of ["LICENSE", "README.md", "CHANGELOG.md"]) {
    if (existsSync(join(root, name))) copyFileSync(join(root, name), join(out, name));
  }

  const files = Object.entries(result.metafile.outputs).map(([path, output]) => ({
    path: path.slice(path.indexOf("/") + 1),
    bytes: output.bytes,
    entry: output.entryPoint !== undefined,
  }));
  return [{ path: binPath, bytes: code.length, entry: true }, ...files].sort((a, b) => b.bytes - a.bytes);
}
