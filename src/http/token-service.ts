// Asking a token service for a bearer token: docker distribution's "token authentication" (GET with Basic, or anonymous) and
// its OAuth2 form (POST with the refresh token that docker login keeps as identitytoken).
//
// Where a credential may go. A credential kept for host H is sent to H itself, and to the token service ("realm") that H
// names in an answer H itself gave, as docker does: Hub's tokens come from auth.docker.io. H was authenticated by TLS, so
// nobody else can name the realm. The realm must be https; plain http only when the realm is on loopback and H was spoken
// to in plain http (or is the same origin as H). Redirects of the token service are never followed.
import { CountersignError, encodeBase64, encodeUtf8 } from "../bytes/index.ts";
import type { Challenge } from "./challenge.ts";
import type { Credential } from "./credentials.ts";
import type { HttpClient, HttpResponse } from "./http-client.ts";
import { countMember, parseLooseJson, printable, stringMember } from "./json-body.ts";
import { isLoopback } from "./origin-rules.ts";
import { describeUrl, statusError } from "./transport-errors.ts";

export interface TokenRequest {
  /** The host that sent the challenge. */
  readonly server: URL;
  readonly challenge: Challenge;
  readonly scope: string;
  readonly credential: Credential | undefined;
  readonly signal: AbortSignal | undefined;
}

export interface Token {
  readonly text: string;
  readonly lifetimeMs: number;
}

const maxReplyBytes = 65_536;
/** The scheme's default where a reply names no lifetime. */
const defaultLifetimeSeconds = 60;

/** @throws download.denied when the service refuses; download.failed for an unusable realm or reply */
export async function requestToken(client: HttpClient, request: TokenRequest): Promise<Token> {
  const realm = realmOf(request);
  const response = await ask(client, realm, request);
  if (response.status === 400 || response.status === 401 || response.status === 403) throw refused(request, response);
  if (response.status !== 200) throw statusError(response, "GET");
  const reply = parseLooseJson(response.body);
  const text = stringMember(reply, "token") ?? stringMember(reply, "access_token") ?? "";
  // A token is copied into a header: nothing that could end the line may be in it.
  if (!/^[\x21-\x7e]{1,32768}$/.test(text)) {
    throw new CountersignError("download.failed", `${describeUrl(realm)}: the token service's reply holds no token`);
  }
  const seconds = Math.min(countMember(reply, "expires_in") ?? defaultLifetimeSeconds, 86_400);
  return { text, lifetimeMs: seconds * 1_000 };
}

function realmOf({ server, challenge }: TokenRequest): URL {
  const text = challenge.parameters.get("realm") ?? "";
  const fail = (why: string): CountersignError =>
    new CountersignError("download.failed", `${describeUrl(server)}: its token service ${why}`);
  if (!URL.canParse(text)) throw fail("has no usable address");
  const realm = new URL(text);
  realm.hash = "";
  if (realm.username !== "" || realm.password !== "") throw fail("has a name and password in its address");
  const isPlainAllowed =
    realm.protocol === "http:" &&
    server.protocol === "http:" &&
    (realm.origin === server.origin || isLoopback(realm.hostname));
  if (realm.protocol !== "https:" && !isPlainAllowed) {
    throw fail(`is at ${describeUrl(realm)}, which is not https: no credential is sent there`);
  }
  return realm;
}

async function ask(client: HttpClient, realm: URL, request: TokenRequest): Promise<HttpResponse> {
  const { challenge, scope, credential, signal } = request;
  const service = challenge.parameters.get("service");
  const common = { maxBytes: maxReplyBytes, totalMs: 20_000, ...(signal === undefined ? {} : { signal }) };
  if (credential?.kind === "identityToken") {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: "countersign",
      scope,
      refresh_token: credential.token,
    });
    if (service !== undefined) form.set("service", service);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return client.request({ ...common, method: "POST", url: realm, headers, body: encodeUtf8(form.toString()) });
  }
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.append("scope", scope);
  if (credential === undefined) return client.request({ ...common, method: "GET", url });
  url.searchParams.set("account", credential.username);
  return client.request({ ...common, method: "GET", url, headers: { authorization: basicAuthorization(credential) } });
}

/** The Basic scheme's header value (RFC 7617). */
export function basicAuthorization(credential: { readonly username: string; readonly password: string }): string {
  return `Basic ${encodeBase64(encodeUtf8(`${credential.username}:${credential.password}`))}`;
}

function refused(request: TokenRequest, response: HttpResponse): CountersignError {
  const reply = parseLooseJson(response.body);
  const said = printable(stringMember(reply, "details") ?? stringMember(reply, "message") ?? "", 200);
  const as = request.credential === undefined ? "anonymous" : "the credentials given";
  return new CountersignError(
    "download.denied",
    `${describeUrl(response.url)}: the token service refused ${as} for ${request.scope}${said === "" ? "" : `: ${said}`}`,
    { hints: [`log in with: docker login ${request.server.host}`] },
  );
}
