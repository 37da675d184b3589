// What goes wrong on the wire, as coded errors. Rule: an error names method, origin and path, never the query or the
// headers (signed URLs and tokens live there), and keeps Node's own error as its cause.
import { CountersignError } from "../bytes/index.ts";
import type { HttpHead, HttpMethod } from "./http-client.ts";

/** `GET https://host/path`, without query, fragment and userinfo. */
export function describeRequest(method: HttpMethod, url: URL): string {
  return `${method} ${describeUrl(url)}`;
}

export function describeUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname.slice(0, 300)}`;
}

/** The `code` of a Node system or OpenSSL error, or "". */
export function nodeCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}

const unreachable = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EAI_FAIL",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ETIMEDOUT",
  "EADDRNOTAVAIL",
  "ENOENT",
]);

/** No chain to a trusted certificate: more anchors could help. The other TLS refusals are final. */
const unknownIssuer = new Set([
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "CERT_UNTRUSTED",
]);

const refusedCertificate =
  /^(CERT_|CRL_|UNABLE_TO_|ERR_TLS_CERT_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_|HOSTNAME_MISMATCH|EE_KEY_|CA_KEY_)/;

export function isUnknownIssuer(error: unknown): boolean {
  return unknownIssuer.has(nodeCode(error));
}

/** Node's error of an exchange as download.unreachable, tls.untrusted or download.failed. Coded errors pass as they are. */
export function transportError(cause: unknown, method: HttpMethod, url: URL): CountersignError {
  if (cause instanceof CountersignError) return cause;
  const what = describeRequest(method, url);
  const code = nodeCode(cause);
  if (refusedCertificate.test(code)) {
    const hints = unknownIssuer.has(code)
      ? [
          "give the certificate authority of that server with --tls-ca FILE or COUNTERSIGN_TLS_CA",
          `or put it where docker looks: $DOCKER_CONFIG/tls/${url.host}/ca.crt`,
        ]
      : [`the certificate must be in date and name ${url.hostname}`];
    return new CountersignError("tls.untrusted", `${what}: the server's certificate is not trusted (${code})`, {
      hints,
      cause,
    });
  }
  if (unreachable.has(code)) {
    return new CountersignError("download.unreachable", `${what}: the server could not be reached (${code})`, {
      hints: [`see that ${url.host} is the right address, and that its server runs and can be reached from here`],
      cause,
    });
  }
  if (code === "EPROTO" || code === "ERR_SSL_WRONG_VERSION_NUMBER" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") {
    return new CountersignError(
      "download.failed",
      `${what}: the server does not speak TLS on that port, or none we can (${code})`,
      {
        hints: ["if it is meant to speak plain http, say so with an http:// address"],
        cause,
      },
    );
  }
  const detail = code === "" ? "the exchange broke off" : `the exchange broke off (${code})`;
  return new CountersignError("download.failed", `${what}: ${detail}`, { cause });
}

/** The answer when its status is one of `statuses` (200 unless told). @throws what `statusError` makes */
export function expectOk<T extends HttpHead>(response: T, method: HttpMethod, statuses: readonly number[] = [200]): T {
  if (statuses.includes(response.status)) return response;
  throw statusError(response, method);
}

/** 401, 403: download.denied. 404, 410: download.missing. 429, 5xx: download.unavailable. Others: download.failed. */
export function statusError(response: HttpHead, method: HttpMethod): CountersignError {
  const message = `${describeRequest(method, response.url)}: answered ${response.status}`;
  switch (response.status) {
    case 401:
    case 403:
      return new CountersignError("download.denied", message, {
        hints: [`log in with: docker login ${response.url.host}`],
      });
    case 404:
    case 410:
      return new CountersignError("download.missing", message);
    default:
      if (response.status === 429 || response.status >= 500) {
        return new CountersignError("download.unavailable", message, { hints: ["try again later"] });
      }
      return new CountersignError("download.failed", message);
  }
}
