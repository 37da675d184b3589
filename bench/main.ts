// `npm run bench`: how fast and how frugal we are beside the programs we replace, on this machine, in one interleaved run.
// It fails when something breaks, never on a missed figure: a missed figure is printed as NOT MET, for people to judge.
import { symlinkSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { findPeer, type PeerName } from "../interop/peers/find.ts";
import { scratch } from "../interop/peers/scratch.ts";
import { buildPackage } from "../tools/build/build.ts";
import type { BenchSettings } from "./bench-settings.ts";
import { type PartReport, printReport, reportJson } from "./report.ts";

const parts: ReadonlyMap<string, (settings: BenchSettings) => Promise<PartReport>> = new Map([
  ["start", async (settings) => (await import("./parts/start.ts")).benchStart(settings)],
  ["verify", async (settings) => (await import("./parts/verify.ts")).benchVerify(settings)],
  ["tags", async (settings) => (await import("./parts/tags.ts")).benchTagLists(settings)],
  ["sign", async (settings) => (await import("./parts/sign.ts")).benchSign(settings)],
  ["latency", async (settings) => (await import("./parts/latency.ts")).benchLatency(settings)],
  ["single", async (settings) => (await import("./parts/single.ts")).benchSingle(settings)],
  ["publish", async (settings) => (await import("./parts/publish.ts")).benchPublish(settings)],
  ["contended", async (settings) => (await import("./parts/contended.ts")).benchContended(settings)],
  ["large", async (settings) => (await import("./parts/large.ts")).benchLarge(settings)],
  ["storage", async (settings) => (await import("./parts/storage.ts")).benchStorage(settings)],
  ["reads", async (settings) => (await import("./parts/reads.ts")).benchReads(settings)],
  ["tuf-repository", async (settings) => (await import("./parts/tuf-repository.ts")).benchTufRepository(settings)],
]);

const usage = `usage: npm run bench -- [--short] [--only PART]... [--json FILE]
parts: ${[...parts.keys()].join(", ")}
`;

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const unknown = values.only.find((name) => !parts.has(name));
if (values.help || unknown !== undefined) {
  process.stderr.write(unknown === undefined ? usage : `unknown part: ${unknown}\n${usage}`);
  process.exit(values.help ? 0 : 2);
}

const peers: readonly PeerName[] = ["notary", "notary-server", "notary-signer", "postgres", "nginx", "wrk", "openssl"];
const missing = peers.filter((name) => findPeer(name) === undefined);
if (missing.length > 0) {
  console.log(`not compared with: ${missing.join(", ")} (npm run peers)`);
  if (process.env.CI || missing.includes("wrk") || missing.includes("openssl")) process.exit(1);
}

using directory = scratch("bench");
await buildPackage(dirname(import.meta.dirname), directory.at("package"));
// Dependencies stay outside the bundles; where a package is installed they lie beside it.
symlinkSync(resolve(import.meta.dirname, "../node_modules"), directory.at("package", "node_modules"), "dir");
const settings: BenchSettings = {
  short: values.short,
  rounds: values.short ? 3 : 5,
  program: directory.at("package", "bin/countersign.cjs"),
};
const reports: PartReport[] = [];
for (const [name, run] of parts) {
  if (values.only.length > 0 && !values.only.includes(name)) continue;
  const started = performance.now();
  const report = await run(settings);
  reports.push(report);
  console.log(printReport(report, (performance.now() - started) / 1000));
}
if (values.json !== undefined) {
  writeFileSync(resolve(values.json), reportJson(reports, values.short ? "short" : "full"));
}
