// Connections of a real run: which trust server holds a collection, who we are to it and to registries, which authorities vouch for them.
// Server: the caller's choice, COUNTERSIGN_SERVER, config.json, DOCKER_CONTENT_TRUST_SERVER. Credentials: COUNTERSIGN_AUTH or
// NOTARY_AUTH (base64 of user:password, for the trust server alone), then docker's config.json and helpers; instead of them all an
// API token (COUNTERSIGN_TOKEN, COUNTERSIGN_TOKEN_FILE), for the trust server alone; where there is none, the ID token of a CI job.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import {
  type Clock,
  CountersignError,
  decodeBase64,
  decodeUtf8,
  type Gun,
  isCountersignError,
} from "../bytes/index.ts";
import { type Environment, type Home, openHome, type ServerSetting, serverFor } from "../home/index.ts";
import {
  type AuthorizedClient,
  type Credential,
  type CredentialSource,
  ciIdTokens,
  createAuthorizedClient,
  createHttpClient,
  credentialFor,
  dockerCredentials,
  dockerTlsDirectories,
  firstCredential,
  isTokenText,
  noCredentials,
  proxyFromEnvironment,
  tlsAnchors,
} from "../http/index.ts";
import { createTokenAdmin, createTrustServer, type TokenAdmin } from "../remote/index.ts";
import type { Progress, ReadPorts } from "./ports.ts";

