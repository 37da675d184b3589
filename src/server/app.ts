// The server as a function from Request to Response: everything but sockets, TLS and signals, and so what the tests talk to.
import type { AccessControl, Requester } from "../access/index.ts";
import { type Clock, CountersignError, type Gun, isCountersignError } from "../bytes/index.ts";
import type { Storage } from "../storage/index.ts";
import { adminTokens, tokenService } from "./admin-routes.ts";
import { type Caching, notaryCaching, notaryJson } from "./answers.ts";
import type { AppContext, IncomingUpload } from "./app-context.ts";
import { Collections } from "./collections.ts";
import { CollectionCache, type ReadyAnswer } from "./document-cache.ts";
import { notaryRole, operationOf, tuf1Metadata, tuf1TargetContent } from "./document-routes.ts";
import { type Admission, admit } from "./guard.ts";
import { refusedByPrefix } from "./gun-prefixes.ts";
import { KnownExpiries } from "./known-expiries.ts";
import { Metrics } from "./metrics.ts";
import { notaryError, notaryErrorOf } from "./notary-errors.ts";
import { changefeed, notaryDelete, notaryKey, notaryUpdate } from "./notary-routes.ts";
import type { ServerLog } from "./options.ts";
import { bundle, publish, status } from "./own-routes.ts";
import { problem } from "./problem.ts";
import { addressGroup, defaultRateLimits, RateLimiter, type RateLimits } from "./rate-limits.ts";
import { Reads } from "./reads.ts";
import { RefusedUpload } from "./refusal.ts";
import { rememberedFor } from "./remembered-for.ts";
import type { RoleSigner } from "./role-signer.ts";
import { type Route, routeOf } from "./routes.ts";
import { UploadBudget } from "./upload-budget.ts";

export interface AppOptions {
  readonly storage: Storage;
  readonly signer: RoleSigner;
  readonly clock: Clock;
  readonly log?: ServerLog;
  /** Memory for answers, and as much again for collection states. 64 MiB unless told. */
  readonly cacheBytes?: number;
  /** Notary's own lifetimes unless told. */
  readonly caching?: Caching;
  /** Notary's `repositories.gun_prefixes`: only collections whose names begin with one of these are served. */
  readonly gunPrefixes?: readonly string[];
  /** Open to everybody when absent. */
  readonly access?: AccessControl;
  /** None without access control, `defaultRateLimits` with it, unless told. */
  readonly rateLimits?: RateLimits;
}

export interface App {
  /** `body`: what to read instead of the request's own body, which is costly to make of a socket. */
  handle(request: Request, body?: AsyncIterable<Uint8Array>, from?: Requester): Promise<Response>;
  /** The answer in memory that this reader may have, and that needs nothing but sending. `path` and `authorization` as received. */
  ready(path: string, authorization: string | undefined, address: string): ReadyAnswer | undefined;
  /** Drops what is remembered of a collection that another process changed; undefined: of all. */
  forget(gun: Gun | undefined): void;
  readonly collections: Collections;
  readonly answers: CollectionCache<ReadyAnswer>;
  readonly metrics: Metrics;
}

/** A request of which nothing is known but what it says. */
const nobody: Requester = { address: "" };
const metricsType = "text/plain; version=0.0.4; charset=utf-8";
const maxUploadBytesAtOnce = 384 * 1024 * 1024;

export function createApp(options: AppOptions): App {
  const { storage, signer, clock, log, cacheBytes = 64 * 1024 * 1024, caching = notaryCaching, gunPrefixes } = options;
  const answers = new CollectionCache<ReadyAnswer>(cacheBytes);
  const metrics = new Metrics();
  const expiries = new KnownExpiries();
  const forget = (gun: Gun | undefined) => {
    if (gun === undefined) {
      answers.clear();
      reads.invalidateAll();
    } else {
      answers.invalidate(gun);
      reads.invalidate(gun);
    }
  };
  const collections: Collections = new Collections({
    storage,
    signer,
    clock,
    expiries,
    onChange: (gun) => forget(gun),
    onRenewal: (gun, error) => {
      if (error === undefined) metrics.count("renewals");
      log?.(error === undefined ? "renewed" : "error", { gun, ...errorFields(error) });
    },
  });
  const reads: Reads = new Reads(storage, clock, (gun) => collections.renew(gun), cacheBytes);
  const { access } = options;
  const rateLimits = options.rateLimits ?? (access === undefined ? {} : { ...defaultRateLimits, ...access.limits });
  const limiter = new RateLimiter(rateLimits, clock);
  const uploads = new UploadBudget(maxUploadBytesAtOnce);
  const context: AppContext = {
    storage,
    collections,
    reads,
    answers,
    expiries,
    metrics,
    uploads,
    clock,
    caching,
    storageHealth: rememberedFor(0, () =>
      storage.ping().then(
        () => undefined,
        (error: unknown) => (isCountersignError(error) ? error.code : "unavailable"),
      ),
    ),
    signerHealth: signer.health,
    gunPrefixes,
    access,
    limiter,
  };
  return {
    handle: (request, body, from = nobody) => handle(context, log, request, body ?? request.body, from),
    ready: (path, authorization, address) => ready(context, path, authorization, address),
    forget,
    collections,
    answers,
    metrics,
  };
}

