// The door of http: one small transport over node:https for the registry and the trust server, and how a client proves
// who it is to them. It does not follow redirects on its own, does not cache, and reads nothing without a limit.
//
//   const client = createHttpClient({ anchors: tlsAnchors({ env }), proxy: proxyFromEnvironment(env) });
//   const authorized = createAuthorizedClient({ client, credentials: dockerCredentials({ directory }) });
//   const answer = await authorized.request({ method: "GET", url, maxBytes: 4096 }, { scope: "repository:app:pull" });
export type { Access, AuthorizedClient } from "./authorized-client.ts";
export type { Credential, CredentialSource } from "./credentials.ts";
export { credentialFor, firstCredential, noCredentials } from "./credentials.ts";
export type {
  HttpClient,
  HttpHead,
  HttpMethod,
  HttpRequest,
  HttpResponse,
  StreamBody,
  StreamedResponse,
} from "./http-client.ts";
