#!/usr/bin/env node
// The program: it connects the real streams, clock and signals, and leaves everything else to run.ts. Node's compile cache is the
// launcher's (tools/build/launcher.ts): its default directory lies in the shared temp directory, where others could plant code.
import { systemClock } from "../bytes/index.ts";
import { processStreams, stopSignal } from "./process-streams.ts";
import { runCli } from "./run.ts";

const program = { streams: processStreams(), env: process.env, clock: systemClock, stopSignal };
// No top-level await: the build makes this file CommonJS, which starts faster.
void runCli(process.argv.slice(2), program).then((status) => {
  process.exitCode = status;
});
