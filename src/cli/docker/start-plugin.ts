// Runs the plugin in this process: the real streams, arguments and environment, as start.ts does it for our own command line.
import { systemClock } from "../../bytes/index.ts";
import type { TableEntry } from "../command.ts";
import { ownVersion } from "../commands/version.ts";
import { onSignal, processStreams, stopSignal } from "../process-streams.ts";
import { runCli } from "../run.ts";
import { isPluginName, runPlugin } from "./plugin.ts";

/** `argv`: the plugin's name, then what docker handed over. */
export async function startPlugin(argv: readonly string[], commands: readonly TableEntry[]): Promise<void> {
  const streams = processStreams();
  const [name] = argv;
  if (!isPluginName(name)) {
    streams.err("this is how docker's plugins call countersign; people call docker trust or docker countersign\n");
    process.exitCode = 2;
    return;
  }
  process.exitCode = await runPlugin(name, argv.slice(1), {
    streams,
    env: process.env,
    workingDirectory: process.cwd(),
    version: await ownVersion(),
    runOwn: (rest, env) => runCli(rest, { streams, env, clock: systemClock, commands, stopSignal, onSignal }),
  });
  if (!streams.isPending) process.exit();
}
