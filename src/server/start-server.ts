// A running server: data directory, keys, TLS, listener, sweep; and its orderly end. Everything an attacker can make wait has a
// deadline, and everything it can make grow has a bound (node:http's own, set here, and the limits of the upload routes).
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { isIP } from "node:net";
import { CountersignError, systemClock } from "../bytes/index.ts";
import { openServerAccess } from "./admin-access.ts";
import { createApp } from "./app.ts";
import { clientAddresses } from "./client-address.ts";
import { nodeListener } from "./node-listener.ts";
import { openParts } from "./open-parts.ts";
import { everyAddress, type RunningServer, type ServerOptions } from "./options.ts";
import { Sweep } from "./sweep.ts";
import { readClientAuthority, readIdentity, type TlsIdentity, tlsIdentity } from "./tls-identity.ts";

export const defaultPort = 4443;

const limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  // One upload of the largest size over a slow line.
  requestTimeout: 300_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
} as const;
/** After this a graceful stop cuts what is still open. */
const stopGraceMs = 10_000;

/**
 * Opens storage, signer and listener; whatever is not there or not usable stops the start.
 * @throws usage.invalid, storage.*, disk.*, key.*, certificate.invalid, server.signing_unavailable, listen.failed
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = "127.0.0.1", port = defaultPort, tls = { kind: "generated" }, clock = systemClock, log } = options;
  const { dataDir, clientCaPath, caching, gunPrefixes } = options;
  refuseOpenAddress(options, host);
  const addressOf = clientAddresses(options.trustedProxies ?? []);
  const identity = await tlsIdentity(tls, dataDir, clock);
  if (identity === undefined && clientCaPath !== undefined) {
    throw new CountersignError("usage.invalid", "client certificates can only be asked for over TLS");
  }
  const readTls = (current: TlsIdentity) => secure(current, readClientAuthority(clientCaPath));
  const secured = identity === undefined ? undefined : readTls(identity);
  await using opened = new AsyncDisposableStack();
  const { storage, signer } = await openParts(options, clock, opened);
  const access =
    options.access === undefined ? undefined : await openServerAccess(options.access, { storage, clock, dataDir });
  const app = createApp({
    storage,
    signer,
    clock,
    ...(log === undefined ? {} : { log }),
    ...(caching === undefined ? {} : { caching }),
    ...(gunPrefixes === undefined ? {} : { gunPrefixes }),
    ...(access === undefined ? {} : { access }),
    ...(options.rateLimits === undefined ? {} : { rateLimits: options.rateLimits }),
  });
  // What another server on the same database commits must not be answered from this one's memory.
  await storage.watch?.((gun) => app.forget(gun));
  let isRunning = true;
  const listener = nodeListener(app, () => isRunning, addressOf);
  const https = secured === undefined ? undefined : createHttpsServer({ ...limits, ...secured }, listener);
  const server = https ?? createHttpServer(limits, listener);
  const address = await listen(server, host, port);
  const running = opened.move();
  const sweep = new Sweep(storage, clock, (gun) => app.collections.renew(gun));
  sweep.start((error) => log?.("error", { reason: String(error) }));
  const url = `${identity === undefined ? "http" : "https"}://${urlHost(host)}:${address}`;
  log?.("started", { url });
  let closing: Promise<void> | undefined;
  const stop = async () => {
    isRunning = false;
    await closeServer(server);
    await sweep.stop();
    await running.disposeAsync();
    log?.("stopped", { url });
  };
  return {
    url,
    host,
    port: address,
    certificate:
      identity === undefined
        ? undefined
        : { path: identity.certificatePath, sha256: identity.sha256, generated: identity.isGenerated },
    reloadTls: () => {
      if (https === undefined || tls.kind !== "files") return;
      const renewed = readIdentity(tls.certificatePath, tls.keyPath, false);
      https.setSecureContext(readTls(renewed));
      log?.("reloaded", { certificate: renewed.certificatePath, sha256: renewed.sha256 });
    },
    close: () => (closing ??= stop()),
  };
}

/** Without access control whoever reaches the port can publish new collections and delete all of them. */
function refuseOpenAddress({ access, clientCaPath, allowNonLoopback }: ServerOptions, host: string): void {
  const isLoopback = host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
  if (isLoopback || allowNonLoopback === true || clientCaPath !== undefined || access !== undefined) return;
  const where = host === everyAddress ? "every address of this machine" : host;
  throw new CountersignError(
    "usage.invalid",
    `${where} can be reached by others, and nothing says who may publish here`,
    {
      hints: [
        "say who may do what: --access POLICY.json, or auth in the configuration",
        "or ask for client certificates: --client-ca FILE",
        "or listen on 127.0.0.1, behind a proxy that knows who its clients are",
        "or say that the network is guarded by other means: --allow-non-loopback",
      ],
    },
  );
}

function urlHost(host: string): string {
  if (host === everyAddress) return "localhost";
  return isIP(host) === 6 ? `[${host}]` : host;
}

function secure(identity: TlsIdentity, clientAuthority: string | undefined) {
  const clients =
    clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true, rejectUnauthorized: true };
  return {
    ...clients,
    cert: identity.certificatePem,
    key: identity.keyPem,
    minVersion: "TLSv1.2",
    ALPNProtocols: ["http/1.1"],
    // Old clients open a connection per request: tickets spare them the signature (performance.md).
    sessionTimeout: 3_600,
    handshakeTimeout: 10_000,
  } as const;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (cause: Error) => {
      const reason = "code" in cause ? String(cause.code) : cause.message;
      reject(
        new CountersignError(
          "listen.failed",
          `cannot listen on ${host === everyAddress ? "" : host}:${port} (${reason})`,
          {
            cause,
            hints: ["another program may be using the port: choose one with --port"],
          },
        ),
      );
    };
    server.once("error", fail);
    server.listen({ port, ...(host === everyAddress ? {} : { host }) }, () => {
      server.off("error", fail);
      const address = server.address();
      resolve(address === null || typeof address === "string" ? port : address.port);
    });
  });
}

async function closeServer(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), stopGraceMs);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(cut);
}
