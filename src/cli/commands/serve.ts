// `countersign serve`: a trust server in this process, until SIGINT or SIGTERM.
import { join } from "node:path";
import { CountersignError } from "../../bytes/index.ts";
import { locateHome } from "../../home/index.ts";
import type { RunningServer, ServerLog, TlsChoice } from "../../server/index.ts";
import { usage } from "../arguments.ts";
import type { Arguments, Command, CommandSpec, Context } from "../command.ts";
import { isoDate } from "../dates.ts";
import { exitCodes } from "../exit-codes.ts";

const spec: CommandSpec = {
  name: "serve",
  usage: ["[options]"],
  about: [
    "Runs a trust server: it stores what publishers sign, adds snapshots and timestamps with keys of its own and renews them, and answers Countersign, Notary, docker and any TUF 1.0 client. Data is in one SQLite database; everything acknowledged is on disk.",
    "Without options it listens on https://127.0.0.1:4443 with a certificate made at the first start, whose path is printed. There is no authentication yet, so other addresses need --allow-non-loopback and a guarded network.",
    "SIGINT or SIGTERM ends it in good order: requests under way are finished first.",
  ],
  positionals: { min: 0, max: 0 },
  options: [
    {
      name: "data",
      value: "DIR",
      isFile: true,
      text: "the data directory; below countersign's state directory unless given",
    },
    { name: "listen", value: "HOST:PORT", text: "127.0.0.1:4443 unless given; port 0 takes any free one" },
    { name: "tls-cert", value: "FILE", isFile: true, text: "a certificate of your own, with --tls-key" },
    { name: "tls-key", value: "FILE", isFile: true, text: "its private key" },
    { name: "no-tls", text: "plain http, behind a proxy that ends TLS" },
    {
      name: "master-key",
      value: "FILE",
      isFile: true,
      text: "the key that seals the server's keys: 32 bytes or 64 hex digits",
    },
    { name: "allow-non-loopback", text: "listen where other machines can reach it" },
    { name: "log", text: "print one JSON line a request on stderr" },
  ],
  examples: [
    ["countersign serve", "on this machine, for this machine"],
    ["countersign serve --data /var/lib/countersign --no-tls --listen 127.0.0.1:8080", "behind a proxy"],
  ],
  json: [
    '{"url": "https://127.0.0.1:4443", "data": "...", "certificate": {"path": "...", "sha256": "...", "generated": true}}',
  ],
};

export const serve: Command = {
  spec,
  async run(context) {
    const { args, terminal, env, clock } = context;
    const dataDir = args.value("data") ?? join(locateHome(env).state, "server");
    const { host, port } = parseListen(args.value("listen"));
    const masterKeyPath = args.value("master-key");
    const { startServer } = await import("../../server/index.ts");
    const signal = context.stopSignal();
    const server = await startServer({
      dataDir,
      clock,
      tls: tlsChoice(args),
      allowNonLoopback: args.flag("allow-non-loopback"),
      log: logTo(context),
      ...(host === undefined ? {} : { host }),
      ...(port === undefined ? {} : { port }),
      ...(masterKeyPath === undefined ? {} : { masterKeyPath }),
    });
    try {
      announce(context, server, dataDir);
      await untilAborted(signal);
      terminal.note("stopping: requests under way are finished first");
    } finally {
      await server.close();
    }
    return exitCodes.done;
  },
};

function announce({ terminal }: Context, server: RunningServer, dataDir: string): void {
  const { url, certificate } = server;
  terminal.value({ url, data: dataDir, ...(certificate === undefined ? {} : { certificate }) });
  terminal.line(`trust server at ${url}`);
  terminal.facts([
    ["data", dataDir],
    ["certificate", certificate?.path],
    ["sha256", certificate?.sha256],
  ]);
  terminal.line();
  terminal.line("use it from another terminal:");
  if (certificate?.generated === true) terminal.line(`  export COUNTERSIGN_TLS_CA=${shellWord(certificate.path)}`);
  terminal.line(`  export COUNTERSIGN_SERVER=${url}`);
  terminal.line("  countersign init GUN");
}

function tlsChoice(args: Arguments): TlsChoice {
  const certificatePath = args.value("tls-cert");
  const keyPath = args.value("tls-key");
  const isOff = args.flag("no-tls");
  if (isOff && (certificatePath !== undefined || keyPath !== undefined)) {
    throw usage(spec, "--no-tls and --tls-cert exclude each other");
  }
  if (isOff) return { kind: "off" };
  if (certificatePath === undefined && keyPath === undefined) return { kind: "generated" };
  if (certificatePath === undefined || keyPath === undefined) throw usage(spec, "--tls-cert and --tls-key go together");
  return { kind: "files", certificatePath, keyPath };
}

/** `HOST:PORT`, `[::1]:PORT`, `:PORT` or `HOST`. @throws usage.invalid */
export function parseListen(text: string | undefined): {
  readonly host: string | undefined;
  readonly port: number | undefined;
} {
  if (text === undefined) return { host: undefined, port: undefined };
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]*)(?::([0-9]{1,5}))?$/.exec(text);
  const port = match?.[2] === undefined ? undefined : Number(match[2]);
  if (match === null || text === "" || (port !== undefined && port > 65_535)) {
    throw new CountersignError("usage.invalid", `--listen takes HOST:PORT, not ${JSON.stringify(text.slice(0, 60))}`, {
      hints: ["for example 127.0.0.1:4443 or [::1]:4443"],
    });
  }
  const host = (match[1] ?? "").replace(/^\[(.*)\]$/, "$1");
  return { host: host === "" ? undefined : host, port };
}

/** Errors always; requests when asked for. One JSON line each, on stderr, so that stdout stays the answer. */
function logTo({ args, terminal, clock }: Context): ServerLog {
  const wantsAll = args.flag("log");
  return (event, fields) => {
    if (wantsAll || event === "error") terminal.error(JSON.stringify({ time: isoDate(clock()), event, ...fields }));
  };
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function shellWord(text: string): string {
  return /^[-A-Za-z0-9_./:]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
