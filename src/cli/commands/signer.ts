// `countersign signer`: the keys for snapshots and timestamps in a process of their own, in the place of notary-signer.
import type { Arguments, Command, CommandSpec } from "../command.ts";
import { exitCodes } from "../exit-codes.ts";
import type { KeyStoreSettings } from "../signer/choose-key-store.ts";
import { signerOptions } from "../signer/signer-options.ts";

const spec: CommandSpec = {
  name: "signer",
  usage: ["--tls-cert FILE --tls-key FILE --client-ca FILE [options]", "--config signer-config.json [options]"],
  about: [
    "Holds the keys that trust servers sign snapshots and timestamps with, and signs for them over gRPC: for `countersign serve --signer`, and for Notary's own notary-server. Keys are kept sealed in SQLite, or in PostgreSQL, which several signers may share.",
    "Passphrases seal the keys, one for each alias: set COUNTERSIGN_SIGNER_<ALIAS> or NOTARY_SIGNER_<ALIAS>, or COUNTERSIGN_SIGNER_<ALIAS>_FILE to a file that holds it. A wrong one stops the start.",
    "Callers show a certificate of the authority given by --client-ca. With --config it takes the place of notary-signer: the same file, the same NOTARY_SIGNER_* variables; bring the keys over first with countersign signer import.",
    "SIGINT or SIGTERM ends it in good order. SIGHUP reads the certificate files again; SIGUSR1 and SIGUSR2 raise and lower the log level.",
  ],
  positionals: { min: 0, max: 0 },
  options: signerOptions,
  examples: [
    [
      "COUNTERSIGN_SIGNER_DEFAULT_FILE=/run/secrets/signer countersign signer --tls-cert signer.crt --tls-key signer.key --client-ca ca.crt",
      "on this machine",
    ],
    ["countersign signer --config /etc/notary/signer-config.json", "in the place of notary-signer"],
  ],
  json: [
    '{"address": "127.0.0.1:7899", "keys": "...", "defaultAlias": "...", "clientCa": "...",',
    ' "config": {"path": "...", "taken": [{"key": "...", "value": "...", "as": "...", "from": "file"}],',
    '            "ignored": [{"key": "...", "why": "..."}], "notes": ["..."]}}',
  ],
};

export const signer: Command = {
  spec,
  async run(context) {
    const { args, terminal, env, clock } = context;
    const { chooseKeyStore, describeKeyStore, openKeyStore } = await import("../signer/choose-key-store.ts");
    const chosen = await chooseKeyStore(args, env);
    const listening = await chooseListening(args, chosen);
    const log = await openLog(args, chosen, clock, (line) => terminal.error(line));
    const defaultAlias = chooseAlias(args, chosen);
    const signal = context.stopSignal();
    // Before anything else runs: without a handler SIGUSR1 opens a debugger.
    context.onSignal("SIGUSR1", () => log.move("more"));
    context.onSignal("SIGUSR2", () => log.move("less"));
    const { openSignerKeys, startSignerServer } = await import("../../notary-signer/index.ts");
    await using store = await openKeyStore(chosen.store);
    if (chosen.settings !== undefined && !args.flag("leave-notary-keys")) {
      const { requireNotaryKeys } = await import("../signer/notary-keys.ts");
      const unseen = await requireNotaryKeys(chosen.settings, chosen.store, store);
      if (unseen !== undefined)
        terminal.warning(`whether all of Notary's keys were brought over is not known: ${unseen}`);
    }
    const { passphraseOf } = chosen;
    const keys = await openSignerKeys({ store, passphraseOf, defaultAlias, clock });
    const running = await startSignerServer({ ...listening, keys, ping: () => store.ping(), log: log.write });
    try {
      context.onSignal("SIGHUP", () => {
        try {
          running.reloadTls();
        } catch (error) {
          log.write("error", { reason: `the certificate in use stays: ${error}` });
        }
      });
      const shownHost = running.host.includes(":") ? `[${running.host}]` : running.host;
      const facts = {
        address: `${shownHost}:${running.port}`,
        keys: describeKeyStore(chosen.store),
        defaultAlias,
        ...(listening.clientCaPath === undefined ? {} : { clientCa: listening.clientCaPath }),
      };
      const { configJson, tellConfig } = await import("../serve/tell-config.ts");
      const config = chosen.overrides.report();
      terminal.value({ ...facts, ...(config === undefined ? {} : { config: configJson(config) }) });
      terminal.line(`signer at ${facts.address}`);
      terminal.facts([
        ["keys", facts.keys],
        ["new keys under", defaultAlias],
        [
          "callers",
          listening.clientCaPath === undefined ? "anybody" : `with a certificate of ${listening.clientCaPath}`,
        ],
      ]);
      if (config !== undefined) tellConfig(terminal, config);
      if (listening.clientCaPath === undefined) {
        terminal.warning("callers show no certificate: whoever reaches this address can have anything signed");
      }
      await untilAborted(signal);
      terminal.note("stopping: calls under way are finished first");
    } finally {
      await running.close();
    }
    return exitCodes.done;
  },
};

