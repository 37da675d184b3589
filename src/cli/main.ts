#!/usr/bin/env node
// The program. It turns on Node's compile cache before it loads anything else (start-up is part of the product), connects the real
// streams, clock and signals, and leaves everything else to run.ts.
import { enableCompileCache } from "node:module";

enableCompileCache();
const { runCli } = await import("./run.ts");
const { processStreams, stopSignal } = await import("./process-streams.ts");
const { systemClock } = await import("../bytes/index.ts");

process.exitCode = await runCli(process.argv.slice(2), {
  streams: processStreams(),
  env: process.env,
  clock: systemClock,
  stopSignal,
});
