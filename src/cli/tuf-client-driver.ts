#!/usr/bin/env node
// countersign-tuf-client: the client as other people's test suites drive it (tuf-conformance's protocol). Sub-command and options come in
// any order; the exit code is 0 or 1 and nothing else; requests are those of the specification, in its order, each made once.
import { systemClock } from "../bytes/index.ts";
import { runTufClient } from "./tuf-client-driver-run.ts";

// Until everything is done this run has failed, also when something ends it early; whoever reads the complaints may leave before.
process.exitCode = 1;
process.stderr.on("error", () => undefined);
const complain = (text: string): void => void process.stderr.write(text);
void runTufClient(process.argv.slice(2), { clock: systemClock, complain }).then((status) => {
  process.exitCode = status;
});