export interface ConnectOptions {
  readonly env: Environment;
  readonly clock: Clock;
  /** The trust server, as URL text; found by itself when absent. */
  readonly server?: string | undefined;
  /** PEM file of an authority to trust beside the system's. */
  readonly tlsCa?: string | undefined;
  /** File that holds an API token for the trust server. */
  readonly tokenFile?: string | undefined;
  /** Registry whose login is shown to the trust server too, as docker does it, where the server has none of its own. */
  readonly registryLogin?: string | undefined;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

export interface Connections {
  readonly home: Home;
  /** For registries. */
  readonly client: AuthorizedClient;
  /** Ports of one collection. @throws usage.invalid when no trust server is known, config.invalid */
  portsFor(gun: Gun): Promise<ReadPorts>;
  /** API tokens of the server that is used where no collection says otherwise. @throws usage.invalid, config.invalid */
  tokenAdmin(): Promise<TokenAdmin>;
  close(): void;
}

/** Nothing is read or contacted before it is asked for, except that the environment is looked at. */
export function connect(options: ConnectOptions): Connections {
  const { env, clock } = options;
  const home = openHome(env);
  const dockerConfig = variable(env, "DOCKER_CONFIG") ?? join(homedir(), ".docker");
  const docker = dockerCredentials({ directory: dockerConfig });
  const opened: { close(): void }[] = [];
  const open = (
    credentials: CredentialSource,
    caFile: string | undefined,
    trustHost: string | undefined,
  ): AuthorizedClient => {
    const hostDirectories = dockerTlsDirectories(dockerConfig);
    const anchors = tlsAnchors(caFile === undefined ? { hostDirectories } : { caFile, hostDirectories });
    const client = createHttpClient({ anchors, proxy: proxyFromEnvironment(env), clock });
    opened.push(client);
    if (trustHost === undefined) return createAuthorizedClient({ client, credentials, clock });
    const read = tokenReader(options);
    const bearer = read === undefined ? {} : { bearer: { host: trustHost, read } };
    return createAuthorizedClient({ client, credentials, clock, idTokens: ciIdTokens(env, client), ...bearer });
  };
  // One client a server: whoever works on hundreds of collections keeps its connections and tokens.
  const clients = new Map<string, AuthorizedClient>();
  const openTrustServer = async (gun: Gun | undefined) => {
    const setting = await chooseServer(options, home, gun);
    const url = parseServerUrl(setting.url);
    const { registryLogin } = options;
    const shared: CredentialSource = async (asked) =>
      registryLogin !== undefined && asked === url.host ? docker(registryLogin) : undefined;
    const credentials = firstCredential(trustServerCredential(env, url.host), docker, shared);
    const ca = callerCa ?? setting.tlsCa;
    const name = `${url.host} ${ca ?? ""}`;
    const client = clients.get(name) ?? open(credentials, ca, url.host);
    clients.set(name, client);
    return { url, client };
  };
  const callerCa = options.tlsCa ?? variable(env, "COUNTERSIGN_TLS_CA");
  let registry: AuthorizedClient | undefined;
  return {
    home,
    get client() {
      registry ??= open(docker, callerCa, undefined);
      return registry;
    },
    async portsFor(gun) {
      const server = createTrustServer({ ...(await openTrustServer(gun)), gun, clock });
      const signal = options.signal === undefined ? {} : { signal: options.signal };
      return { home, clock, server, progress: options.progress ?? (() => undefined), ...signal };
    },
    tokenAdmin: async () => createTokenAdmin(await openTrustServer(undefined)),
    close: () => {
      for (const client of opened) client.close();
    },
  };
}

async function chooseServer(options: ConnectOptions, home: Home, gun: Gun | undefined): Promise<ServerSetting> {
  const named = options.server ?? variable(options.env, "COUNTERSIGN_SERVER");
  if (named !== undefined) return { url: named, tlsCa: undefined };
  const configured = serverFor(await home.settings(), gun);
  if (configured !== undefined) return configured;
  const docker = variable(options.env, "DOCKER_CONTENT_TRUST_SERVER");
  if (docker !== undefined) return { url: docker, tlsCa: undefined };
  throw new CountersignError("usage.invalid", `no trust server is known${gun === undefined ? "" : ` for ${gun}`}`, {
    hints: [
      "name it with --server https://HOST or in COUNTERSIGN_SERVER",
      `or once and for all in ${join(home.locations.config, "config.json")}: {"server": "https://HOST"}`,
      "or start one on this machine: countersign serve",
    ],
  });
}

/** @throws usage.invalid */
function parseServerUrl(text: string): URL {
  const url = URL.parse(text);
  const isHttp = url !== null && (url.protocol === "https:" || url.protocol === "http:");
  if (isHttp && url.username === "" && url.password === "" && url.search === "" && url.hash === "") return url;
  // The text itself may hold a password, so it stays out of the message.
  throw new CountersignError("usage.invalid", "the trust server's address is not a plain URL", {
    hints: ["write it as https://HOST[:PORT]", "credentials belong in docker login or COUNTERSIGN_AUTH"],
  });
}

function trustServerCredential(env: Environment, host: string): CredentialSource {
  const name = variable(env, "COUNTERSIGN_AUTH") === undefined ? "NOTARY_AUTH" : "COUNTERSIGN_AUTH";
  const encoded = variable(env, name);
  if (encoded === undefined) return noCredentials;
  return async (asked) => credentialFor(host, decodeCredential(name, encoded))(asked);
}

/** undefined: there is none. What it reads goes to the trust server alone. */
function tokenReader({ env, tokenFile }: ConnectOptions): (() => Promise<string>) | undefined {
  const path = tokenFile ?? variable(env, "COUNTERSIGN_TOKEN_FILE");
  const given = variable(env, "COUNTERSIGN_TOKEN");
  const checked = (text: string, origin: string): string => {
    if (isTokenText(text.trim())) return text.trim();
    throw new CountersignError("usage.invalid", `${origin} holds no token`, {
      hints: ["put the token in it and nothing else: countersign token create makes one"],
    });
  };
  // What was named on the command line is meant before what the environment happens to hold.
  if (tokenFile === undefined && given !== undefined) return async () => checked(given, "COUNTERSIGN_TOKEN");
  if (path === undefined) return undefined;
  return async () => {
    try {
      return checked(await readFile(path, "utf8"), path);
    } catch (cause) {
      if (isCountersignError(cause)) throw cause;
      throw new CountersignError("disk.unreadable", `the token file ${path} cannot be read`, { cause });
    }
  };
}

/** @throws usage.invalid, never with the text in it */
function decodeCredential(name: string, encoded: string): Credential {
  try {
    const text = decodeUtf8(decodeBase64(encoded.trim()));
    const colon = text.indexOf(":");
    if (colon > 0) return { kind: "password", username: text.slice(0, colon), password: text.slice(colon + 1) };
  } catch (error) {
    if (!isCountersignError(error, "encoding.invalid")) throw error;
  }
  throw new CountersignError("usage.invalid", `${name} is not the base64 form of user:password`);
}

function variable(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === "" ? undefined : value;
}
