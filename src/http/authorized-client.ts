// Requests that prove who we are when, and only when, the server asks: Bearer tokens of the docker scheme, Basic, or the ID token of a
// CI job. A bearer token given for a host is the exception: it is sent to that host without waiting to be asked.
// Rule: an authorization header is made for one origin and one scope; the challenge it answers came from that origin itself,
// and the transport drops it on any redirect elsewhere. Where credentials may go: token-service.ts.
import { type Clock, CountersignError } from "../bytes/index.ts";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { type Credential, type CredentialSource, noCredentials } from "./credentials.ts";
import type { HttpClient, HttpHead, HttpRequest, HttpResponse, StreamedResponse } from "./http-client.ts";
import type { IdTokenSource } from "./id-tokens.ts";
import { discard } from "./read-body.ts";
import { basicAuthorization, requestToken } from "./token-service.ts";
import { describeRequest, statusError } from "./transport-errors.ts";

/** What a request needs: a scope of the docker token scheme, `repository:<name>:pull` or `...:push,pull`. */
export interface Access {
  readonly scope: string;
  /** The name under which the credential is kept, if it is not the URL's host: `docker.io` for Docker Hub. */
  readonly credentialHost?: string;
}

export interface AuthorizedClient {
  /**
   * As HttpClient.request; without `access` nothing is proven. 401 is an answer where a right of the whole registry is wanted for
   * something of one repository: no credential is shown for it. @throws download.denied when the credentials are refused
   */
  request(request: HttpRequest, access?: Access): Promise<HttpResponse>;
  stream(request: HttpRequest, access?: Access): Promise<StreamedResponse>;
}

export interface AuthorizedClientOptions {
  readonly client: HttpClient;
  /** Nobody unless told. */
  readonly credentials?: CredentialSource;
  readonly clock: Clock;
  /** Sent to this host (`name[:port]`) and no other, in place of everything else. Read when it is first needed. */
  readonly bearer?: { readonly host: string; readonly read: () => Promise<string> };
  /** Asked when a server offers to take ID tokens and there is no credential for it. */
  readonly idTokens?: IdTokenSource;
}

interface Asked {
  readonly challenge: Challenge;
  readonly takesIdTokens: boolean;
}

interface CachedToken {
  readonly text: string;
  readonly until: number;
}

/** As our own server offers it, in lower case. */
const idTokenScheme = "countersign-id-token";
/** A token this close to its end is not used any more. */
const tokenMarginMs = 5_000;

export function createAuthorizedClient(options: AuthorizedClientOptions): AuthorizedClient {
  const { client, credentials = noCredentials, clock } = options;
  /** What each origin last asked for. */
  const challenges = new Map<string, Asked>();
  let bearer: Promise<string> | undefined;
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
    { challenge, takesIdTokens }: Asked,
  ): Promise<string | undefined> {
    const { url, signal } = request;
    const credential = await credentialOf(access.credentialHost ?? url.host);
    const idToken = credential === undefined && takesIdTokens ? await idTokenFor(url.origin, signal) : undefined;
    if (idToken !== undefined) return `Bearer ${idToken}`;
    if (challenge.scheme === "basic")
      return credential?.kind === "password" ? basicAuthorization(credential) : undefined;
    const key = JSON.stringify([url.origin, access.credentialHost ?? "", access.scope, identity(credential)]);
    const cached = tokens.get(key);
    if (cached !== undefined && cached.until > clock()) return `Bearer ${cached.text}`;
    const token = await requestToken(client, { server: url, challenge, scope: access.scope, credential, signal });
    tokens.set(key, { text: token.text, until: clock() + token.lifetimeMs - tokenMarginMs });
    return `Bearer ${token.text}`;
  }

  async function idTokenFor(origin: string, signal: AbortSignal | undefined): Promise<string | undefined> {
    const key = JSON.stringify([origin, "id token"]);
    const cached = tokens.get(key);
    if (cached !== undefined && cached.until > clock()) return cached.text;
    const made = await options.idTokens?.(origin, signal);
    if (made !== undefined) {
      tokens.set(key, { text: made.text, until: (made.until ?? clock() + 60_000) - tokenMarginMs });
    }
    return made?.text;
  }

  function remember(response: HttpHead, origin: string): Asked | undefined {
    // Only the origin we asked may say how to prove ourselves to it, not one it redirected to.
    if (response.status !== 401 || response.url.origin !== origin) return undefined;
    const offered = parseChallenges(response.headers.get("www-authenticate") ?? "");
    const challenge =
      offered.find((each) => each.scheme === "bearer" && each.parameters.has("realm")) ??
      offered.find((each) => each.scheme === "basic");
    if (challenge === undefined) return undefined;
    const asked = { challenge, takesIdTokens: offered.some((each) => each.scheme === idTokenScheme) };
    challenges.set(origin, asked);
    return asked;
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
    if (options.bearer !== undefined && options.bearer.host === request.url.host) {
      bearer ??= options.bearer.read();
      const response = await run(withAuthorization(request, `Bearer ${await bearer}`));
      if (response.status !== 401 && response.status !== 403) return response;
      await leave(response);
      const what = `${describeRequest(request.method, response.url)}: the server refused the token (${response.status})`;
      throw new CountersignError("download.denied", what, {
        hints: [
          "it may have expired, have been revoked, or not allow this",
          "whoever runs the server can make another",
        ],
      });
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
    // Not a matter of who we are: notary-server with tokens asks so for a route that it does not know (notary-v1, section 6.5).
    if (challenge !== undefined && asksForRegistry(challenge, access)) return response;
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

/** Whether the server wants nothing but rights of the whole registry for what lies below one repository: such a request never needs one. */
function asksForRegistry({ challenge }: Asked, { scope }: Access): boolean {
  const wanted = (challenge.parameters.get("scope") ?? "").split(" ").filter((each) => each !== "");
  return scope.startsWith("repository:") && wanted.length > 0 && wanted.every((each) => each.startsWith("registry:"));
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
