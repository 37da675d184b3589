// TrustServer over HTTP (docs/api.md for our routes; notary-v1, section 6 for Notary's).
import { type Clock, CountersignError, digestParts, encodeHex, type Gun } from "../bytes/index.ts";
import { type AuthorizedClient, expectOk, type HttpResponse } from "../http/index.ts";
import { notary1Source, tuf1Source } from "./metadata-sources.ts";
import { multipartBody } from "./multipart.ts";
import { readPublishResult, readStatus } from "./server-answers.ts";
import { hasNoSuchRoute, refusalError } from "./server-errors.ts";
import { createTrustCaller, type TrustCaller } from "./trust-caller.ts";
import type {
  BundleRequest,
  CallOptions,
  PublishOptions,
  PublishPart,
  ServerStatus,
  TrustServer,
} from "./trust-server.ts";
import { type TrustUrls, trustUrls } from "./trust-urls.ts";

export interface TrustServerOptions {
  /** The server's address, `https://host[:port][/prefix]`. */
  readonly url: URL;
  readonly gun: Gun;
  readonly client: AuthorizedClient;
  readonly clock: Clock;
}

/** Addresses have an end (many servers stop at 8 kB); what is not named is merely sent again. */
const maxHave = 80;
const smallAnswerBytes = 65_536;
const statusBytes = 4 * 1024 * 1024;
/** A large collection over a slow line, and a server that verifies everything before it answers. */
const publishTotalMs = 300_000;
const publishIdleMs = 90_000;

/** @throws usage.invalid for an unusable address */
export function createTrustServer({ url, gun, client, clock }: TrustServerOptions): TrustServer {
  const urls = trustUrls(url, gun);
  const caller = createTrustCaller(url, gun, client, clock);
  /** A ping that was answered: what proof the server wants is known. */
  let isPinged = false;
  const pingOnce = async (options: CallOptions): Promise<void> => {
    await ping(urls, caller, options);
    isPinged = true;
  };
  const upload = async (path: "publish" | "tuf/", parts: readonly PublishPart[], options: PublishOptions) => {
    // Learn what proof the server wants before the body is on its way: a refused upload would have to be sent twice.
    if (!isPinged) await pingOnce(withSignal(options.signal));
    return send(urls, caller, path, parts, options);
  };
  return {
    url,
    gun,
    notary1Source: () => notary1Source(urls, caller),
    tuf1Source: () => tuf1Source(urls, caller),
    fetchBundle: (request) => fetchBundle(urls, caller, request),
    async publish(parts, options = {}) {
      const response = await upload("publish", parts, options);
      if (hasNoSuchRoute(response)) {
        throw new CountersignError(
          "publish.refused",
          `${url.host} is not a Countersign server: it has no publish route`,
          {
            hints: ["a notary-server takes the notary1 dialect only"],
          },
        );
      }
      if (response.status !== 200) throw refusalError(response, "POST");
      return readPublishResult(response);
    },
    async publishNotary1(documents, options = {}) {
      const parts = documents.map(({ role, bytes }) => ({ filename: role, bytes }));
      const response = await upload("tuf/", parts, options);
      if (response.status !== 200) throw refusalError(response, "POST");
    },
    serverKey: (role, options = {}) => key(urls, caller, role, "GET", options),
    rotateServerKey: (role, options = {}) => key(urls, caller, role, "POST", options),
    async deleteCollection({ signal } = {}) {
      const request = { method: "DELETE", url: urls.trust("tuf/"), maxBytes: smallAnswerBytes } as const;
      const response = await caller.call({ ...request, ...withSignal(signal) }, "*");
      if (response.status !== 200) throw refusalError(response, "DELETE");
    },
    async fetchContent(path, { maxBytes, signal }) {
      const url = urls.trust(`tuf1/targets/${path}`);
      const response = await caller.call({ method: "GET", url, maxBytes, ...withSignal(signal) }, "pull");
      return response.status === 404 ? undefined : expectOk(response, "GET").body;
    },
    status: async (options = {}) => (await askStatus(urls, caller, options)).status,
    isCountersign: async (options = {}) => (await askStatus(urls, caller, options)).isCountersign,
    removeCollection: (options = {}) => removeCollection(urls, caller, options),
    ping: (options = {}) => pingOnce(options),
    clockSkewMs: caller.clockSkewMs,
  };
}

