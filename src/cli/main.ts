#!/usr/bin/env node
// The program with all its commands. The build makes programs of one command each beside it (tools/build/quick-commands.ts), for the
// commands whose start-up people wait for; both start the same way.
import { start } from "./start.ts";
import { commandTable } from "./table.ts";

start(commandTable);
