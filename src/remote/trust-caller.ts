// Calls to one trust server, all made the same way: never a redirect, a byte limit on every answer, credentials of the right
// scope when asked for, and the server's clock noted from each answer.
import type { Clock, Gun } from "../bytes/index.ts";
import type { AuthorizedClient, HttpHead, HttpRequest, HttpResponse } from "../http/index.ts";

export type Actions = "pull" | "push,pull" | "*";

export interface TrustCaller {
  /** `actions` undefined: nothing is proven. Any status is an answer. @throws download.* tls.untrusted */
  call(request: HttpRequest, actions: Actions | undefined): Promise<HttpResponse>;
  /** Server's clock minus ours, in milliseconds. */
  clockSkewMs(): number | undefined;
}

export function createTrustCaller(server: URL, gun: Gun, client: AuthorizedClient, clock: Clock): TrustCaller {
  let skewMs: number | undefined;
  // Docker keeps what is for Hub's trust server under Hub's own name; every other server has its own.
  const credentialHost = server.host === "notary.docker.io" ? "docker.io" : server.host;
  return {
    async call(request, actions) {
      const start = clock();
      const access = actions === undefined ? undefined : { scope: `repository:${gun}:${actions}`, credentialHost };
      const response = await client.request({ ...request, redirects: "never" }, access);
      skewMs = skewOf(response, start, clock()) ?? skewMs;
      return response;
    },
    clockSkewMs: () => skewMs,
  };
}

/** The Date header has whole seconds and was written between `start` and `end`; a cache says in Age how long ago. */
function skewOf(head: HttpHead, start: number, end: number): number | undefined {
  const at = Date.parse(head.headers.get("date") ?? "");
  if (Number.isNaN(at)) return undefined;
  const age = Number(head.headers.get("age") ?? "0");
  const ageMs = Number.isSafeInteger(age) && age > 0 ? age * 1_000 : 0;
  return Math.round(at + 500 + ageMs - (start + end) / 2);
}
