// What the rest of the program sees of HTTP: requests with limits and deadlines, answers with bounded bodies. Rule: no
// body is read without a byte limit and a deadline, no redirect is followed unless the caller allowed it for this
// request, and plain http is spoken to loopback or to hosts named as insecure only (RFC 9110; invariant 3 of the design).

export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "DELETE";

/** A body of known length that can be opened again for a retry. */
export interface StreamBody {
  readonly length: number;
  readonly open: () => AsyncIterable<Uint8Array>;
}

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | StreamBody;
  /** Of the answer's body; one byte more is download.too_large. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  /** The whole exchange with all retries, in milliseconds; 60 s unless told. */
  readonly totalMs?: number;
  /** Longest silence on the wire; 15 s unless told. */
  readonly idleMs?: number;
  /** "never" (default): a redirect is download.redirected. "blob": followed, without credentials on another origin. */
  readonly redirects?: "never" | "blob";
  /** Tries in all; unless told 4 for GET and HEAD and 1 for the others (a lost answer may have been a success). */
  readonly attempts?: number;
  /** Bytes of the request body sent so far. */
  readonly onSent?: (bytes: number) => void;
}

export interface HttpHead {
  readonly status: number;
  /** Lower-case names; of a header sent twice, the values joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

export interface HttpResponse extends HttpHead {
  readonly body: Uint8Array;
}

export interface StreamedResponse extends HttpHead {
  /** Throws download.too_large, download.too_slow or download.failed on the way; read it to the end or leave the loop. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Every status but a forbidden redirect is an answer (`expectOk` turns it into an error). Thrown: download.unreachable,
 * tls.untrusted, download.too_large, download.too_slow, download.redirected, download.failed; an aborted signal's reason.
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  /** As `request`, with the body as it comes. Retries cover what happens before the head of the answer only. */
  stream(request: HttpRequest): Promise<StreamedResponse>;
  /** Closes idle connections. */
  close(): void;
}
