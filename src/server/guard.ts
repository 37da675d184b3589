// The one place where a request is let in or turned away: after the name of the collection was read, before anything is looked up or
// any byte of a body is read. A refusal says how to ask, in the words of whichever route was asked (notary-v1, sections 6.3 and 6.5).
import type { AccessControl, Decision, Requester, Resource } from "../access/index.ts";
import { CountersignError } from "../bytes/index.ts";
import { problem } from "./problem.ts";
import { addressGroup, type LimitedWork, type RateLimiter } from "./rate-limits.ts";
import { neededFor } from "./route-rights.ts";
import type { Route } from "./routes.ts";

export type Admission =
  /** `who`: undefined where nobody was asked. */
  | { readonly isAdmitted: true; readonly who: string | undefined }
  | {
      readonly isAdmitted: false;
      readonly response: Response;
      readonly who: string | undefined;
      /** For the log. */
      readonly code: "access.denied" | "access.limited";
      readonly why: string;
    };

export interface GuardPorts {
  readonly access: AccessControl | undefined;
  readonly limiter: RateLimiter;
}

export interface GuardedRequest {
  readonly route: Route;
  readonly isOurs: boolean;
  readonly method: string;
  readonly authorization: string | undefined;
  readonly from: Requester;
}

type Refused = Extract<Decision, { readonly isAllowed: false }>;

/** @throws storage.*, access.issuer_unavailable: nobody is let in then */
export async function admit({ access, limiter }: GuardPorts, request: GuardedRequest): Promise<Admission> {
  const { route, isOurs, method, authorization, from } = request;
  const address = addressGroup(from.address);
  const limited = (seconds: number, who: string | undefined, what: string): Admission => ({
    isAdmitted: false,
    response: tooOften(seconds, isOurs),
    who,
    code: "access.limited",
    why: `too many ${what}`,
  });
  const busy = limiter.take("requests", address);
  if (busy > 0) return limited(busy, undefined, "requests");
  const pause = authorization === undefined ? 0 : limiter.wait("failures", address);
  const resource = neededFor(route, method);
  let who: string | undefined;
  if (access !== undefined && resource !== undefined) {
    // Somebody who is known already is not kept out by others who guess from the same address.
    if (pause > 0 && !access.known(authorization, resource)) return limited(pause, undefined, "failed authentications");
    const decision = await access.decide(authorization, resource, from);
    if (!decision.isAllowed) {
      if (decision.reason === "invalid") limiter.take("failures", address);
      const response = refusal(decision, resource, isOurs);
      return { isAdmitted: false, response, who: decision.who, code: "access.denied", why: decision.why };
    }
    who = decision.who;
  } else if (route.kind === "token" && pause > 0) return limited(pause, undefined, "failed authentications");
  const work = workOf(route, method);
  const wait = work === undefined ? 0 : limiter.take(work, who === undefined || who === "anonymous" ? address : who);
  return wait > 0 ? limited(wait, who, work ?? "requests") : { isAdmitted: true, who };
}

function workOf(route: Route, method: string): LimitedWork | undefined {
  if (route.kind === "notaryKey") return "keys";
  return method === "POST" && (route.kind === "notaryCollection" || route.kind === "publish") ? "uploads" : undefined;
}

function refusal(decision: Refused, resource: Resource, isOurs: boolean): Response {
  const response = isOurs ? ourRefusal(decision, resource) : notaryRefusal(resource);
  if (response.status === 401) response.headers.set("www-authenticate", decision.challenge);
  return response;
}

function ourRefusal(decision: Refused, resource: Resource): Response {
  const message = {
    missing: "credentials are needed for this",
    invalid: "the credentials were not accepted",
    insufficient: "the credentials do not allow this",
  }[decision.reason];
  const hints = resource.kind === "collection" ? [`needed on ${resource.gun}: ${resource.actions.join(", ")}`] : [];
  // 403 tells a client not to come back with the same; for collections docker's scheme has 401 for both.
  const isFinal = resource.kind === "admin" && decision.reason === "insufficient";
  return problem(new CountersignError("access.denied", message, { hints }), isFinal ? 403 : 401);
}

/** Member for member in notary-server's order. */
function notaryRefusal(resource: Resource): Response {
  const entries =
    resource.kind === "collection"
      ? resource.actions.map((action) => ({ Type: "repository", Class: "", Name: resource.gun, Action: action }))
      : [{ Type: "registry", Class: "", Name: "catalog", Action: "*" }];
  return notaryStyle(401, "UNAUTHORIZED", "authentication required", entries);
}

function tooOften(seconds: number, isOurs: boolean): Response {
  const response = isOurs
    ? problem(new CountersignError("access.limited", `too many requests; try again in ${seconds} seconds`), 429)
    : notaryStyle(429, "TOOMANYREQUESTS", "too many requests");
  response.headers.set("retry-after", String(seconds));
  return response;
}

function notaryStyle(status: number, code: string, message: string, detail?: unknown): Response {
  const body = JSON.stringify({ errors: [{ code, message, ...(detail === undefined ? {} : { detail }) }] });
  return new Response(`${body}\n`, {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store" },
  });
}
