// The app behind node:http. Reads that are in memory are answered here, before any URL, router or Request object exists: that is what
// keeps a GET within reach of a bare HTTP server. Everything else becomes a Request and goes through the app.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Requester } from "../access/index.ts";
import { CountersignError } from "../bytes/index.ts";
import { AnswersUnderWay, defaultPatience, type Patience } from "./answers-under-way.ts";
import type { App } from "./app.ts";
import { type AddressOf, clientAddresses } from "./client-address.ts";
import { notaryError, notaryErrorOf } from "./notary-errors.ts";
import { problem } from "./problem.ts";

/** `isRunning` false: this connection is asked to end with the answer (a graceful stop). */
export function nodeListener(
  app: App,
  isRunning: () => boolean,
  addressOf: AddressOf = clientAddresses([]),
  { patience = defaultPatience, maxBytesUnderWay = 512 * 1024 * 1024 }: ListenerLimits = {},
): RequestListener {
  const ports = { app, addressOf, patience, sending: new AnswersUnderWay(maxBytesUnderWay, patience) };
  return (incoming, outgoing) => {
    if (!isRunning()) outgoing.setHeader("Connection", "close");
    if (incoming.method === "GET" && answerFromMemory(ports, incoming, outgoing)) return;
    void answerThroughApp(ports, incoming, outgoing);
  };
}

export interface ListenerLimits {
  readonly patience?: Patience;
  /** Large answers that may be in memory while they are sent. */
  readonly maxBytesUnderWay?: number;
}

interface ListenerPorts {
  readonly app: App;
  readonly addressOf: AddressOf;
  readonly patience: Patience;
  readonly sending: AnswersUnderWay;
}

function answerFromMemory(
  { app, addressOf, sending }: ListenerPorts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): boolean {
  const { url = "", headers } = incoming;
  const address = addressOf(incoming);
  const ready = app.ready(url, headers.authorization, address);
  if (ready === undefined) return false;
  // Through the app it goes the same way, and is refused there.
  if (!sending.admit(outgoing, ready.body, address)) return false;
  const started = performance.now();
  outgoing.writeHead(200, ready.headers);
  outgoing.end(ready.body);
  const microseconds = (performance.now() - started) * 1_000;
  app.metrics.observeHit(ready.operation, microseconds, incoming.url?.length ?? 0, ready.body.length);
  return true;
}

async function answerThroughApp(
  { app, addressOf, patience, sending }: ListenerPorts,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const request = toRequest(incoming);
    const from = requester(incoming, addressOf);
    let response =
      typeof request === "number"
        ? refusal(request)
        : await app.handle(request, hasBody(incoming) ? bodyOf(incoming, patience) : undefined, from);
    let body = Buffer.from(await response.arrayBuffer());
    if (!sending.admit(outgoing, body, from.address)) {
      app.metrics.count("busy");
      response = busy(incoming.url ?? "");
      body = Buffer.from(await response.arrayBuffer());
    }
    for (const [name, value] of response.headers) outgoing.setHeader(name, value);
    if (!response.headers.has("content-length")) outgoing.setHeader("content-length", body.length);
    outgoing.writeHead(response.status).end(body);
  } catch {
    // The app answers its own failures; what comes here is a connection that died under it.
    outgoing.destroy();
  }
}

function refusal(status: 400 | 404 | 405): Response {
  if (status === 404) return notaryError("METADATA_NOT_FOUND");
  return new Response(null, { status, headers: status === 400 ? { connection: "close" } : {} });
}

/** A status where it is no request that the app could understand. */
function toRequest(incoming: IncomingMessage): Request | 400 | 404 | 405 {
  const method = incoming.method ?? "GET";
  // The Request class refuses these two; nothing here answers them.
  if (method === "CONNECT" || method === "TRACE") return 405;
  const target = originForm(incoming.url ?? "/");
  if (target === undefined) return 400;
  const url = new URL(target, "http://server");
  // Dot segments and backslashes would be another path by now than the one that a proxy in front looked at.
  if (`${url.pathname}${url.search}` !== target) return 404;
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (typeof value === "string" && /^(?:content-type|content-length|authorization|accept|user-agent)$/.test(name)) {
      headers.push([name, value]);
    }
  }
  return new Request(url, { method, headers });
}

/** Proxies may name the whole address (RFC 9112, 3.2.2): its host is not looked at, as the Host header is not. */
function originForm(target: string): string | undefined {
  if (target.startsWith("/")) return target;
  return /^https?:\/\/[^/?#@]+(\/.*)$/i.exec(target)?.[1];
}

/** The host is the client's own word, good for nothing but telling the same client where to come back. */
function requester(incoming: IncomingMessage, addressOf: AddressOf): Requester {
  const { socket, headers } = incoming;
  const isTls = "encrypted" in socket && socket.encrypted === true;
  const origin = headers.host === undefined ? undefined : `${isTls ? "https" : "http"}://${headers.host}`;
  return { address: addressOf(incoming), origin };
}

/** A body that stands still ends its connection; what is done with it afterwards may take its time. */
async function* bodyOf(incoming: IncomingMessage, { idleMs }: Patience): AsyncGenerator<Uint8Array> {
  incoming.setTimeout(idleMs, () => incoming.destroy());
  try {
    for await (const chunk of incoming) yield chunk;
  } catch (cause) {
    throw new CountersignError("request.invalid", "the connection ended inside the body", { cause });
  }
  incoming.setTimeout(0);
}

function busy(url: string): Response {
  const isNotarys = /\/_trust\/(?:tuf\/|changefeed)/.test(url);
  const error = new CountersignError("server.busy", "too many large answers at once; try again in a moment");
  return isNotarys ? notaryErrorOf(error) : problem(error);
}

function hasBody({ method }: IncomingMessage): boolean {
  return method !== "GET" && method !== "HEAD";
}
