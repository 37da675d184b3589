// The transport that programs use: https, http where the caller names an address that begins with it, and copies on this machine
// (`file:`). Nothing here is believed because of the connection: metadata is signed and targets are hashed.
import type { Clock } from "../bytes/index.ts";
import { createHttpClient, proxyFromEnvironment, tlsAnchors } from "../http/index.ts";
import { withFiles } from "./file-transport.ts";
import { httpTransport } from "./http-transport.ts";
import type { TufTransport } from "./ports.ts";

export interface WebTransportOptions {
  /** Base addresses that will be asked. Hosts of those with http:// are spoken to as such; other hosts never, redirects included. */
  readonly bases: readonly string[];
  /** Tries in all where a connection breaks or a server is busy; 4 unless told. */
  readonly attempts?: number | undefined;
  /** Certificate authorities (PEM) beside the system's. */
  readonly caFile?: string | undefined;
  /** Where `https_proxy`, `http_proxy` and `no_proxy` are looked for; no proxy unless told. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Ends whatever is under way, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** For servers that say until when to wait. */
  readonly clock?: Clock | undefined;
}

export interface WebTransport extends TufTransport, Disposable {}

/** Holds connections open until it is disposed of. @throws disk.unreadable, encoding.invalid for the authorities */
export function openWebTransport(options: WebTransportOptions): WebTransport {
  const { bases, attempts = 4, caFile, env, signal, clock } = options;
  const client = createHttpClient({
    anchors: tlsAnchors(caFile === undefined ? {} : { caFile }),
    insecureHosts: plainHosts(bases),
    ...(env === undefined ? {} : { proxy: proxyFromEnvironment(env) }),
    ...(clock === undefined ? {} : { clock }),
  });
  const transport = withFiles(httpTransport({ client, attempts }));
  return {
    get: (request) => transport.get({ ...request, signal: either(signal, request.signal) }),
    [Symbol.dispose]: () => client.close(),
  };
}

function either(one: AbortSignal | undefined, other: AbortSignal | undefined): AbortSignal | undefined {
  return one === undefined || other === undefined ? (one ?? other) : AbortSignal.any([one, other]);
}

function plainHosts(bases: readonly string[]): ReadonlySet<string> {
  const plain = bases.filter((base) => URL.canParse(base) && new URL(base).protocol === "http:");
  return new Set(plain.map((base) => new URL(base).host));
}
