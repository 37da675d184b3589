// Where a registry is. Docker Hub's API has a name of its own; every registry is spoken to over https. A registry on
// loopback, or one that the caller named as insecure, may speak plain http: https is tried first, and http only when the
// port turns out not to speak TLS (docker does the same). A certificate that is not trusted is never a reason to fall back.
import { isCountersignError } from "../bytes/index.ts";
import { type AuthorizedClient, isLoopback } from "../http/index.ts";

export interface RegistryOrigin {
  /** `https://host[:port]`, found out once. @throws download.unreachable tls.untrusted */
  find(signal: AbortSignal | undefined): Promise<URL>;
}

export function registryOrigin(
  host: string,
  client: AuthorizedClient,
  insecureHosts: ReadonlySet<string>,
): RegistryOrigin {
  const secure = new URL(`https://${host === "docker.io" ? "registry-1.docker.io" : host}/`);
  const plain = new URL(`http://${host}/`);
  const mayBePlain = isLoopback(secure.hostname) || insecureHosts.has(host);
  let finding: Promise<URL> | undefined;

  async function probe(signal: AbortSignal | undefined): Promise<URL> {
    const url = new URL("v2/", secure);
    try {
      const limits = { maxBytes: 65_536, totalMs: 10_000, attempts: 1 };
      await client.request({ method: "GET", url, ...limits, ...(signal === undefined ? {} : { signal }) });
      return secure;
    } catch (error) {
      // Whatever answers but not in TLS: an alert we cannot read, or a connection closed at our first byte.
      if (isCountersignError(error, "download.failed")) return plain;
      throw error;
    }
  }

  return {
    async find(signal) {
      if (!mayBePlain) return secure;
      finding ??= probe(signal);
      try {
        return await finding;
      } catch (error) {
        finding = undefined;
        throw error;
      }
    },
  };
}
