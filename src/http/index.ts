// The door of http: one small transport over node:https for the registry and the trust server, and how a client proves
// who it is to them. It does not follow redirects on its own, does not cache, and reads nothing without a limit.
//
//   const client = createHttpClient({ anchors: tlsAnchors({ caFile }), proxy: proxyFromEnvironment(env) });
//   const authorized = createAuthorizedClient({ client, credentials: dockerCredentials({ directory }), clock });
//   const answer = await authorized.request({ method: "GET", url, maxBytes: 4096 }, { scope: "repository:app:pull" });
export type { Access, AuthorizedClient, AuthorizedClientOptions } from "./authorized-client.ts";
export { createAuthorizedClient } from "./authorized-client.ts";
export type { Credential, CredentialSource } from "./credentials.ts";
export { credentialFor, firstCredential, noCredentials } from "./credentials.ts";
export type { DockerCredentialOptions } from "./docker-credentials.ts";
export { dockerCredentials } from "./docker-credentials.ts";
export type {
  HttpClient,
  HttpHead,
  HttpMethod,
  HttpRequest,
  HttpResponse,
  StreamBody,
  StreamedResponse,
} from "./http-client.ts";
export type { IdToken, IdTokenSource } from "./id-tokens.ts";
export { ciIdTokens, isTokenText } from "./id-tokens.ts";
export { countMember, entriesOf, listMember, member, parseLooseJson, printable, stringMember } from "./json-body.ts";
export type { HttpClientOptions } from "./node-client.ts";
export { createHttpClient } from "./node-client.ts";
export { isLoopback } from "./origin-rules.ts";
export type { ProxyRule } from "./proxy.ts";
export { noProxy, proxyFromEnvironment } from "./proxy.ts";
export { discard } from "./read-body.ts";
export { Slots } from "./slots.ts";
export type { TlsAnchorPlaces, TlsAnchors, TlsSettings } from "./tls-anchors.ts";
export { dockerTlsDirectories, tlsAnchors } from "./tls-anchors.ts";
export { describeRequest, describeUrl, expectOk, statusError } from "./transport-errors.ts";