/** @throws usage.invalid */
async function chooseListening(args: Arguments, { settings, overrides }: KeyStoreSettings) {
  const { wrong } = await import("../signer/choose-key-store.ts");
  const { parseListen } = await import("../serve/option-values.ts");
  const { everyAddress } = await import("../../notary-signer/index.ts");
  const text = args.value("listen");
  const given = parseListen("--listen", text);
  if (text !== undefined) overrides.by("--listen", "server.grpc_addr");
  const configured =
    settings === undefined ? given : { ...settings.listen, host: settings.listen.host ?? everyAddress };
  const { host, port } = text === undefined ? configured : given;
  const certificatePath = args.value("tls-cert");
  const keyPath = args.value("tls-key");
  if ((certificatePath === undefined) !== (keyPath === undefined)) throw wrong("--tls-cert and --tls-key go together");
  const pair = certificatePath === undefined || keyPath === undefined ? settings?.tls : { certificatePath, keyPath };
  if (pair === undefined) {
    throw wrong("a signer speaks TLS only, and no certificate is given", ["--tls-cert FILE --tls-key FILE"]);
  }
  if (certificatePath !== undefined) overrides.by("--tls-cert", "server.tls_");
  const clientCaPath = args.value("client-ca") ?? settings?.clientCaPath;
  if (args.value("client-ca") !== undefined) overrides.by("--client-ca", "server.client_ca_file");
  const takesAnybody = args.flag("allow-any-client");
  if (takesAnybody && clientCaPath !== undefined) throw wrong("--client-ca and --allow-any-client exclude each other");
  // Notary's configuration without a client authority means everybody; on loopback it is taken at its word, with a warning.
  if (clientCaPath === undefined && !takesAnybody && settings === undefined) {
    throw wrong("nothing says who may have things signed", [
      "--client-ca FILE: callers with a certificate of this authority",
      "--allow-any-client: whoever can connect",
    ]);
  }
  return {
    ...pair,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(clientCaPath === undefined ? {} : { clientCaPath }),
    allowNonLoopback: takesAnybody,
  };
}

function chooseAlias(args: Arguments, { settings, overrides }: KeyStoreSettings): string {
  const given = args.value("default-alias");
  if (given !== undefined) overrides.by("--default-alias", "storage.default_alias", "default_alias");
  return given ?? settings?.defaultAlias ?? "default";
}

async function openLog(
  args: Arguments,
  { settings, overrides }: KeyStoreSettings,
  clock: () => number,
  print: (line: string) => void,
) {
  const { logFormats, logLevels, operationsLog } = await import("../serve/operations-log.ts");
  const { oneOf } = await import("../serve/option-values.ts");
  const level = oneOf(args, "log-level", logLevels);
  if (level !== undefined) overrides.by("--log-level", "logging.");
  const format = oneOf(args, "log", logFormats);
  return operationsLog({
    level: level ?? settings?.logLevel ?? (format === undefined ? "error" : "info"),
    format: format ?? "json",
    clock,
    print,
  });
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