async function fetchBundle(
  urls: TrustUrls,
  caller: TrustCaller,
  { dialect, root, have = [], maxBytes, signal }: BundleRequest,
): Promise<Uint8Array | undefined> {
  const url = urls.trust("bundle");
  url.searchParams.set("dialect", dialect);
  if (root !== undefined) url.searchParams.set("root", String(root));
  for (const digest of have.slice(0, maxHave)) {
    const { algorithm, hash } = digestParts(digest);
    if (algorithm === "sha256") url.searchParams.append("have", encodeHex(hash));
  }
  const response = await caller.call({ method: "GET", url, maxBytes, ...withSignal(signal) }, "pull");
  if (response.status === 200) return response.body;
  if (hasNoSuchRoute(response)) return undefined;
  throw refusalError(response, "GET");
}

async function send(
  urls: TrustUrls,
  caller: TrustCaller,
  path: "publish" | "tuf/",
  parts: readonly PublishPart[],
  { signal, onProgress }: PublishOptions,
): Promise<HttpResponse> {
  const { contentType, body } = multipartBody(parts);
  return caller.call(
    {
      method: "POST",
      url: urls.trust(path),
      headers: { "content-type": contentType },
      body,
      maxBytes: statusBytes,
      totalMs: publishTotalMs,
      idleMs: publishIdleMs,
      ...withSignal(signal),
      ...(onProgress === undefined ? {} : { onSent: (sent: number) => onProgress(sent, body.length) }),
    },
    "push,pull",
  );
}

async function key(
  urls: TrustUrls,
  caller: TrustCaller,
  role: "snapshot" | "timestamp",
  method: "GET" | "POST",
  { signal }: CallOptions,
): Promise<Uint8Array> {
  const url = urls.trust(`tuf/${role}.key`);
  // Notary's server asks for "*" to replace a key, and for the right to push even to read one.
  const actions = method === "POST" ? "*" : "push,pull";
  const response = await caller.call({ method, url, maxBytes: smallAnswerBytes, ...withSignal(signal) }, actions);
  if (response.status !== 200) throw refusalError(response, method);
  return response.body;
}

/** Notary's DELETE, which demands every right (notary-v1, section 6). */
async function removeCollection(urls: TrustUrls, caller: TrustCaller, { signal }: CallOptions): Promise<void> {
  const request = {
    method: "DELETE",
    url: urls.trust("tuf/"),
    maxBytes: smallAnswerBytes,
    ...withSignal(signal),
  } as const;
  const response = await caller.call(request, "*");
  if (response.status !== 200 && response.status !== 404) throw refusalError(response, "DELETE");
}

async function askStatus(
  urls: TrustUrls,
  caller: TrustCaller,
  { signal }: CallOptions,
): Promise<{ readonly isCountersign: boolean; readonly status: ServerStatus | undefined }> {
  const request = { method: "GET", url: urls.trust("status"), maxBytes: statusBytes, ...withSignal(signal) } as const;
  const response = await caller.call(request, "pull");
  if (hasNoSuchRoute(response)) return { isCountersign: false, status: undefined };
  if (response.status === 404) return { isCountersign: true, status: undefined };
  if (response.status !== 200) throw refusalError(response, "GET");
  return { isCountersign: true, status: readStatus(response) };
}

async function ping(urls: TrustUrls, caller: TrustCaller, { signal }: CallOptions): Promise<void> {
  const request = { method: "GET", url: urls.ping, maxBytes: smallAnswerBytes, ...withSignal(signal) } as const;
  const response = await caller.call({ ...request, totalMs: 20_000 }, undefined);
  // notary-server with tokens demands a right here that no user has, so 401 is the normal answer (notary-v1, section 6.5).
  if (response.status !== 401) expectOk(response, "GET");
}

function withSignal(signal: AbortSignal | undefined): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
