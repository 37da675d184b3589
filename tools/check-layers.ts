// `npm run check:layers`: prints every breach of the layer order and every dead link, and fails if there is one.
// The order stands in layers/table.ts, the rules in layers/check.ts.
import { dirname } from "node:path";
import { checkLayers } from "./layers/check.ts";
import { findDeadLinks } from "./layers/links.ts";

const root = process.argv[2] ?? dirname(import.meta.dirname);
const lines = [
  ...checkLayers(root).map(({ at, rule, message }) => `${at}  ${rule}: ${message}`),
  ...findDeadLinks(root).map(({ at, link }) => `${at}  link: ${link} does not exist`),
];
for (const line of lines) console.error(line);
if (lines.length > 0) {
  console.error(`\n${lines.length} breach${lines.length === 1 ? "" : "es"}; the rules: tools/layers/table.ts`);
  process.exitCode = 1;
}
