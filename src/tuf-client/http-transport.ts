// The transport over HTTP. Redirects are followed a few times, never from https to http and never to another kind of address. Trust does
// not come from the connection: metadata is signed and targets are hashed, so plain http may be used where the caller names it.
import { discard, type HttpClient } from "../http/index.ts";
import { emptyBody, type TufTransport } from "./ports.ts";

export interface HttpTransportOptions {
  readonly client: HttpClient;
  /** Tries in all for a connection that breaks and a server that is busy; a clear answer, such as 404, is never asked for again. */
  readonly attempts: number;
}

export function httpTransport({ client, attempts }: HttpTransportOptions): TufTransport {
  return {
    async get({ url, maxBytes, totalMs, idleMs, signal }) {
      const response = await client.stream({
        method: "GET",
        url,
        maxBytes,
        totalMs,
        idleMs,
        attempts,
        redirects: "blob",
        ...(signal === undefined ? {} : { signal }),
      });
      if (response.status === 200) return { status: 200, body: response.body };
      await discard(response);
      return { status: response.status, body: emptyBody() };
    },
  };
}
