// From the command line, the environment and Notary's configuration to what the server is told. The command line wins; what it makes
// void in the file is reported as ignored, so that nobody believes in a setting that has no effect.
import { join } from "node:path";
import { type Environment, locateHome } from "../../home/index.ts";
import type { NotaryServerSettings } from "../../notary-config/index.ts";
import {
  type AccessOptions,
  everyAddress,
  type ServerOptions,
  type SignerChoice,
  type TlsChoice,
} from "../../server/index.ts";
import type { Arguments } from "../command.ts";
import { chooseStorage } from "./choose-storage.ts";
import { type LogFormat, type LogLevel, logFormats, logLevels } from "./operations-log.ts";
import { oneOf, parseListen, readPrefixes, readSeconds, wrong } from "./option-values.ts";
import { type ConfigReport, Overrides } from "./overrides.ts";

/** Read already, so that it can be told. */
export type AccessChoice = Extract<AccessOptions, { readonly policy: unknown }>;

export interface ServerChoice {
  readonly options: Omit<ServerOptions, "clock" | "log" | "access"> & { readonly access?: AccessChoice };
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly config: ConfigReport | undefined;
}

/** @throws usage.invalid, config.invalid, disk.unreadable */
export async function chooseServer(args: Arguments, env: Environment): Promise<ServerChoice> {
  const file = args.value("config");
  const config =
    file === undefined ? undefined : (await import("../../notary-config/index.ts")).readNotaryServerConfig(file, env);
  const settings = config?.settings;
  const overrides = new Overrides(config);
  const storage = chooseStorage(args, env, settings, overrides);
  const clientCaPath = args.value("client-ca") ?? settings?.clientCaPath;
  if (args.value("client-ca") !== undefined) overrides.by("--client-ca", "server.client_ca_file");
  const masterKeyPath = args.value("master-key");
  const gunPrefixes = choosePrefixes(args, settings, overrides);
  const caching = chooseCaching(args, settings, overrides);
  const access = await chooseAccess(args, settings, overrides);
  const trustedProxies = args.values("trusted-proxy");
  return {
    options: {
      dataDir: args.value("data") ?? join(locateHome(env).state, "server"),
      storage,
      signer: chooseSigner(args, settings, overrides),
      tls: chooseTls(args, settings, overrides),
      allowNonLoopback: args.flag("allow-non-loopback"),
      ...chooseAddress(args, settings, overrides),
      ...(access === undefined ? {} : { access }),
      ...(clientCaPath === undefined ? {} : { clientCaPath }),
      ...(masterKeyPath === undefined ? {} : { masterKeyPath }),
      ...(trustedProxies.length === 0 ? {} : { trustedProxies }),
      ...(gunPrefixes.length === 0 ? {} : { gunPrefixes }),
      ...(caching === undefined ? {} : { caching }),
    },
    logLevel: chooseLevel(args, settings, overrides),
    logFormat: oneOf(args, "log", logFormats) ?? "json",
    config: overrides.report(),
  };
}

function chooseAddress(args: Arguments, settings: NotaryServerSettings | undefined, overrides: Overrides) {
  const text = args.value("listen");
  if (text !== undefined) overrides.by("--listen", "server.http_addr");
  else if (settings !== undefined) return { ...settings.listen, host: settings.listen.host ?? everyAddress };
  const { host, port } = parseListen("--listen", text);
  return { ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) };
}

/** Nothing on the command line can open a server that its configuration closes. */
async function chooseAccess(
  args: Arguments,
  settings: NotaryServerSettings | undefined,
  overrides: Overrides,
): Promise<AccessChoice | undefined> {
  const path = args.value("access");
  const tokens = settings?.tokenAuth;
  if (path === undefined && tokens === undefined) return undefined;
  const { dockerTokensOnly, readAccessPolicy } = await import("../../access/index.ts");
  if (path === undefined) return tokens === undefined ? undefined : { policy: dockerTokensOnly(tokens) };
  overrides.by("--access", "auth.");
  return { policy: await readAccessPolicy(path) };
}

