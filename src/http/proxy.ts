// Proxies as the environment names them: HTTPS_PROXY, HTTP_PROXY, NO_PROXY in either case, as curl and Go's programs
// (docker, notary) read them. Rule: loopback is never sent through a proxy, and a proxy sees of https only host and port.
import type { Socket } from "node:net";
import { CountersignError } from "../bytes/index.ts";
import { isLoopback } from "./origin-rules.ts";
import { transportError } from "./transport-errors.ts";

/** The proxy for an address; undefined: go straight. */
export type ProxyRule = (url: URL) => URL | undefined;

export const noProxy: ProxyRule = () => undefined;

/** @throws usage.invalid for a proxy that is no http(s) address */
export function proxyFromEnvironment(env: Readonly<Record<string, string | undefined>>): ProxyRule {
  const secure = proxyAddress(env.https_proxy ?? env.HTTPS_PROXY);
  // Under CGI, HTTP_PROXY is a header of the request ("httpoxy"), not the operator's word.
  const upperPlain = env.REQUEST_METHOD === undefined ? env.HTTP_PROXY : undefined;
  const plain = proxyAddress(env.http_proxy ?? upperPlain);
  const exceptions = (env.no_proxy ?? env.NO_PROXY ?? "").split(/[\s,]+/).filter((each) => each !== "");
  return (url) => {
    if (isLoopback(url.hostname) || exceptions.some((each) => isExcepted(url, each))) return undefined;
    return url.protocol === "https:" ? secure : plain;
  };
}

function proxyAddress(text: string | undefined): URL | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new CountersignError("usage.invalid", "the proxy named by the environment is no http or https address", {
      hints: ["set HTTPS_PROXY to http://host:port, or unset it"],
    });
  }
  return url;
}

/** `*`, `host`, `.domain`, `*.domain` (itself and below), each with an optional port, or an IPv4 network `10.0.0.0/8`. */
function isExcepted(url: URL, exception: string): boolean {
  if (exception === "*") return true;
  const network = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(exception);
  if (network !== null) return isInNetwork(url.hostname, network[1] ?? "", Number(network[2]));
  const [, name = "", port] = /^(.*?)(?::(\d+))?$/.exec(exception.toLowerCase().replace(/^\*?\./, "")) ?? [];
  if (port !== undefined && port !== portOf(url)) return false;
  const host = url.hostname.toLowerCase();
  return host === name || host.endsWith(`.${name}`);
}

function isInNetwork(host: string, network: string, bits: number): boolean {
  const [address, base] = [ipv4(host), ipv4(network)];
  if (address === undefined || base === undefined || bits > 32) return false;
  const size = 2 ** (32 - bits);
  return Math.floor(address / size) === Math.floor(base / size);
}

function ipv4(text: string): number | undefined {
  const parts = text.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

export function portOf(url: URL): string {
  if (url.port !== "") return url.port;
  return url.protocol === "https:" ? "443" : "80";
}

/** Basic credentials of the proxy's own address, for `proxy-authorization`. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === "" && proxy.password === "") return undefined;
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(pair, "utf8").toString("base64")}`;
}

/** A tunnel to the address's host through the proxy. @throws download.unreachable download.denied */
export async function openTunnel(proxy: URL, target: URL, idleMs: number): Promise<Socket> {
  const { request } = process.getBuiltinModule(proxy.protocol === "https:" ? "node:https" : "node:http");
  const authority = `${target.hostname}:${portOf(target)}`;
  const authorization = proxyAuthorization(proxy);
  return new Promise((resolve, reject) => {
    const connecting = request({
      method: "CONNECT",
      hostname: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: portOf(proxy),
      path: authority,
      headers: {
        host: authority,
        ...(authorization === undefined ? {} : { "proxy-authorization": authorization }),
      },
      agent: false,
      timeout: idleMs,
    });
    connecting.once("connect", (response, socket) => {
      if (response.statusCode === 200) {
        socket.setTimeout(0);
        resolve(socket);
        return;
      }
      socket.destroy();
      const denied = response.statusCode === 407 || response.statusCode === 403;
      reject(
        new CountersignError(
          denied ? "download.denied" : "download.unreachable",
          `the proxy ${proxy.host} answered ${response.statusCode} for ${authority}`,
          { hints: ["see HTTPS_PROXY and NO_PROXY"] },
        ),
      );
    });
    connecting.once("timeout", () =>
      connecting.destroy(new CountersignError("download.too_slow", `the proxy ${proxy.host} did not answer in time`)),
    );
    connecting.once("error", (cause) => reject(transportError(cause, "GET", new URL(proxy.origin))));
    connecting.end();
  });
}
