// What `serve` says once it serves: where, from what, and with Notary's configuration each member's fate. Never a password.
import { adminTokenPath, type RunningServer, type SignerChoice, type StorageChoice } from "../../server/index.ts";
import type { Terminal } from "../terminal.ts";
import type { AccessChoice, ServerChoice } from "./choose-server.ts";
import { configJson, tellConfig } from "./tell-config.ts";

export function announce(terminal: Terminal, server: RunningServer, choice: ServerChoice): void {
  const { url, certificate } = server;
  const { options, config } = choice;
  const database = databaseOf(options.storage);
  const signer = signerOf(options.signer);
  terminal.value({
    url,
    data: options.dataDir,
    ...(database === undefined ? {} : { database }),
    ...(signer === undefined ? {} : { signer }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(config === undefined ? {} : { config: configJson(config) }),
  });
  terminal.line(`trust server at ${url}`);
  terminal.facts([
    ["data", options.dataDir],
    ["database", database],
    ["signer", signer],
    ["access", accessOf(options)],
    ["admin token", options.access?.policy.apiTokens === true ? adminTokenPath(options.dataDir) : undefined],
    ["certificate", certificate?.path],
    ["sha256", certificate?.sha256],
  ]);
  if (config !== undefined) tellConfig(terminal, config);
  if (options.tls?.kind === "off" && options.access !== undefined)
    warnOfPlainTokens(terminal, server.host, options.access);
  terminal.line();
  terminal.line("use it from another terminal:");
  if (certificate?.generated === true) terminal.line(`  export COUNTERSIGN_TLS_CA=${shellWord(certificate.path)}`);
  terminal.line(`  export COUNTERSIGN_SERVER=${url}`);
  terminal.line("  countersign init GUN");
}

function warnOfPlainTokens(terminal: Terminal, host: string, { policy }: AccessChoice): void {
  if (!isLoopback(host)) terminal.warning("tokens travel over plain http here: a proxy in front must end TLS");
  if (policy.url === undefined && policy.dockerTokens === undefined) {
    terminal.warning(
      'the policy has no "url": clients that come through a proxy are sent back to http with their passwords',
    );
  }
}

function databaseOf(storage: StorageChoice | undefined): string | undefined {
  if (storage?.kind !== "postgres") return undefined;
  const url = URL.parse(storage.url);
  return url === null ? "PostgreSQL" : `PostgreSQL ${url.host}${url.pathname}`;
}

function signerOf(signer: SignerChoice | undefined): string | undefined {
  return signer?.kind === "remote" ? `${signer.host}:${signer.port}` : undefined;
}

function accessOf({ access, clientCaPath }: ServerChoice["options"]): string {
  const policy = access?.policy;
  const ways = [
    ...(clientCaPath === undefined ? [] : [`client certificates of ${clientCaPath}`]),
    ...(policy?.dockerTokens === undefined ? [] : [`docker tokens of ${policy.dockerTokens.issuer}`]),
    ...(policy?.apiTokens === true ? ["API tokens"] : []),
    ...(policy?.oidc ?? []).map(({ issuer }) => `tokens of ${issuer}`),
  ];
  return ways.length === 0 ? "open to everybody who reaches it" : ways.join(", ");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}

function shellWord(text: string): string {
  return /^[-A-Za-z0-9_./:]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
