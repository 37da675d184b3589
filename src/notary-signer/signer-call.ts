// One gRPC call to a signer: bounded in time and size, and every way to fail is server.signing_unavailable with what the signer said,
// because for who waits for a signature they are all the same. A call that met a broken connection (a signer that restarts) is
// made once more on a new one: all calls may be repeated, since a key that has never signed is offered again.
import { isIP } from "node:net";
import { checkServerIdentity, createSecureContext, type PeerCertificate, type SecureContext } from "node:tls";
import type { ChannelOptions, Client, ServiceError, VerifyOptions } from "@grpc/grpc-js";
import { CountersignError } from "../bytes/index.ts";
import { Slots } from "../http/index.ts";
import { loadGrpc } from "./load-grpc.ts";
import { maxMessageBytes } from "./protocol.ts";
import { readCertificates, readTlsPair } from "./tls-files.ts";

export interface SignerClientOptions {
  readonly host: string;
  readonly port: number;
  /** PEM; the usual authorities unless given. */
  readonly caPath?: string;
  /** What we show to the signer, with `keyPath`. */
  readonly certificatePath?: string;
  readonly keyPath?: string;
  /** Of one call. 10 seconds unless told. */
  readonly timeoutMs?: number;
}

/** What a signer answered, or that it does not know the key. */
export type SignerAnswer =
  | { readonly kind: "answer"; readonly bytes: Uint8Array }
  | { readonly kind: "not-found"; readonly details: string };

export interface SignerConnection {
  /** @throws server.signing_unavailable */
  call(path: string, request: Uint8Array, timeoutMs?: number): Promise<SignerAnswer>;
  close(): void;
}

/** gRPC status codes (grpc.io, "Status codes and their use in gRPC"). */
const notFound = 5;
const unavailable = 14;
const deadlineExceeded = 4;
const resourceExhausted = 8;

const defaultTimeoutMs = 10_000;

/** How long a call waits for the connection to come back. A signer that is gone must not make publishers wait for long. */
const reconnectPatienceMs = 2_000;

const channelOptions: ChannelOptions = {
  "grpc.max_receive_message_length": maxMessageBytes,
  "grpc.max_send_message_length": maxMessageBytes,
  // A proxy from the environment is for the outside world, and a lookup of service configuration for nobody here.
  "grpc.enable_http_proxy": 0,
  "grpc.service_config_disable_resolution": 1,
  // The default grows to two minutes, in which a signer that is back would not be noticed.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
  // Or a new channel would be given the connection of the one it replaces.
  "grpc.use_local_subchannel_pool": 1,
};

/**
 * On the wire at once; further calls wait for their turn. A burst above the signer's own limit (ours takes 128) on a connection that has
 * just been made, when its settings are not known yet, was seen to leave that connection without answers.
 */
const maxCallsAtOnce = 64;

/** A connection that is silent for this long may be dead: the call is made once more on a new one. */
const firstTryMs = 2_000;

/**
 * A channel of grpc-js that loses its signer to kill -9 a few times under load was seen to hang for good, while a new one connects at
 * once. So a channel on which a call failed is replaced, at most this often.
 */
const replaceEveryMs = 500;