function chooseTls(args: Arguments, settings: NotaryServerSettings | undefined, overrides: Overrides): TlsChoice {
  const certificatePath = args.value("tls-cert");
  const keyPath = args.value("tls-key");
  const isOff = args.flag("no-tls");
  if (isOff && (certificatePath !== undefined || keyPath !== undefined)) {
    throw wrong("--no-tls and --tls-cert exclude each other");
  }
  if (isOff) {
    overrides.by("--no-tls", "server.tls_");
    return { kind: "off" };
  }
  if (certificatePath !== undefined && keyPath !== undefined) {
    overrides.by("--tls-cert", "server.tls_");
    return { kind: "files", certificatePath, keyPath };
  }
  if (certificatePath !== undefined || keyPath !== undefined) throw wrong("--tls-cert and --tls-key go together");
  if (settings === undefined) return { kind: "generated" };
  if (settings.tls === undefined) overrides.note("no certificate is configured: plain HTTP, as notary-server would");
  return settings.tls === undefined ? { kind: "off" } : { kind: "files", ...settings.tls };
}

function chooseSigner(args: Arguments, settings: NotaryServerSettings | undefined, overrides: Overrides): SignerChoice {
  const text = args.value("signer");
  const [caPath, certificatePath, keyPath] = ["signer-ca", "signer-cert", "signer-key"].map((name) => args.value(name));
  const algorithm = oneOf(args, "signer-algorithm", ["ecdsa", "ed25519"] as const);
  if (text === undefined) {
    const lonely = [caPath, certificatePath, keyPath, algorithm].some((value) => value !== undefined);
    if (lonely) throw wrong("--signer HOST:PORT is missing");
    return settings?.trustService ?? { kind: "local" };
  }
  if ((certificatePath === undefined) !== (keyPath === undefined)) {
    throw wrong("--signer-cert and --signer-key go together");
  }
  const { host, port } = parseListen("--signer", text);
  if (host === undefined || port === undefined) throw wrong("--signer takes HOST:PORT, for example 127.0.0.1:7899");
  overrides.by("--signer", "trust_service.");
  return {
    kind: "remote",
    host,
    port,
    algorithm: algorithm ?? "ecdsa",
    ...(caPath === undefined ? {} : { caPath }),
    ...(certificatePath === undefined ? {} : { certificatePath }),
    ...(keyPath === undefined ? {} : { keyPath }),
  };
}

function choosePrefixes(
  args: Arguments,
  settings: NotaryServerSettings | undefined,
  overrides: Overrides,
): readonly string[] {
  const given = readPrefixes(args.values("gun-prefix"));
  if (given.length === 0) return settings?.gunPrefixes ?? [];
  overrides.by("--gun-prefix", "repositories.");
  return given;
}

function chooseCaching(args: Arguments, settings: NotaryServerSettings | undefined, overrides: Overrides) {
  const current = readSeconds("--cache-current", args.value("cache-current"));
  const fixed = readSeconds("--cache-fixed", args.value("cache-fixed"));
  if (current !== undefined) overrides.by("--cache-current", "caching.max_age.current_metadata");
  if (fixed !== undefined) overrides.by("--cache-fixed", "caching.max_age.consistent_metadata");
  if (current === undefined && fixed === undefined) return settings?.caching;
  const { currentSeconds = 300, consistentSeconds = 2_592_000 } = settings?.caching ?? {};
  return { currentSeconds: current ?? currentSeconds, consistentSeconds: fixed ?? consistentSeconds };
}

/** `--log` alone asks for the requests. */
function chooseLevel(args: Arguments, settings: NotaryServerSettings | undefined, overrides: Overrides): LogLevel {
  const given = oneOf(args, "log-level", logLevels);
  if (given !== undefined) overrides.by("--log-level", "logging.");
  return given ?? settings?.logLevel ?? (args.value("log") === undefined ? "error" : "info");
}
