#!/usr/bin/env node
// The program with all its commands. The build makes programs of one command each beside it (tools/build/quick-commands.ts), for the
// commands whose start-up people wait for; both start the same way.
import { start } from "./start.ts";
import { commandTable } from "./table.ts";

// The word with which the files that docker takes for plugins call us (docker/plugin-file.ts).
if (process.argv[2] === "docker-plugin") {
  void import("./docker/start-plugin.ts").then(({ startPlugin }) => startPlugin(process.argv.slice(3), commandTable));
} else {
  start(commandTable);
}
