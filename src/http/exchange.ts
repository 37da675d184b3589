// One request and its answer over one connection: node:http underneath, with the limits of HttpRequest held. Rule: every
// wait ends (idle time on the socket, the caller's signal) and nothing is left open when an exchange fails.
import type { Agent, ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { CountersignError } from "../bytes/index.ts";
import type { HttpHead, HttpMethod, StreamBody, StreamedResponse } from "./http-client.ts";
import { describeRequest, transportError } from "./transport-errors.ts";

export interface Exchange {
  readonly method: HttpMethod;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | StreamBody | undefined;
  readonly maxBytes: number;
  readonly idleMs: number;
  /** Ends the exchange at any point, with its reason. */
  readonly signal: AbortSignal;
  readonly onSent: ((bytes: number) => void) | undefined;
}

/** Where to connect: `agent` pools and secures connections; `proxy` is set for plain http through a proxy. */
export interface Route {
  readonly start: (options: RequestOptions) => ClientRequest;
  readonly agent: Agent | false;
  readonly proxy: { readonly url: URL; readonly authorization: string | undefined } | undefined;
}

const maxFailureBytes = 65_536;

/** Once the head is there, Node reports a destroyed request as a reset connection; the reason is kept here. */
interface Stall {
  error: CountersignError | undefined;
}

/** @throws coded errors; Node's own TLS errors pass uncoded inside `cause` */
export async function exchange(wanted: Exchange, route: Route): Promise<StreamedResponse> {
  wanted.signal.throwIfAborted();
  const request = route.start(requestOptions(wanted, route));
  const stall: Stall = { error: undefined };
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    request.once("response", resolve);
    // Stays for the life of the request: an error after the answer must not bring the process down.
    request.on("error", reject);
    request.once("timeout", () => {
      stall.error = tooSlow(wanted);
      request.destroy(stall.error);
    });
  });
  // The caller leaves at the first failure of either; the other must not be reported as unhandled.
  answer.catch(() => undefined);
  const onAbort = (): void => void request.destroy();
  wanted.signal.addEventListener("abort", onAbort, { once: true });
  try {
    const sending = send(request, wanted);
    sending.catch((cause: unknown) => request.destroy(cause instanceof Error ? cause : undefined));
    const message = await answer;
    const head = headOf(message, wanted.url);
    return { ...head, body: boundedBody(message, head, wanted, stall, onAbort) };
  } catch (cause) {
    wanted.signal.removeEventListener("abort", onAbort);
    request.destroy();
    wanted.signal.throwIfAborted();
    throw transportError(cause, wanted.method, wanted.url);
  }
}

function requestOptions(wanted: Exchange, route: Route): RequestOptions {
  const { url } = wanted;
  const at = route.proxy?.url ?? url;
  const headers: Record<string, string> = { host: url.host, "accept-encoding": "identity", ...wanted.headers };
  if (wanted.body !== undefined) headers["content-length"] = String(wanted.body.length);
  else if (wanted.method === "POST" || wanted.method === "PUT") headers["content-length"] = "0";
  if (route.proxy?.authorization !== undefined) headers["proxy-authorization"] = route.proxy.authorization;
  return {
    method: wanted.method,
    protocol: at.protocol,
    hostname: at.hostname.replace(/^\[|\]$/g, ""),
    ...(at.port === "" ? {} : { port: at.port }),
    path: route.proxy === undefined ? `${url.pathname}${url.search}` : url.href,
    headers,
    agent: route.agent,
    timeout: wanted.idleMs,
  };
}

async function send(request: ClientRequest, wanted: Exchange): Promise<void> {
  const { body, onSent } = wanted;
  if (body === undefined) {
    request.end();
    return;
  }
  let sent = 0;
  for await (const chunk of body instanceof Uint8Array ? slices(body) : body.open()) {
    if (request.destroyed) return;
    sent += chunk.length;
    if (sent > body.length) break;
    if (!request.write(chunk)) await drained(request);
    onSent?.(sent);
  }
  if (sent !== body.length) {
    throw new CountersignError(
      "bug.unexpected",
      `a request body of ${body.length} bytes turned out to have ${sent} or more`,
    );
  }
  request.end();
}

function* slices(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
}

/** Also when the server answered early and closed: nobody will drain then. */
function drained(request: ClientRequest): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off("drain", done).off("close", done);
      resolve();
    };
    request.on("drain", done).on("close", done);
  });
}

function headOf(message: IncomingMessage, url: URL): HttpHead {
  const headers = new Map<string, string>();
  for (let index = 0; index + 1 < message.rawHeaders.length; index += 2) {
    const name = (message.rawHeaders[index] ?? "").toLowerCase();
    const value = message.rawHeaders[index + 1] ?? "";
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { status: message.statusCode ?? 0, headers, url };
}

async function* boundedBody(
  message: IncomingMessage,
  head: HttpHead,
  wanted: Exchange,
  stall: Stall,
  onAbort: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  let received = 0;
  // A long page beside a 404 must not turn "missing" into "too large": what explains a failure is cut off instead.
  const isFailure = head.status >= 300;
  try {
    const announced = Number(head.headers.get("content-length") ?? "0");
    const isAnnounced = wanted.method !== "HEAD" && announced > wanted.maxBytes;
    if (isAnnounced && !isFailure) throw tooLarge(wanted, `${announced} bytes announced`);
    for await (const chunk of message) {
      if (!(chunk instanceof Uint8Array)) continue;
      received += chunk.length;
      if (isFailure && received > maxFailureBytes) return;
      if (!isFailure && received > wanted.maxBytes) throw tooLarge(wanted, "the body goes on");
      yield chunk;
    }
  } catch (cause) {
    wanted.signal.throwIfAborted();
    throw stall.error ?? transportError(cause, wanted.method, wanted.url);
  } finally {
    wanted.signal.removeEventListener("abort", onAbort);
    // No effect on a body read to its end; otherwise the connection cannot be used again.
    message.destroy();
  }
}

function tooLarge(wanted: Exchange, detail: string): CountersignError {
  const what = describeRequest(wanted.method, wanted.url);
  return new CountersignError(
    "download.too_large",
    `${what}: longer than the limit of ${wanted.maxBytes} bytes (${detail})`,
  );
}

function tooSlow(wanted: Exchange): CountersignError {
  const what = describeRequest(wanted.method, wanted.url);
  return new CountersignError("download.too_slow", `${what}: nothing came for ${wanted.idleMs} ms`);
}
