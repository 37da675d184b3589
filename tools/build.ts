// `npm run build`: the publishable package in dist/, and how large it is. `npm publish dist` is all that is left to do.
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { buildPackage } from "./build/build.ts";

const root = dirname(import.meta.dirname);
const out = resolve(process.argv[2] ?? join(root, "dist"));
// The directory is emptied first: never somebody else's.
if (existsSync(out) && !existsSync(join(out, "package.json"))) throw new Error(`${out} is not a package of ours`);

const started = performance.now();
const files = await buildPackage(root, out);
for (const { path, bytes, entry } of files) {
  console.log(`${String(bytes).padStart(9)}  ${entry ? path : `${path} (shared)`}`);
}
const total = files.reduce((sum, file) => sum + file.bytes, 0);
console.log(
  `${String(total).padStart(9)}  bytes in ${files.length} modules, built in ${Math.round(performance.now() - started)} ms`,
);
