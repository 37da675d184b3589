// Requests that prove who we are when, and only when, the server asks: Bearer tokens of the docker scheme, or Basic.
// Rule: an authorization header is made for one origin and one scope; the challenge it answers came from that origin itself,
// and the transport drops it on any redirect elsewhere. Where credentials may go: token-service.ts.
import type { Clock } from "../bytes/index.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { type Credential, type CredentialSource, noCredentials } from "./credentials.ts";
import type { HttpClient, HttpHead, HttpRequest, HttpResponse, StreamedResponse } from "./http-client.ts";
import { discard } from "./read-body.ts";
import { basicAuthorization, requestToken } from "./token-service.ts";
import { statusError } from "./transport-errors.ts";

/** What a request needs: a scope of the docker token scheme, `repository:<name>:pull` or `...:push,pull`. */
export interface Access {
  readonly scope: string;
  /** The name under which the credential is kept, if it is not the URL's host: `docker.io` for Docker Hub. */
  readonly credentialHost?: string;
}

export interface AuthorizedClient {
  /** As HttpClient.request; without `access` nothing is proven. @throws download.denied when the credentials are refused */
  request(request: HttpRequest, access?: Access): Promise<HttpResponse>;
  stream(request: HttpRequest, access?: Access): Promise<StreamedResponse>;
}

export interface AuthorizedClientOptions {
  readonly client: HttpClient;
  /** Nobody unless told. */
  readonly credentials?: CredentialSource;
  readonly clock: Clock;
}

interface CachedToken {
  readonly text: string;
  readonly until: number;
}

/** A token this close to its end is not used any more. */
const tokenMarginMs = 5_000;

export function createAuthorizedClient(options: AuthorizedClientOptions): AuthorizedClient {
  const { client, credentials = noCredentials, clock } = options;
  /** What each origin last asked for. */
  const challenges = new Map<string, Challenge>();
  const tokens = new Map<string, CachedToken>();
  const asking = new Map<string, Promise<Credential | undefined>>();

  /** Asked once a host: a source may start a program or prompt. */
  function credentialOf(host: string): Promise<Credential | undefined> {
    const asked = asking.get(host) ?? credentials(host);
    asking.set(host, asked);
    return asked;
  }

  async function authorization(
    request: HttpRequest,
    access: Access,
    challenge: Challenge,
  ): Promise<string | undefined> {
    const { url, signal } = request;
    const credential = await credentialOf(access.credentialHost ?? url.host);
    if (challenge.scheme === "basic")
      return credential?.kind === "password" ? basicAuthorization(credential) : undefined;
    const key = JSON.stringify([url.origin, access.credentialHost ?? "", access.scope, identity(credential)]);
    const cached = tokens.get(key);
    if (cached !== undefined && cached.until > clock()) return `Bearer ${cached.text}`;
    const token = await requestToken(client, { server: url, challenge, scope: access.scope, credential, signal });
    tokens.set(key, { text: token.text, until: clock() + token.lifetimeMs - tokenMarginMs });
    return `Bearer ${token.text}`;
  }

  function remember(response: HttpHead, origin: string): Challenge | undefined {
    // Only the origin we asked may say how to prove ourselves to it, not one it redirected to.
    if (response.status !== 401 || response.url.origin !== origin) return undefined;
    const offered = parseChallenges(response.headers.get("www-authenticate") ?? "");
    const challenge =
      offered.find((each) => each.scheme === "bearer" && each.parameters.has("realm")) ??
      offered.find((each) => each.scheme === "basic");
    if (challenge !== undefined) challenges.set(origin, challenge);
    return challenge;
  }

  async function perform<T extends HttpHead>(
    request: HttpRequest,
    access: Access | undefined,
    run: (request: HttpRequest) => Promise<T>,
    leave: (response: T) => Promise<void>,
  ): Promise<T> {
    const { origin } = request.url;
    if (access === undefined) {
      const response = await run(request);
      remember(response, origin);
      return response;
    }
    const known = challenges.get(origin);
    const first = known === undefined ? undefined : await authorization(request, access, known);
    const response = await run(withAuthorization(request, first));
    const challenge = remember(response, origin);
    if (response.status === 403) {
      await leave(response);
      throw statusError(response, request.method);
    }
    if (response.status !== 401) return response;
    await leave(response);
    // The token may have been revoked, or made for less than is needed now: one new one, then the refusal stands.
    if (challenge !== undefined) {
      forget(origin);
      const second = await authorization(request, access, challenge);
      const isNews = second !== undefined && second !== first;
      const again = isNews ? await run(withAuthorization(request, second)) : undefined;
      if (again !== undefined && again.status !== 401 && again.status !== 403) return again;
      if (again !== undefined) await leave(again);
    }
    throw statusError(response, request.method);
  }

  function forget(origin: string): void {
    const prefix = `[${JSON.stringify(origin)},`;
    for (const key of tokens.keys()) if (key.startsWith(prefix)) tokens.delete(key);
  }

  return {
    request: (request, access) => perform(request, access, client.request, async () => undefined),
    stream: (request, access) => perform(request, access, client.stream, discard),
  };
}

function withAuthorization(request: HttpRequest, authorization: string | undefined): HttpRequest {
  if (authorization === undefined) return request;
  return { ...request, headers: { ...request.headers, authorization } };
}

/** Who a token was made for, without the secret. */
function identity(credential: Credential | undefined): string {
  if (credential === undefined) return "";
  return credential.kind === "password" ? `user ${credential.username}` : "identity token";
}
