// `countersign serve`: a trust server in this process, until SIGINT or SIGTERM; from its own options or from Notary's configuration.

import type { Command, CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import { serveOptions } from "../serve/serve-options.ts";

const spec: CommandSpec = {
  name: "serve",
  usage: ["[options]", "--config server-config.json [options]"],
  about: [
    "Runs a trust server: it stores what publishers sign, adds snapshots and timestamps with keys of its own (or a signer's) and renews them, and answers Countersign, Notary, docker and any TUF 1.0 client. Data is in one SQLite database, or in PostgreSQL, which several servers may share; everything acknowledged is on disk.",
    "Without options it listens on https://127.0.0.1:4443 with a certificate made at the first start, whose path is printed. Where others can reach it, it wants to know who may do what: --access, --client-ca, or --allow-non-loopback on a guarded network.",
    "With --config it takes the place of notary-server: the same file, the same NOTARY_SERVER_* variables. What it takes over and what it ignores is printed, and every other option overrides the file.",
    "SIGINT or SIGTERM ends it in good order: requests under way are finished first. SIGHUP reads the certificate files again; SIGUSR1 and SIGUSR2 raise and lower the log level.",
  ],
  positionals: { min: 0, max: 0 },
  options: serveOptions,
  examples: [
    ["countersign serve", "on this machine, for this machine"],
    ["countersign serve --data /var/lib/countersign --no-tls --listen 127.0.0.1:8080", "behind a proxy"],
    ["countersign serve --config /etc/notary/server-config.json --log logfmt", "in the place of notary-server"],
    [
      "countersign serve --database postgres://trust@db/trust?sslmode=verify-full --signer signer:7899 --access policy.json",
      "one of several, with PostgreSQL and a signer",
    ],
  ],
  json: [
    '{"url": "https://127.0.0.1:4443", "data": "...", "certificate": {"path": "...", "sha256": "...", "generated": true},',
    ' "config": {"path": "...", "taken": [{"key": "...", "value": "...", "as": "...", "from": "file"}],',
    '            "ignored": [{"key": "...", "why": "..."}], "notes": ["..."]}}',
  ],
};

export const serve: Command = {
  spec,
  async run(context) {
    const { args, terminal, env, clock } = context;
    const { chooseServer } = await import("../serve/choose-server.ts");
    const { lookForNotaryData } = await import("../serve/notary-data.ts");
    const { announce } = await import("../serve/announce.ts");
    const { operationsLog } = await import("../serve/operations-log.ts");
    const { startServer } = await import("../../server/index.ts");
    const choice = await chooseServer(args, env);
    const warning =
      choice.config === undefined
        ? undefined
        : await lookForNotaryData({
            configPath: choice.config.path,
            storage: choice.options.storage,
            leaves: args.flag("leave-notary-data"),
          });
    if (warning !== undefined) terminal.warning(warning);
    const { logLevel: level, logFormat: format } = choice;
    const log = operationsLog({ level, format, clock, print: (line) => terminal.error(line) });
    const signal = context.stopSignal();
    // Before anything else runs: without a handler SIGUSR1 opens a debugger.
    context.onSignal("SIGUSR1", () => log.move("more"));
    context.onSignal("SIGUSR2", () => log.move("less"));
    const server = await startServer({ ...choice.options, clock, log: log.write });
    try {
      if (choice.options.tls?.kind === "files") {
        context.onSignal("SIGHUP", () => {
          try {
            server.reloadTls();
          } catch (error) {
            log.write("error", { reason: `the certificate in use stays: ${error}` });
          }
        });
      }
      announce(terminal, server, choice);
      await untilAborted(signal);
      terminal.note("stopping: requests under way are finished first");
    } finally {
      await server.close();
    }
    return exitCodes.done;
  },
};

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
