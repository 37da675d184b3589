// Requests that prove who we are when, and only when, the server asks.
import type { HttpRequest, HttpResponse, StreamedResponse } from "./http-client.ts";

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