/** Reads the files now and connects at the first call. @throws disk.unreadable, certificate.invalid, key.format, usage.invalid */
export async function openConnection(options: SignerClientOptions): Promise<SignerConnection> {
  const { host, port } = options;
  if (!/^[A-Za-z0-9:._-]+$/.test(host)) {
    throw new CountersignError("usage.invalid", `not a host name: ${JSON.stringify(host.slice(0, 80))}`);
  }
  if (options.certificatePath === undefined || options.keyPath === undefined) {
    if (options.certificatePath !== options.keyPath) {
      throw new CountersignError("usage.invalid", "a client certificate and its key go together");
    }
  }
  const address = isIP(host) !== 0;
  const context = secureContext(options);
  const { Client, credentials, Metadata } = await loadGrpc();
  const channel = credentials.createFromSecureContext(context, address ? identityOf(host) : {});
  const where = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const connect = (): Client =>
    new Client(`dns:///${where}`, channel, {
      ...channelOptions,
      // An address is no name that TLS can ask for (RFC 6066, section 3); identityOf checks the certificate against the address all the same.
      ...(address ? { "grpc.ssl_target_name_override": "notary-signer" } : {}),
    });
  const slots = new Slots(maxCallsAtOnce);
  let client = connect();
  let replacedAt = 0;
  const replace = (failed: Client) => {
    if (failed !== client || performance.now() - replacedAt < replaceEveryMs) return;
    replacedAt = performance.now();
    client = connect();
    // Calls under way on it end first, or by their deadline.
    setTimeout(() => failed.close(), 2 * (options.timeoutMs ?? defaultTimeoutMs)).unref();
  };
  const once = (path: string, request: Uint8Array, ms: number, waitForReady: boolean) => {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const asked = client;
    const fail = (error: ServiceError) => {
      if (error.code === unavailable || error.code === deadlineExceeded) replace(asked);
      reject(error);
    };
    asked.makeUnaryRequest(
      path,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer): Uint8Array => bytes,
      request,
      new Metadata({ waitForReady }),
      { deadline: Date.now() + ms },
      (error: ServiceError | null, answer) => (error === null ? resolve(answer ?? new Uint8Array()) : fail(error)),
    );
    return promise;
  };
  const attempt = async (path: string, request: Uint8Array, timeoutMs: number) => {
    const until = performance.now() + timeoutMs;
    try {
      return await once(path, request, Math.min(timeoutMs, firstTryMs), false);
    } catch (error) {
      const isCut = statusOf(error) === unavailable;
      if (!isCut && statusOf(error) !== deadlineExceeded) throw error;
      const left = Math.min(isCut ? reconnectPatienceMs : timeoutMs, until - performance.now());
      if (left <= 0) throw error;
      try {
        return await once(path, request, left, true);
      } catch (second) {
        // "Deadline exceeded" would hide why there was no connection.
        throw statusOf(second) === deadlineExceeded ? error : second;
      }
    }
  };
  return {
    async call(path, request, timeoutMs = options.timeoutMs ?? defaultTimeoutMs) {
      const until = performance.now() + timeoutMs;
      if (!(await slots.take(timeoutMs))) throw failure(where, silence(timeoutMs));
      try {
        return { kind: "answer", bytes: await attempt(path, request, Math.max(1, until - performance.now())) };
      } catch (error) {
        if (statusOf(error) === notFound) return { kind: "not-found", details: detailsOf(error) };
        throw unavailableError(where, error, timeoutMs);
      } finally {
        slots.free();
      }
    },
    close: () => client.close(),
  };
}

/** @throws disk.unreadable, certificate.invalid, key.format */
function secureContext({ caPath, certificatePath, keyPath }: SignerClientOptions): SecureContext {
  const pair =
    certificatePath === undefined || keyPath === undefined ? undefined : readTlsPair(certificatePath, keyPath);
  return createSecureContext({
    minVersion: "TLSv1.2",
    ...(pair === undefined ? {} : { cert: pair.certificate, key: pair.key }),
    // Go takes any certificate of the file as an anchor, not only self-signed ones; configurations rely on it.
    ...(caPath === undefined ? {} : { ca: readCertificates(caPath), allowPartialTrustChain: true }),
  });
}

function identityOf(host: string): VerifyOptions {
  return {
    checkServerIdentity: (_name: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
  };
}

function detailsOf(error: unknown): string {
  return error instanceof Error && "details" in error ? printable(String(error.details)) : "";
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : undefined;
}

function failure(where: string, what: string, cause?: unknown, ...hints: readonly string[]): CountersignError {
  return new CountersignError("server.signing_unavailable", `the signer at ${where} ${what}`, { cause, hints });
}

function unavailableError(where: string, error: unknown, timeoutMs: number): CountersignError {
  const told = detailsOf(error);
  switch (statusOf(error)) {
    case unavailable:
      return failure(
        where,
        `cannot be reached: ${told}`,
        error,
        "check that it runs, and that each side trusts the authority of the other's certificate",
      );
    case deadlineExceeded:
      return failure(where, silence(timeoutMs), error);
    case resourceExhausted:
      return failure(where, `or this server refused a message for its size or number: ${told}`, error);
    default:
      return failure(where, `failed: ${told === "" ? String(error) : told}`, error);
  }
}

function silence(timeoutMs: number): string {
  return `did not answer within ${timeoutMs} ms`;
}

/** What a stranger's program says goes into logs: one line of ordinary characters. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 300);
}
