#!/usr/bin/env node
// The published program's first file, kept tiny: it refuses a Node that is too old in words, and turns on Node's compile cache
// before anything else is loaded, which is most of a warm start.
// The cache lies in the user's own directory and never in the shared temp directory, Node's default: V8 runs cached code as it
// finds it, so whoever could write there could run code as us. Built as CommonJS, which starts faster than an ES module.
import { chmodSync, mkdirSync } from "node:fs";
import module from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import process from "node:process";

if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`countersign: needs Node.js 24 or newer, this is ${process.versions.node}\n`);
  process.exit(70);
}
enableCache();
// Beside this file, where the build puts src/cli/main.ts and all that it needs.
module.createRequire(__filename)("./program.cjs");

function enableCache(): void {
  try {
    const home = process.env.COUNTERSIGN_HOME;
    const xdg = process.env.XDG_CACHE_HOME;
    const own = xdg && isAbsolute(xdg) ? xdg : join(homedir(), ".cache");
    const directory = join(home ? join(home, "cache") : join(own, "countersign"), ".compiled");
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, 0o700);
    module.enableCompileCache(directory);
  } catch {
    // No home or a read-only one: only slower.
  }
}
