// Kept-alive connections, one pool an origin, over TLS, through a proxy where one is named. node:http and node:https are
// loaded with the first request that needs them: starting up quickly is part of the product.
//
// Authorities are tried in two steps: first the named ones (or Node's bundle if none are named), and only if the server's
// certificate comes from none of those, named + bundle + the operating system's. The set that is trusted is the same every
// time; the small one is tried first because loading hundreds of certificates costs more than a handshake.

import type { Agent } from "node:http";
import type { AgentOptions } from "node:https";
import { Socket } from "node:net";
import { CountersignError } from "../bytes/index.ts";
import type { Route } from "./exchange.ts";
import { monotonicMs } from "./monotonic.ts";
import type { OriginRules } from "./origin-rules.ts";
import { openTunnel, type ProxyRule, proxyAuthorization } from "./proxy.ts";
import type { TlsAnchors, TlsSettings } from "./tls-anchors.ts";

export interface Connections {
  /** `fresh`: a connection of its own, because a pooled one may just be closing and the request cannot be repeated. */
  route(url: URL, fresh: boolean, idleMs: number): Promise<Route>;
  /** This origin has just answered over a connection that is kept. */
  answered(url: URL): void;
  /** The next request would go out on a connection that answered so lately that its server cannot have tired of it. */
  isWarm(url: URL): boolean;
  /** Trust more authorities for this origin. False: all are in use already, so the refusal stands. */
  widen(url: URL): boolean;
  close(): void;
}

/** Servers close idle connections after 5 s or more, as far as is known; those that say a shorter time are heeded by Node's pool. */
const warmMs = 2_000;

// Not import(): that reads every export of node:http, and one of them is a getter that loads the whole of undici (60 ms of start-up).
const builtin = process.getBuiltinModule;

export function createConnections(
  anchors: TlsAnchors,
  proxyFor: ProxyRule,
  rules: OriginRules,
  nowMs: () => number = monotonicMs,
): Connections {
  const pools = new Map<string, Agent>();
  const widened = new Set<string>();
  const lastAnswers = new Map<string, number>();

  async function plainRoute(url: URL, fresh: boolean): Promise<Route> {
    const http = builtin("node:http");
    const proxy = proxyFor(url);
    const start = proxy?.protocol === "https:" ? builtin("node:https").request : http.request;
    const key = (proxy ?? url).origin;
    const agent =
      proxy?.protocol === "https:" || fresh ? false : pooled(key, () => new http.Agent({ keepAlive: true }));
    return {
      start,
      agent,
      proxy: proxy === undefined ? undefined : { url: proxy, authorization: proxyAuthorization(proxy) },
    };
  }

  async function secureRoute(url: URL, fresh: boolean, idleMs: number): Promise<Route> {
    const https = builtin("node:https");
    const make = async (): Promise<Agent> => {
      const settings = await anchors(url.host);
      const options = await secureOptions(settings, widened.has(url.origin), rules.insecureHosts.has(url.host), url);
      const agent = new https.Agent({ keepAlive: !fresh, ...options });
      const proxy = proxyFor(url);
      if (proxy !== undefined) tunnelThrough(agent, proxy, url, idleMs);
      return agent;
    };
    if (fresh) return { start: https.request, agent: await make(), proxy: undefined };
    const agent = pools.get(url.origin) ?? (await make());
    // Two first requests at once may both have made one; the later stands in for the earlier, which closes when idle.
    pools.set(url.origin, agent);
    return { start: https.request, agent, proxy: undefined };
  }

  function pooled(key: string, make: () => Agent): Agent {
    const agent = pools.get(key) ?? make();
    pools.set(key, agent);
    return agent;
  }

  return {
    route: (url, fresh, idleMs) =>
      url.protocol === "http:" ? plainRoute(url, fresh) : secureRoute(url, fresh, idleMs),
    answered(url) {
      lastAnswers.set(url.origin, nowMs());
    },
    isWarm: (url) => nowMs() - (lastAnswers.get(url.origin) ?? Number.NEGATIVE_INFINITY) <= warmMs,
    widen(url) {
      if (widened.has(url.origin)) return false;
      widened.add(url.origin);
      pools.get(url.origin)?.destroy();
      pools.delete(url.origin);
      return true;
    },
    close() {
      for (const agent of pools.values()) agent.destroy();
      pools.clear();
    },
  };
}

async function secureOptions(
  settings: TlsSettings,
  isWide: boolean,
  isInsecure: boolean,
  url: URL,
): Promise<AgentOptions> {
  const { ca, clientCertificate } = settings;
  const options: AgentOptions = { minVersion: "TLSv1.2", rejectUnauthorized: !isInsecure };
  if (!isWide && ca.length === 0 && clientCertificate === undefined) return options;
  const tls = builtin("node:tls");
  const anchors = isWide ? [...ca, ...tls.getCACertificates("default"), ...tls.getCACertificates("system")] : ca;
  try {
    options.secureContext = tls.createSecureContext({
      minVersion: "TLSv1.2",
      ...(anchors.length === 0 ? {} : { ca: [...new Set(anchors)] }),
      ...(clientCertificate === undefined ? {} : { cert: clientCertificate.certificate, key: clientCertificate.key }),
    });
    return options;
  } catch (cause) {
    throw new CountersignError("tls.untrusted", `the certificates or client key kept for ${url.host} cannot be used`, {
      hints: ["each must be a PEM file: *.crt authorities, *.cert and *.key of the client"],
      cause,
    });
  }
}

/** The pool's way to open a socket becomes: a tunnel first, TLS inside it. */
function tunnelThrough(agent: Agent, proxy: URL, target: URL, idleMs: number): void {
  const direct = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    openTunnel(proxy, target, idleMs).then(
      (socket) => {
        const inside = { ...options, socket };
        callback?.(null, direct(inside) ?? socket);
      },
      (cause: Error) => callback?.(cause, new Socket()),
    );
    return undefined;
  };
}
