// The transport: HttpClient over node:http. Each request runs under one total deadline in which it may be tried several times
// (retry.ts), follow redirects if it may (origin-rules.ts), and widen the TLS authorities once (connections.ts).
import { type Clock, CountersignError, isCountersignError } from "../bytes/index.ts";
import { type Connections, createConnections } from "./connections.ts";
import { type Exchange, exchange } from "./exchange.ts";
import type { HttpClient, HttpRequest, HttpResponse, StreamedResponse } from "./http-client.ts";
import { monotonicMs } from "./monotonic.ts";
import { checkOrigin, headersForOrigin, type OriginRules, redirectTarget } from "./origin-rules.ts";
import { noProxy, type ProxyRule } from "./proxy.ts";
import { collect, discard } from "./read-body.ts";
import { backoffMs, isTransientError, isTransientStatus, longestRetryAfterMs, retryAfterMs } from "./retry.ts";
import { type TlsAnchors, tlsAnchors } from "./tls-anchors.ts";
import { describeRequest, isUnknownIssuer } from "./transport-errors.ts";

export interface HttpClientOptions {
  /** Certificate authorities by host; the usual ones only, unless told. */
  readonly anchors?: TlsAnchors;
  readonly proxy?: ProxyRule;
  /** `host[:port]` allowed in plain http, and in https without a certificate check. Say so to the user: nothing here does. */
  readonly insecureHosts?: ReadonlySet<string>;
  /** Waits between tries; ends early with the signal's reason. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly random?: () => number;
  /** For Retry-After dates. */
  readonly clock?: Clock;
  /** Milliseconds on a clock that nobody sets: how long ago a connection was last used. */
  readonly monotonicMs?: () => number;
}

const defaultTotalMs = 60_000;
const defaultIdleMs = 15_000;
const maxRedirects = 5;

export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  const { anchors = tlsAnchors({}), proxy = noProxy, insecureHosts = new Set(), random = Math.random } = options;
  const { sleep = sleepFor, clock = Date.now } = options;
  const rules: OriginRules = { insecureHosts };
  const connections = createConnections(anchors, proxy, rules, options.monotonicMs);

  async function withRetries(request: HttpRequest, signal: AbortSignal, deadline: number): Promise<StreamedResponse> {
    const isIdempotent = request.method === "GET" || request.method === "HEAD";
    const attempts = request.attempts ?? (isIdempotent ? 4 : 1);
    for (let failures = 1; ; failures++) {
      let waitMs = backoffMs(failures, random);
      try {
        const response = await follow(request, signal, rules, connections);
        if (failures >= attempts || !isTransientStatus(response.status)) return response;
        const asked = retryAfterMs(response, clock()) ?? 0;
        if (asked > longestRetryAfterMs || monotonicMs() + asked >= deadline) return response;
        waitMs = Math.max(waitMs, asked);
        await discard(response);
      } catch (error) {
        if (failures >= attempts || !isTransientError(error) || monotonicMs() + waitMs >= deadline) throw error;
      }
      await sleep(waitMs, signal);
    }
  }

  async function stream(request: HttpRequest): Promise<StreamedResponse> {
    checkOrigin(request.url, rules);
    const totalMs = Math.max(1, Math.ceil(request.totalMs ?? defaultTotalMs));
    const timer = new AbortController();
    const what = describeRequest(request.method, request.url);
    const late = new CountersignError("download.too_slow", `${what}: not done after ${totalMs} ms`);
    // Not a reason to stay alive: the connection is one as long as there is something to wait for.
    const timeout = setTimeout(() => timer.abort(late), totalMs).unref();
    const signal = request.signal === undefined ? timer.signal : AbortSignal.any([request.signal, timer.signal]);
    try {
      const response = await withRetries(request, signal, monotonicMs() + totalMs);
      return { ...response, body: finallyClear(response.body, timeout) };
    } catch (error) {
      clearTimeout(timeout);
      throw error;
    }
  }

  async function request(wanted: HttpRequest): Promise<HttpResponse> {
    const attempts = wanted.attempts ?? 4;
    const deadline = monotonicMs() + (wanted.totalMs ?? defaultTotalMs);
    for (let failures = 1; ; failures++) {
      const response = await stream({ ...wanted, totalMs: deadline - monotonicMs() });
      try {
        return { ...response, body: await collect(response.body) };
      } catch (error) {
        // A body that breaks off half-way is a broken connection like any other: safe to repeat for GET only.
        if (wanted.method !== "GET" || failures >= attempts || !isTransientError(error)) throw error;
        if (monotonicMs() >= deadline) throw error;
        await sleep(backoffMs(failures, random), wanted.signal ?? new AbortController().signal);
      }
    }
  }

  return { request, stream, close: () => connections.close() };
}

async function follow(
  request: HttpRequest,
  signal: AbortSignal,
  rules: OriginRules,
  connections: Connections,
): Promise<StreamedResponse> {
  const mayFollow = request.redirects === "blob" && (request.method === "GET" || request.method === "HEAD");
  let url = request.url;
  let headers = request.headers ?? {};
  for (let hops = 0; ; hops++) {
    const response = await connect(
      {
        method: request.method,
        url,
        headers: { "user-agent": "countersign", ...headers },
        body: request.body,
        maxBytes: request.maxBytes,
        idleMs: request.idleMs ?? defaultIdleMs,
        signal,
        onSent: request.onSent,
      },
      connections,
    );
    if (![301, 302, 303, 307, 308].includes(response.status)) return response;
    await discard(response);
    const target = redirectTarget(url, response.headers.get("location"), rules);
    if (!mayFollow || hops >= maxRedirects) {
      const why = mayFollow ? `more than ${maxRedirects} times` : "where no redirect is followed";
      throw new CountersignError(
        "download.redirected",
        `${describeRequest(request.method, url)}: redirected (${response.status}) to ${target.origin}, ${why}`,
        { hints: [`if ${target.origin} is the right server, name it instead of ${url.origin}`] },
      );
    }
    headers = headersForOrigin(headers, url, target);
    url = target;
  }
}

async function connect(wanted: Exchange, connections: Connections): Promise<StreamedResponse> {
  // What cannot be repeated does not go out on a connection that may just be closing; one that answered a moment ago is not.
  const isRepeatable = wanted.method === "GET" || wanted.method === "HEAD";
  const fresh = !isRepeatable && !connections.isWarm(wanted.url);
  for (;;) {
    try {
      const response = await exchange(wanted, await connections.route(wanted.url, fresh, wanted.idleMs));
      return fresh ? response : { ...response, body: noting(response.body, () => connections.answered(wanted.url)) };
    } catch (error) {
      // The handshake failed before a byte of the request went out, so even a POST may be tried again.
      const isRefused = isCountersignError(error, "tls.untrusted") && isUnknownIssuer(error.cause);
      if (!isRefused || !connections.widen(wanted.url)) throw error;
    }
  }
}

/** Calls `end` when the body has been read to its end, which is when the connection can be used again. */
async function* noting(body: AsyncIterable<Uint8Array>, end: () => void): AsyncGenerator<Uint8Array, void, undefined> {
  yield* body;
  end();
}

async function* finallyClear(
  body: AsyncIterable<Uint8Array>,
  timeout: NodeJS.Timeout,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* body;
  } finally {
    clearTimeout(timeout);
  }
}

function sleepFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