async function handle(
  context: AppContext,
  log: ServerLog | undefined,
  request: Request,
  body: AsyncIterable<Uint8Array> | null,
  from: Requester,
): Promise<Response> {
  const started = performance.now();
  const url = new URL(request.url);
  const path = `${url.pathname}${url.search}`;
  const route = routeOf(url.pathname);
  let admission: Admission | undefined;
  let failure: unknown;
  let response: Response;
  try {
    const refused = refusedByPrefix(context.gunPrefixes, route, request.method);
    if (refused === undefined) admission = await admitTo(context, route, request, from);
    if (refused !== undefined) response = refused;
    else if (admission?.isAdmitted === false) {
      context.metrics.count(admission.code === "access.limited" ? "limited" : "denials");
      response = admission.response;
    } else response = await answer(context, route, { request, body, whom: addressGroup(from.address) }, url, path);
  } catch (error) {
    failure = error;
    if (error instanceof RefusedUpload) context.metrics.count("publish_refusals");
    if (isCountersignError(error, "server.busy")) context.metrics.count("busy");
    response = isOurs(route) ? problem(error) : notaryErrorOf(error);
  }
  const milliseconds = performance.now() - started;
  const operation = operationName(route, request.method);
  if (response.ok && (operation === "Publish" || operation === "UpdateTUF")) context.metrics.count("publishes");
  if (operation !== undefined) {
    context.metrics.observe({
      operation,
      method: request.method,
      status: response.status,
      microseconds: milliseconds * 1_000,
      requestBytes: Number(request.headers.get("content-length") ?? 0) + path.length,
      responseBytes: Number(response.headers.get("content-length") ?? 0),
    });
  }
  const fields = { method: request.method, path: path.slice(0, 500), status: response.status };
  log?.(response.status >= 500 ? "error" : "request", {
    ...fields,
    ...whoFields(admission),
    milliseconds: Math.round(milliseconds * 10) / 10,
    ...errorFields(failure),
  });
  return response;
}

function admitTo(context: AppContext, route: Route, request: Request, from: Requester): Promise<Admission> {
  const { method, headers } = request;
  const authorization = headers.get("authorization") ?? undefined;
  return admit(context, { route, isOurs: isOurs(route), method, authorization, from });
}

/** Only answers that belong to a collection are kept, and each is for whoever may read that collection. */
function ready(
  { answers, access, limiter, clock }: AppContext,
  path: string,
  authorization: string | undefined,
  address: string,
): ReadyAnswer | undefined {
  const found = answers.find(path);
  if (found === undefined || found.value.freshUntil <= clock()) return undefined;
  const { gun, value } = found;
  if (access !== undefined && !access.known(authorization, { kind: "collection", gun, actions: ["pull"] })) {
    return undefined;
  }
  if (limiter.limits("requests") && limiter.take("requests", addressGroup(address)) > 0) return undefined;
  return value;
}

async function answer(
  context: AppContext,
  route: Route,
  incoming: IncomingUpload,
  url: URL,
  path: string,
): Promise<Response> {
  const { method } = incoming.request;
  const isRead = method === "GET" || (method === "HEAD" && isOurs(route));
  switch (route.kind) {
    case "ping":
      return method === "GET" ? notaryJson({}) : unknown(route, method);
    case "health":
      return method === "GET" ? health(context) : unknown(route, method);
    case "metrics":
      if (method !== "GET") return unknown(route, method);
      return new Response(context.metrics.text(), { headers: { "content-type": metricsType } });
    case "token":
      return (await token(context, incoming)) ?? unknown(route, method);
    case "adminTokens":
      return (await administer(context, route.id, incoming)) ?? unknown(route, method);
    case "changefeed":
      return method === "GET" ? changefeed(context, route.gun, url.searchParams) : unknown(route, method);
    case "notaryCollection":
      if (method === "POST") return notaryUpdate(context, route.gun, incoming);
      return method === "DELETE" ? notaryDelete(context, route.gun) : unknown(route, method);
    case "notaryRole":
      return method === "GET" ? notaryRole(context, route, path) : unknown(route, method);
    case "notaryKey":
      if (method === "GET" || method === "POST") return notaryKey(context, route.gun, route.role, method);
      return unknown(route, method);
    case "publish":
      return method === "POST" ? publish(context, route.gun, incoming) : unknown(route, method);
    case "bundle":
      return isRead ? bundle(context, route.gun, url.searchParams, path) : unknown(route, method);
    case "status":
      return isRead ? status(context, route.gun) : unknown(route, method);
    case "tuf1Metadata":
      return isRead ? tuf1Metadata(context, route, path) : unknown(route, method);
    case "tuf1Target":
      return isRead ? tuf1TargetContent(context, route.gun, route.sha256, path) : unknown(route, method);
    case "badName":
      if (!knownMethods.includes(method)) return unknown(route, method);
      if (route.isOurs) return problem(route.error);
      if (route.error.code === "gun.invalid" && method === "POST")
        return notaryError("INVALID_GUN", route.error.message.slice(0, 200));
      return notaryError("METADATA_NOT_FOUND", {});
    case "unknown":
      return unknown(route, method);
  }
}

