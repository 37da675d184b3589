// A running server: data directory, keys, TLS, listener, sweep; and its orderly end. Everything an attacker can make wait has a
// deadline, and everything it can make grow has a bound (node:http's own, set here, and the limits of the upload routes).
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { isIP } from "node:net";
import { CountersignError, systemClock } from "../bytes/index.ts";
import { makeDataDirectory, openSqliteStorage, type Storage } from "../storage/index.ts";
import { createApp } from "./app.ts";
import { localRoleSigner } from "./local-role-signer.ts";
import { openMasterKey } from "./master-key.ts";
import { nodeListener } from "./node-listener.ts";
import type { RunningServer, ServerOptions } from "./options.ts";
import { Sweep } from "./sweep.ts";
import { type TlsIdentity, tlsIdentity } from "./tls-identity.ts";

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

/** @throws usage.invalid, storage.*, disk.*, key.*, certificate.invalid, listen.failed */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const {
    dataDir,
    host = "127.0.0.1",
    port = defaultPort,
    tls = { kind: "generated" },
    clock = systemClock,
    log,
  } = options;
  refuseOpenAddress(host, options.allowNonLoopback === true);
  makeDataDirectory(dataDir);
  const master = openMasterKey(dataDir, options.masterKeyPath);
  const storage = openSqliteStorage(dataDir, options.testOnlyStorage);
  try {
    const identity = await tlsIdentity(tls, dataDir, clock);
    const app = createApp({
      storage,
      signer: localRoleSigner(storage, master, clock),
      clock,
      ...(log === undefined ? {} : { log }),
    });
    let isRunning = true;
    const listener = nodeListener(app, clock, () => isRunning);
    const server =
      identity === undefined
        ? createHttpServer(limits, listener)
        : createHttpsServer({ ...limits, ...secure(identity) }, listener);
    const address = await listen(server, host, port);
    const sweep = new Sweep(storage, clock, (gun) => app.collections.renew(gun));
    sweep.start((error) => log?.("error", { reason: String(error) }));
    const url = `${identity === undefined ? "http" : "https"}://${isIP(host) === 6 ? `[${host}]` : host}:${address}`;
    log?.("started", { url });
    let closing: Promise<void> | undefined;
    const stop = async () => {
      isRunning = false;
      await closeServer(server);
      await sweep.stop();
      await storage.close();
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
      close: () => (closing ??= stop()),
    };
  } catch (error) {
    await closeQuietly(storage);
    throw error;
  }
}

/** There is no authentication yet: whoever reaches the port can publish new collections and delete all of them. */
function refuseOpenAddress(host: string, isAllowed: boolean): void {
  const isLoopback = host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
  if (isLoopback || isAllowed) return;
  throw new CountersignError(
    "usage.invalid",
    `${host} can be reached from other machines, and the server has no authentication yet`,
    {
      hints: ["listen on 127.0.0.1 behind a proxy that authenticates", "or say explicitly that the network is guarded"],
    },
  );
}

function secure(identity: TlsIdentity) {
  return {
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
        new CountersignError("listen.failed", `cannot listen on ${host}:${port} (${reason})`, {
          cause,
          hints: ["another program may be using the port: choose one with --port"],
        }),
      );
    };
    server.once("error", fail);
    server.listen(port, host, () => {
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

async function closeQuietly(storage: Storage): Promise<void> {
  try {
    await storage.close();
  } catch {
    // The first failure is the one to report.
  }
}
