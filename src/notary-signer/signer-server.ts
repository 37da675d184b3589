// The signer as a gRPC server: TLS always, client certificates as soon as an authority for them is given, messages of at most 4 MiB.
// Whoever can call it can have anything signed, so an address that other machines reach is refused unless callers show certificates
// or the operator says that the network is guarded. notary-v1, sections 11 and 12.
import { isIP } from "node:net";
import type { Server, ServerUnaryCall, sendUnaryData, UntypedServiceImplementation } from "@grpc/grpc-js";
import { CountersignError, isCountersignError } from "../bytes/index.ts";
import { loadGrpc } from "./load-grpc.ts";
import { defaultSignerPort, maxMessageBytes } from "./protocol.ts";
import { openCredentials, type TlsPaths } from "./server-credentials.ts";
import type { SignerKeys } from "./signer-keys.ts";
import { type SignerMethod, SignerRefusal, signerMethods, status } from "./signer-methods.ts";

/** Structured lines; never a secret or what is signed. */
export type SignerLog = (
  event: "started" | "request" | "error" | "stopped",
  fields: Readonly<Record<string, string | number>>,
) => void;

export interface SignerServerOptions extends TlsPaths {
  readonly keys: SignerKeys;
  /** @throws storage.* when the keys cannot be reached */
  readonly ping: () => Promise<void>;
  /** 127.0.0.1 unless told; `everyAddress` for all of the machine. */
  readonly host?: string;
  /** 7899 unless told; 0 = any free port. */
  readonly port?: number;
  readonly allowNonLoopback?: boolean;
  readonly log?: SignerLog;
}

export interface RunningSigner {
  readonly host: string;
  readonly port: number;
  /** Reads the certificate files again. @throws disk.unreadable, certificate.invalid, key.format, and the old ones stay */
  reloadTls(): void;
  /** Finishes calls under way; what takes longer than a few seconds is cut. */
  close(): Promise<void>;
}

export const everyAddress = "*";

/** Of one connection at once: bounds what a caller can make us hold to half a gigabyte. */
const maxCallsAtOnce = 128;
const stopGraceMs = 5_000;

/** @throws usage.invalid, disk.unreadable, certificate.invalid, key.format, listen.failed */
export async function startSignerServer(options: SignerServerOptions): Promise<RunningSigner> {
  const { host = "127.0.0.1", port = defaultSignerPort, clientCaPath, log } = options;
  refuseOpenAddress(host, clientCaPath !== undefined || options.allowNonLoopback === true);
  const grpc = await loadGrpc();
  const tls = openCredentials(grpc, options);
  const server = new grpc.Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    "grpc.max_concurrent_streams": maxCallsAtOnce,
  });
  for (const [path, method] of signerMethods(options)) addMethod(server, path, method, log);
  const bound = await bind(server, host, port, tls.credentials);
  log?.("started", { host, port: bound });
  let closing: Promise<void> | undefined;
  return {
    host,
    port: bound,
    reloadTls: tls.reload,
    close: () => (closing ??= stop(server).then(() => log?.("stopped", { host, port: bound }))),
  };
}

function refuseOpenAddress(host: string, isGuarded: boolean): void {
  const isLoopback = host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
  if (isLoopback || isGuarded) return;
  const where = host === everyAddress ? "every address of this machine" : host;
  throw new CountersignError(
    "usage.invalid",
    `${where} can be reached from other machines, and callers need no certificate`,
    {
      hints: [
        "name the authority of the callers' certificates: --client-ca FILE",
        "or say that the network is guarded by other means: --allow-any-client",
      ],
    },
  );
}

function addMethod(server: Server, path: string, method: SignerMethod, log: SignerLog | undefined): void {
  const identity = (bytes: Buffer): Buffer => bytes;
  const definition = {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  } as const;
  const handle = async (request: Uint8Array, answer: sendUnaryData<Buffer>): Promise<void> => {
    const started = performance.now();
    const note = (code: number, fields: Readonly<Record<string, string>> = {}) => {
      const milliseconds = Math.round((performance.now() - started) * 10) / 10;
      log?.(code === status.internal ? "error" : "request", { method: path, code, milliseconds, ...fields });
    };
    try {
      const bytes = await method(request);
      note(0);
      answer(null, Buffer.from(bytes));
    } catch (error) {
      if (error instanceof SignerRefusal) {
        note(error.code, { reason: error.message });
        answer({ code: error.code, details: error.message });
        return;
      }
      // Callers hear the code alone: the message may name files and databases.
      const code = isCountersignError(error) ? error.code : "bug.unexpected";
      note(status.internal, { error: code, reason: reasonOf(error) });
      answer({ code: status.internal, details: `the signer failed: ${code}` });
    }
  };
  const implementation: UntypedServiceImplementation = {
    call: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => void handle(call.request, answer),
  };
  server.addService({ call: definition }, implementation);
}

function reasonOf(error: unknown): string {
  if (isCountersignError(error)) return error.message.slice(0, 500);
  return error instanceof Error ? String(error.stack).slice(0, 2_000) : "unknown";
}

async function bind(
  server: Server,
  host: string,
  port: number,
  credentials: Parameters<Server["bindAsync"]>[1],
): Promise<number> {
  // IPv6's wildcard takes IPv4 too, where the machine has IPv6 at all.
  const hosts = host === everyAddress ? ["[::]", "0.0.0.0"] : [isIP(host) === 6 ? `[${host}]` : host];
  let failure: unknown;
  for (const each of hosts) {
    try {
      return await new Promise<number>((resolve, reject) =>
        server.bindAsync(`${each}:${port}`, credentials, (error, bound) =>
          error === null ? resolve(bound) : reject(error),
        ),
      );
    } catch (error) {
      failure = error;
    }
  }
  server.forceShutdown();
  throw new CountersignError("listen.failed", `the signer cannot listen on ${hosts.at(-1) ?? host}:${port}`, {
    cause: failure,
    hints: ["is another signer running there? port 0 takes any free one"],
  });
}

function stop(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cut = setTimeout(() => {
    server.forceShutdown();
    resolve();
  }, stopGraceMs);
  server.tryShutdown(() => {
    clearTimeout(cut);
    resolve();
  });
  return promise;
}