async function token(
  { access, limiter, metrics }: AppContext,
  { request, whom }: IncomingUpload,
): Promise<Response | undefined> {
  if (access === undefined) return undefined;
  const response = await tokenService(access, request.method, request.headers.get("authorization") ?? undefined);
  if (response?.status === 401) {
    limiter.take("failures", whom);
    metrics.count("denials");
  }
  return response;
}

async function administer(
  { access, clock }: AppContext,
  id: string | undefined,
  { request, body }: IncomingUpload,
): Promise<Response | undefined> {
  if (access?.tokens === undefined) return undefined;
  return adminTokens(access.tokens, clock, { method: request.method, id, body });
}

const knownMethods: readonly string[] = ["GET", "HEAD", "POST", "PUT", "DELETE"];

/** notary-server answers whatever it does not know with 404, and methods it does not know with an empty 405. */
function unknown(route: Route, method: string): Response {
  if (!knownMethods.includes(method)) return new Response(null, { status: 405 });
  if (!isOurs(route)) return notaryError("METADATA_NOT_FOUND");
  return problem(new CountersignError("request.unknown", "there is no such route for this method"));
}

/** Notary's names of what can fail. */
async function health({ storageHealth, signerHealth }: AppContext): Promise<Response> {
  const [database, trust] = await Promise.all([storageHealth(), signerHealth?.()]);
  const failing = {
    ...(database === undefined ? {} : { "DB operational": database }),
    ...(trust === undefined ? {} : { "Trust operational": trust }),
  };
  return healthAnswer(failing, Object.keys(failing).length === 0 ? 200 : 503);
}

function healthAnswer(failing: Readonly<Record<string, string>>, status: 200 | 503): Response {
  const headers = { "content-type": "application/json; charset=utf-8" };
  return new Response(JSON.stringify(failing), { status, headers });
}

function isOurs(route: Route): boolean {
  switch (route.kind) {
    case "publish":
    case "bundle":
    case "status":
    case "tuf1Metadata":
    case "tuf1Target":
    case "token":
    case "adminTokens":
      return true;
    case "badName":
    case "unknown":
      return route.isOurs;
    default:
      return false;
  }
}

function operationName(route: Route, method: string): string | undefined {
  switch (route.kind) {
    case "notaryRole":
      return operationOf(route.selector);
    case "notaryCollection":
      return method === "DELETE" ? "DeleteTUF" : "UpdateTUF";
    case "notaryKey":
      return method === "POST" ? "RotateKey" : "GetKey";
    case "changefeed":
      return "Changefeed";
    case "publish":
      return "Publish";
    case "bundle":
      return "Bundle";
    case "status":
      return "Status";
    case "tuf1Metadata":
      return "Tuf1Metadata";
    case "tuf1Target":
      return "Tuf1Target";
    default:
      return undefined;
  }
}

/** Who did it, and why they were turned away. */
function whoFields(admission: Admission | undefined): Readonly<Record<string, string>> {
  if (admission === undefined) return {};
  const who = admission.who === undefined ? {} : { who: admission.who };
  return admission.isAdmitted ? who : { ...who, code: admission.code, reason: admission.why };
}

function errorFields(error: unknown): { readonly code?: string; readonly reason?: string } {
  if (error === undefined) return {};
  if (isCountersignError(error)) {
    const cause = error.cause instanceof Error && !isCountersignError(error.cause) ? ` (${error.cause.message})` : "";
    return { code: error.code, reason: `${error.message}${cause}`.slice(0, 500) };
  }
  return { code: "bug.unexpected", reason: error instanceof Error ? String(error.stack).slice(0, 2_000) : "unknown" };
}
